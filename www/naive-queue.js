// The queue that many apps have: a list of what is unsent, in localStorage.
//
// What was answered is taken off the list; everything else is sent again. So an answer that was
// lost, or a page that died before it could take the entry off, makes a second order.

import { listKey } from "./leftovers.js";

const RETRY_DELAY = 250;

export class NaiveQueue {
  #storageKey;

  constructor(name) {
    this.#storageKey = listKey(name);
  }

  add(request) {
    this.#write([...this.#read(), request]);
  }

  async sendAll() {
    for (let [first, ...rest] = this.#read(); first; [first, ...rest] = this.#read()) {
      if (await trySend(first)) this.#write(rest);
      else await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY));
    }
    localStorage.removeItem(this.#storageKey);
  }

  #read() {
    return JSON.parse(localStorage.getItem(this.#storageKey) ?? "[]");
  }

  #write(list) {
    localStorage.setItem(this.#storageKey, JSON.stringify(list));
  }
}

async function trySend({ url, headers, body }) {
  try {
    return (await fetch(url, { method: "POST", headers, body })).ok;
  } catch {
    return false;
  }
}
