// One sender at a time, across all tabs of the site where the browser has Web Locks.
//
// 1. The lock ends with its tab, however that ends.
// 2. Nobody waits for it without end: a tab may hang in the middle, or stand still behind a dialog.
//    Whoever has waited long enough goes on without it, and the keys make it once.
// 3. Without Web Locks (an insecure page, blocked storage) there is none.

/**
 * @template T
 * @param {string} name
 * @param {number} patience milliseconds
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(name, patience, work) {
  /** @type {Promise<T> | undefined} */
  let working;
  const start = () => (working ??= work());
  await globalThis.navigator?.locks?.request(name, { signal: AbortSignal.timeout(patience) }, start).catch(() => {});
  return start();
}

/**
 * Runs of one tab take turns; one waits at most, for it will see whatever is there when it begins.
 * @param {() => Promise<void>} work which does not reject
 * @returns {() => Promise<void>} settles when work that began after the call is done
 */
export function oneAtATime(work) {
  /** @type {Promise<void> | null} */
  let waiting = null;
  let tail = Promise.resolve();
  const start = () => {
    waiting = null;
    return work();
  };
  return () => (waiting ??= tail = tail.then(start));
}
