// The queue that many apps have: a list of what is unsent, in localStorage.
//
// What was answered is taken off the list; everything else is sent again. So an answer that was
// lost, or a page that died before it could take the entry off, makes a second order.

const PAUSE = 250;

export class NaiveQueue {
  #slot;

  constructor(name) {
    this.#slot = `queue-${name}`;
  }

  add(request) {
    this.#write([...this.#read(), request]);
  }

  async sendAll() {
    for (let [first, ...rest] = this.#read(); first; [first, ...rest] = this.#read()) {
      if (await sent(first)) this.#write(rest);
      else await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
    localStorage.removeItem(this.#slot);
  }

  #read() {
    return JSON.parse(localStorage.getItem(this.#slot) ?? "[]");
  }

  #write(list) {
    localStorage.setItem(this.#slot, JSON.stringify(list));
  }
}

async function sent({ url, headers, body }) {
  try {
    return (await fetch(url, { method: "POST", headers, body })).ok;
  } catch {
    return false;
  }
}
