// fetch for an operation that must happen once: one key for all attempts.
//
// 1. It resolves with the first answer that is not worth another attempt (see retry.js), or with
//    the last one; what that says is for the caller to read, as with fetch.
// 2. Without any answer it rejects with NoAnswer, which knows the key: sending it again later
//    under the same key is safe, under a new one it is not.
// 3. Without a guard in front, or an origin that honours keys, a second attempt is a second order.

import { prepareRequest, send } from "./attempt.js";
import { afterUnknown, isReplayed, outcomeOf } from "./answer.js";
import { newKey } from "./key.js";
import { tell } from "./listener.js";
import { RETRY_POLICY, retryDelay, sleep } from "./retry.js";

/** @import { Outcome, Problem } from "./answer.js" */
/** @import { Attempt } from "./attempt.js" */
/** @import { RetryPolicy } from "./retry.js" */

/**
 * What is reported of each attempt.
 * @typedef {object} Report
 * @property {string} key
 * @property {number} attempt from 1
 * @property {number} ms how long it took
 * @property {Response} [response] to look at, not to read: its body is the caller's
 * @property {Problem | null} [problem]
 * @property {Outcome} outcome
 * @property {boolean} replayed
 * @property {Error} [error] in place of a response
 * @property {number | null} retryIn milliseconds; null where this was the last attempt
 */

/**
 * @typedef {object} OnceOptions
 * @property {string} [key] of an operation that was begun earlier
 * @property {() => string} [generateKey]
 * @property {number} [timeout] milliseconds for each attempt, its answer's body included
 * @property {(report: Report) => void} [onAttempt]
 */

/** No attempt was answered: the operation may have been carried out. */
export class NoAnswer extends Error {
  /**
   * @param {Request} request
   * @param {string} key
   * @param {number} attempts
   * @param {Error | undefined} cause
   */
  constructor({ method, url }, key, attempts, cause) {
    super(`${method} ${url} was not answered (attempts: ${attempts}; ${cause?.message}) but may have been carried out: send it again with key "${key}".`, { cause });
    this.name = "NoAnswer";
    this.key = key;
    this.attempts = attempts;
  }
}

/**
 * @param {RequestInfo | URL} input
 * @param {RequestInit} [init]
 * @param {OnceOptions & Partial<RetryPolicy>} [options]
 * @returns {Promise<Response>}
 */
export async function fetchOnce(input, init, options = {}) {
  const { timeout = 30_000, generateKey = newKey, key = generateKey() } = options;
  const prepared = await prepareRequest(input, init, key);
  const policy = { ...RETRY_POLICY, ...options };
  let unknown = false;
  for (let number = 1; ; number++) {
    const last = await send(prepared, timeout);
    const outcome = outcomeOfAttempt(last, unknown);
    unknown ||= outcome === "unknown";
    const retryIn = retryDelay(last, number, policy);
    tell(options.onAttempt, { key, attempt: number, outcome, retryIn, replayed: !!last.response && isReplayed(last.response), ...last });
    if (retryIn === null && last.response) return last.response;
    if (retryIn === null) throw new NoAnswer(prepared.request, key, number, last.error);
    await sleep(retryIn, prepared.request.signal);
  }
}

/**
 * @param {Attempt} last
 * @param {boolean} unknown whether an earlier attempt was of unknown outcome
 */
function outcomeOfAttempt({ response, problem = null }, unknown) {
  if (!response) return "unknown";
  if (unknown) afterUnknown.add(response);
  return outcomeOf(response, problem);
}
