// When a request really left this page, by the browser's own record (Resource Timing).
//
// 1. Equal requests are told apart by the fragment of their addresses, which is never sent: whoever makes
//    one gives it a fragment of its own. The tries of one order in scene 4 share theirs, and are told
//    apart by their moments.
// 2. A page of another address tells the time only where it allows that (Timing-Allow-Origin), and a
//    request that failed has none.

import { newKey } from "./client/index.js";

const SAME_MOMENT = 100;
const BUFFER = 1000;
const waiting = new Map();

if (globalThis.PerformanceObserver) {
  // The list that nobody here reads would be full after some runs.
  performance.setResourceTimingBufferSize?.(BUFFER);
  new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type: "resource" });
}

/** The same address with a fragment that no other request has. */
export function ownAddress(url) {
  return Object.assign(new URL(url, location.href), { hash: newKey() }).href;
}

/**
 * Of the request that is made next: when it left, in ms since the epoch, or undefined. Settles when the
 * browser tells of the request, which is after its end; where it does not, never.
 */
export function nextDeparture(url) {
  return new Promise((resolve) => {
    waiting.set(url, [...(waiting.get(url) ?? []), { askedAt: performance.now(), resolve }]);
  });
}

function take({ name, startTime, requestStart }) {
  const isIt = ({ askedAt }) => Math.abs(askedAt - startTime) < SAME_MOMENT;
  const asked = waiting.get(name)?.find(isIt);
  if (!asked) return;
  waiting.set(name, waiting.get(name).filter((other) => other !== asked));
  asked.resolve(requestStart > 0 ? performance.timeOrigin + requestStart : undefined);
}
