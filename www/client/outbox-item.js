// An item of the outbox: a request kept as data, and what came of it.
//
// 1. queued → sending → synced | failed | stale; back to queued where another attempt may help.
// 2. `firstAttemptAt` is written down before the first attempt, in the server's time. An answer
//    that says "not processed" to that first attempt takes it back: the key is still free.
// 3. Never attempted: always safe to send. Attempted: only while the guard surely remembers the
//    key, that is up to ten minutes before the end of its window. Of unknown age: never.
// 4. Ages are measured by the server's clock alone; the clock here may be set back.
// 5. A redirect proves nothing: it may have led to a login page. Nor does it that the guard then
//    knows an answer under another credential, for that may be this very redirect.
// Stored items have this very shape: add members, do not rename them.

import { afterUnknown, outcomeOf } from "./answer.js";
import { isRetryable } from "./retry.js";

/** @import { Attempt, PreparedRequest } from "./attempt.js" */
/** @import { ServerTime } from "./server-time.js" */

/**
 * @typedef {object} Item
 * @property {number} [id] its place in the order, where it is stored
 * @property {string} key
 * @property {string} lane
 * @property {"queued" | "sending" | "synced" | "failed" | "stale"} state
 * @property {string} url
 * @property {string} method
 * @property {[string, string][]} headers
 * @property {RequestCredentials} credentials
 * @property {ArrayBuffer} [body] for `authorize`; elsewhere it stays in storage
 * @property {boolean} durable false: it lives in this page alone and ends with it
 * @property {number} attempts
 * @property {number | null} firstAttemptAt milliseconds since the epoch, server's time
 * @property {number} window milliseconds that the guard remembers the key
 * @property {number} [status] of the last answer
 * @property {string} [answer] the last answer's body
 * @property {string} [detail] why it is not synced
 * @property {string} [open] its lane, for as long as it is not synced
 * @property {boolean} [redirected] an answer was a redirect to a page that says nothing of it
 */

const STALE_MARGIN = 10 * 60_000;
// Two machines of one service may differ by this much; more is a clock that was set back.
const MAX_CLOCK_SKEW = 60_000;

/**
 * @param {PreparedRequest} prepared
 * @param {string} key
 * @param {string} lane
 * @returns {Item}
 */
export function newItem({ request, body }, key, lane) {
  const { url, method, credentials } = request;
  return { key, lane, state: "queued", url, method, headers: [...request.headers], credentials, body, durable: true, attempts: 0, firstAttemptAt: null, window: 0 };
}

/**
 * Why the item must not be sent; null where it may.
 * @param {Item} item
 * @param {ServerTime} server
 */
export function staleness({ firstAttemptAt, window }, server) {
  if (firstAttemptAt === null) return null;
  const age = server.now - firstAttemptAt;
  const limit = Math.min(window, server.window) - STALE_MARGIN;
  if (age >= -MAX_CLOCK_SKEW && age <= limit) return null;
  const [sent, kept] = [age, limit].map((ms) => Math.floor(ms / 60_000));
  return `Sent ${sent} minutes ago, its key surely known for ${kept}: see whether it was carried out, then discard it or retry it anyway.`;
}

/**
 * @param {Item} item
 * @param {ServerTime} server
 * @returns {Item}
 */
export function markSending(item, server) {
  const first = item.firstAttemptAt === null && { firstAttemptAt: server.now, window: server.window };
  return { ...item, ...first, state: "sending", attempts: item.attempts + 1, detail: undefined };
}

/**
 * The item after an attempt.
 * @param {Item} item as it was sent
 * @param {number | null} previousFirst its `firstAttemptAt` before this attempt
 * @param {Attempt} attempt
 * @param {string} answer the answer's body
 * @returns {Item}
 */
export function afterAttempt(item, previousFirst, attempt, answer) {
  const { response, problem = null, error } = attempt;
  if (!response) return { ...item, state: "queued", detail: `No answer: ${error?.message}` };
  if (previousFirst !== null) afterUnknown.add(response);
  const outcome = outcomeOf(response, problem);
  const redirected = item.redirected || (response.redirected && outcome === "unknown");
  const answered = { ...item, status: response.status, answer, redirected };
  const isDone = problem ? !redirected : response.status < 400;
  if (outcome === "final" && isDone) return { ...answered, state: "synced", detail: problem?.detail };
  const firstAttemptAt = outcome === "not-processed" ? previousFirst : item.firstAttemptAt;
  const said = response.redirected ? `redirected to ${response.url}` : `${response.status} ${response.statusText}`;
  return { ...answered, state: isRetryable(attempt) ? "queued" : "failed", firstAttemptAt, detail: problem?.detail ?? `${said} (${outcome})` };
}

/**
 * The item queued again, as far as that is safe.
 * @param {Item} item
 * @param {boolean | undefined} anyway a stale one too, as if it had never been sent
 * @returns {Item}
 */
export function requeue(item, anyway) {
  if (item.state === "stale" && anyway) return { ...item, state: "queued", firstAttemptAt: null };
  return item.state === "failed" ? { ...item, state: "queued" } : item;
}
