// Whether to send again, and when.
//
// 1. A lost connection, a time-out and 408, 425, 429, 502, 503, 504 are worth another attempt.
// 2. What the guard says of a refusal of its own beats the status.
// 3. An answer that was kept and replayed would only be replayed again: never. One that was shared
//    and let go may be.
// 4. The pause doubles and is drawn at random below that (full jitter), so that clients that
//    failed together do not come back together. It is never shorter than Retry-After; where that
//    is longer than `maxRetryAfter`, there is no other attempt.

import { isKept, isReplayed } from "./answer.js";

/** @import { Attempt } from "./attempt.js" */

/**
 * @typedef {object} RetryPolicy
 * @property {number} attempts how often it is sent at most
 * @property {number} baseDelay milliseconds: the longest pause after the first attempt
 * @property {number} maxDelay milliseconds: the longest pause without a Retry-After
 * @property {number} maxRetryAfter milliseconds: the longest Retry-After that is waited for
 */

/** @type {RetryPolicy} */
export const RETRY_POLICY = { attempts: 5, baseDelay: 500, maxDelay: 20_000, maxRetryAfter: 2 * 60_000 };

const RETRYABLE_STATUSES = new Set([408, 425, 429, 502, 503, 504]);

/**
 * The pause before the next attempt in milliseconds; null where there is none.
 * @param {Attempt} last
 * @param {number} number of the last attempt, from 1
 * @param {RetryPolicy} policy
 * @returns {number | null}
 */
export function retryDelay(last, number, { attempts, baseDelay, maxDelay, maxRetryAfter }) {
  const retryAfterMs = last.response ? retryAfter(last.response.headers) : 0;
  if (number >= attempts || !isRetryable(last) || retryAfterMs > maxRetryAfter) return null;
  return Math.max(retryAfterMs, Math.random() * Math.min(maxDelay, baseDelay * 2 ** (number - 1)));
}

/**
 * @param {Attempt} last
 * @returns {boolean}
 */
export function isRetryable({ response, problem }) {
  if (!response) return true;
  if (isReplayed(response) && isKept(response)) return false;
  return problem ? problem.retryable === true : RETRYABLE_STATUSES.has(response.status);
}

/**
 * @param {number} ms
 * @param {AbortSignal} [signal] ends it with a rejection
 * @returns {Promise<void>}
 */
export function sleep(ms, signal) {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)));
  });
}

/**
 * Retry-After in milliseconds; 0 without one. A date is read by the server's own clock, where it
 * tells it: the one here may be wrong.
 * @param {Headers} headers
 */
export function retryAfter(headers) {
  const value = headers.get("retry-after") ?? "0";
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
  const now = Date.parse(headers.get("date") ?? "") || Date.now();
  return Math.max(0, Date.parse(value) - now) || 0;
}
