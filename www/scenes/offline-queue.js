// Scene 4: three orders queued offline, a flaky network, and a page that crashes.
//
// 1. The queue lives in a page of its own (queue.html, in a frame). With the guard it is the
//    client's Outbox; without, the naive list of unsent requests that many apps keep.
// 2. The first order's answer is cut off by the network. While the second is under way the page is
//    killed: its frame is removed, and what was not written down is lost.
// 3. A new page finds the queue as the old one left it.

import { orderJson, pause } from "../lane.js";
import { removeLeftovers, whileInUse } from "../leftovers.js";
import { generateKey } from "../rules.js";

const ITEMS = ["Coffee", "Filters", "A mug"];
const DELAY = 450;
const OFFLINE = 500;
const CUT_AFTER = 180;
const KILL_AFTER = 180;
const DONE_TIMEOUT = 15_000;

export const offlineQueue = {
  id: "offline-queue",
  expectedOrders: ITEMS.length,
  attempts: 5,
  async run(lane) {
    await whileInUse(lane.ledger, () => crashInTheMiddle(lane));
    await removeLeftovers();
  },
};

async function crashInTheMiddle(lane) {
  const queue = { name: lane.ledger, guarded: lane.guarded };
  const orders = ITEMS.map((item) => orderOf(lane, item));
  const first = await openQueuePage(lane, { queue, orders, offline: OFFLINE, cut: CUT_AFTER });
  await first.waitFor(({ attempt }) => attempt?.name === ITEMS[1], DONE_TIMEOUT);
  await pause(KILL_AFTER);
  first.crash();
  await pause(300);
  const second = await openQueuePage(lane, { queue, orders: [], offline: 0 });
  await second.waitFor(({ done }) => done, DONE_TIMEOUT);
  second.crash();
}

function orderOf(lane, item) {
  const key = generateKey();
  const body = orderJson({ item, quantity: 1, price_cents: 900 });
  const { url, headers } = lane.request({ body, key, delay: DELAY });
  return { key, url, headers: [...headers], body };
}

// A frame is a page: removing it ends its script, its requests and its locks, as a crash would.
async function openQueuePage(lane, task) {
  const frame = Object.assign(document.createElement("iframe"), { src: "queue.html", title: "The queue’s page", hidden: true });
  const page = new QueuePage(frame, lane.recording);
  document.body.append(frame);
  await page.waitFor(({ ready }) => ready, DONE_TIMEOUT);
  frame.contentWindow.postMessage(task, location.origin);
  return page;
}

class QueuePage {
  #inFlight = new Map();
  #listeners = new AbortController();
  #waiters = [];

  constructor(frame, recording) {
    Object.assign(this, { frame, recording });
    addEventListener("message", (event) => this.#onMessage(event), { signal: this.#listeners.signal });
  }

  #onMessage({ source, data }) {
    if (source !== this.frame.contentWindow) return;
    if (data.attempt) this.#report(data.attempt);
    this.#waiters = this.#waiters.filter(({ matches, resolve }) => !(matches(data) && (resolve(), true)));
  }

  #report(attempt) {
    if (attempt.endedAt) this.#inFlight.delete(attempt.id);
    // When it left the browser is told on its own, also after its end.
    else if (attempt.sentAt) this.#inFlight.set(attempt.id, attempt);
    this.recording.report(attempt);
  }

  waitFor(matches, timeout) {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ matches, resolve });
      setTimeout(() => reject(new Error(`The queue’s page was not done within ${timeout / 1000} s.`)), timeout);
    });
  }

  crash() {
    this.#listeners.abort();
    this.frame.remove();
    for (const attempt of this.#inFlight.values()) {
      this.recording.report({ ...attempt, endedAt: Date.now(), kind: "lost", reason: "page died" });
    }
  }
}
