// One sender at a time, across all tabs of the site where the browser has Web Locks.
//
// 1. The lock ends with its tab, however that ends.
// 2. Without Web Locks (an insecure page, blocked storage) only this page's runs take turns.
// 3. One waits at most: it will see whatever is there when it begins.

/**
 * @param {string} name
 * @param {() => Promise<void>} work which does not reject
 * @returns {() => Promise<void>} runs it; settles when work that began after the call is done
 */
export function oneAtATime(name, work) {
  /** @type {Promise<void> | null} */
  let waiting = null;
  let tail = Promise.resolve();
  const start = () => {
    waiting = null;
    return work();
  };
  return () => (waiting ??= tail = tail.then(() => withLock(name, start)));
}

/**
 * @param {string} name
 * @param {() => Promise<void>} work
 */
async function withLock(name, work) {
  let started = false;
  const start = () => {
    started = true;
    return work();
  };
  await navigator.locks?.request(name, start).catch(() => {});
  if (!started) await start();
}
