// Scene 4: three orders queued offline, a flaky network, and a page that crashes.
//
// 1. The queue lives in a page of its own (queue.html, in a frame). With the guard it is the
//    client's Outbox; without, the plain list of unsent requests that many apps keep.
// 2. The first order's answer is cut off by the network. While the second is under way the page is
//    killed: its frame is removed, and what was not written down is lost.
// 3. A new page finds the queue as the old one left it.

import { generateKey } from "../rules.js";
import { orderText, pause } from "../lane.js";

const ITEMS = ["Coffee", "Filters", "A mug"];
const DELAY = 450;
const OFFLINE = 500;
const CUT_AFTER = 180;
const KILL_AFTER = 180;
const DONE_WITHIN = 15_000;

export const offlineQueue = {
  id: "offline-queue",
  title: "Offline, flickering, crashed",
  story: "Three orders are queued while offline. The first one’s answer is cut off; while the second is being sent the page crashes. A new page picks the queue up.",
  wanted: ITEMS.length,
  async run(lane) {
    const queue = { name: lane.ledger, guarded: lane.guarded };
    const orders = ITEMS.map((item) => orderOf(lane, item));
    const first = await openPage(lane, { queue, orders, offline: OFFLINE, cut: CUT_AFTER });
    await first.until(({ attempt }) => attempt?.name === ITEMS[1], DONE_WITHIN);
    await pause(KILL_AFTER);
    first.crash();
    await pause(300);
    const second = await openPage(lane, { queue, orders: [], offline: 0 });
    await second.until(({ done }) => done, DONE_WITHIN);
    second.crash();
    indexedDB.deleteDatabase(`onlyonce-${queue.name}`);
  },
};

function orderOf(lane, item) {
  const key = generateKey();
  const body = orderText({ item, quantity: 1, price_cents: 900 });
  const { url, headers } = lane.request({ body, key, delay: DELAY });
  return { key, url, headers: [...headers], body };
}

// A frame is a page: removing it ends its script, its requests and its locks, as a crash would.
async function openPage(lane, task) {
  const frame = Object.assign(document.createElement("iframe"), { src: "queue.html", title: "The queue’s page", hidden: true });
  const page = new QueuePage(frame, lane.recording);
  document.body.append(frame);
  await page.until(({ ready }) => ready, DONE_WITHIN);
  frame.contentWindow.postMessage(task, location.origin);
  return page;
}

class QueuePage {
  #open = new Map();
  #listening = new AbortController();
  #waiting = [];

  constructor(frame, recording) {
    Object.assign(this, { frame, recording });
    addEventListener("message", (event) => this.#heard(event), { signal: this.#listening.signal });
  }

  #heard({ source, data }) {
    if (source !== this.frame.contentWindow) return;
    if (data.attempt) this.#report(data.attempt);
    this.#waiting = this.#waiting.filter(({ fits, resolve }) => !(fits(data) && (resolve(), true)));
  }

  #report(attempt) {
    if (attempt.ended) this.#open.delete(attempt.id);
    else this.#open.set(attempt.id, attempt);
    this.recording.report(attempt);
  }

  until(fits, within) {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ fits, resolve });
      setTimeout(() => reject(new Error(`The queue’s page was not done within ${within / 1000} s.`)), within);
    });
  }

  crash() {
    this.#listening.abort();
    this.frame.remove();
    for (const attempt of this.#open.values()) {
      this.recording.report({ ...attempt, ended: Date.now(), kind: "lost", said: "page died" });
    }
  }
}
