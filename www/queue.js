// The page that holds the queue of scene 4. It is told once what to do, reports every attempt, and
// may be killed at any moment: that is what it is for.

import { Outbox } from "./client/index.js";
import { makeNetworkFlaky } from "./flaky-network.js";
import { NaiveQueue } from "./naive-queue.js";

addEventListener("message", ({ data, origin }) => origin === location.origin && begin(data), { once: true });
tell({ ready: true });

function tell(message) {
  parent.postMessage(message, location.origin);
}

async function begin({ queue, orders, offline, cut }) {
  makeNetworkFlaky({ offline, cut, report: (attempt) => tell({ attempt }) });
  const done = () => tell({ done: true });
  await (queue.guarded ? withOutbox(queue, orders, done) : withNaiveQueue(queue, orders, done));
}

async function withOutbox({ name }, orders, done) {
  const outbox = new Outbox({ name, baseDelay: 150, maxDelay: 150, retryEvery: 300, onProblem: () => {} });
  for (const { url, key, headers, body } of orders) {
    await outbox.enqueue(url, { method: "POST", headers: withoutKey(headers), body }, { key });
  }
  outbox.start();
  whenAll(outbox, done);
}

async function whenAll(outbox, done) {
  const settled = ({ state }) => state === "synced" || state === "failed" || state === "stale";
  while (!(await outbox.items()).every(settled)) await new Promise((resolve) => setTimeout(resolve, 100));
  done();
}

// The outbox writes the key itself, from what it keeps with the item.
function withoutKey(headers) {
  return headers.filter(([name]) => name !== "idempotency-key");
}

async function withNaiveQueue({ name }, orders, done) {
  const queue = new NaiveQueue(name);
  orders.forEach((order) => queue.add(order));
  await queue.sendAll();
  done();
}
