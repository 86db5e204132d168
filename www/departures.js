// When a request really left this page, by the browser's own record (Resource Timing).
//
// 1. Equal requests have equal addresses. They are told apart by their order: the browser sends in
//    the order in which it was asked.
// 2. A page of another address tells the time only where it allows that (Timing-Allow-Origin), and a
//    request that failed has none.

const waiting = new Map();
const BUFFER = 1000;

if (globalThis.PerformanceObserver) {
  // The list that nobody here reads would be full after some runs.
  performance.setResourceTimingBufferSize?.(BUFFER);
  new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type: "resource" });
}

/** In ms since the epoch; nothing where the browser does not tell. */
export function departureOf(url, sentAt) {
  return new Promise((resolve) => {
    waiting.set(url, [...(waiting.get(url) ?? []), { sentAt, resolve }]);
  });
}

function take({ name, startTime, requestStart }) {
  const queue = waiting.get(name);
  if (!queue) return;
  const askedAt = performance.timeOrigin + startTime;
  const at = queue.findIndex(({ sentAt }) => Math.abs(sentAt - askedAt) < SAME_MOMENT);
  if (at < 0) return;
  const [{ resolve }] = queue.splice(at, 1);
  resolve(requestStart > 0 ? performance.timeOrigin + requestStart : undefined);
}

const SAME_MOMENT = 100;
