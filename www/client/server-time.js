// Asks the guard what time it is and how long it remembers a key.

/** @typedef {{ now: number, window: number }} ServerTime milliseconds since the epoch; milliseconds */

const TIMEOUT = 10_000;

/**
 * @param {string} url of the guard's health page
 * @returns {Promise<ServerTime>}
 * @throws {Error} where it cannot be learnt
 */
export async function serverTime(url) {
  const response = await fetch(url, { credentials: "omit", cache: "no-store", signal: AbortSignal.timeout(TIMEOUT) });
  const { server_time: now, default_window_ms: window } = await response.json().catch(() => ({}));
  if (response.ok && now > 0 && window > 0) return { now, window };
  throw new Error(`GET ${url} answered ${response.status} without the guard's time: put it in front or set "health".`);
}
