// The page that holds the queue of scene 4. It gets its orders once, reports every attempt, and
// may be killed at any moment: that is what it is for.

import { Outbox } from "./client/index.js";
import { makeNetworkFlaky } from "./flaky-network.js";
import { NaiveQueue } from "./naive-queue.js";

// By itself it has nothing to do; it says so (queue.html).
if (parent !== window) {
  addEventListener("message", ({ data, origin }) => origin === location.origin && run(data), { once: true });
  postToScene({ ready: true });
}

function postToScene(message) {
  parent.postMessage(message, location.origin);
}

async function run({ queue, orders, offline, cut }) {
  makeNetworkFlaky({ offline, cut, report: (attempt) => postToScene({ attempt }) });
  const onDone = () => postToScene({ done: true });
  await (queue.guarded ? runOutbox(queue, orders, onDone) : runNaiveQueue(queue, orders, onDone));
}

async function runOutbox({ name }, orders, onDone) {
  const outbox = new Outbox({ name, baseDelay: 150, maxDelay: 150, retryEvery: 300, onProblem: () => {} });
  for (const { url, key, headers, body } of orders) {
    await outbox.enqueue(url, { method: "POST", headers: withoutKey(headers), body }, { key });
  }
  outbox.start();
  waitForAll(outbox, onDone);
}

async function waitForAll(outbox, onDone) {
  const isSettled = ({ state }) => state === "synced" || state === "failed" || state === "stale";
  while (!(await outbox.items()).every(isSettled)) await new Promise((resolve) => setTimeout(resolve, 100));
  onDone();
}

// The outbox writes the key itself, from what it keeps with the item.
function withoutKey(headers) {
  return headers.filter(([name]) => name !== "idempotency-key");
}

async function runNaiveQueue({ name }, orders, onDone) {
  const queue = new NaiveQueue(name);
  orders.forEach((order) => queue.add(order));
  await queue.sendAll();
  onDone();
}
