// Asks the guard what became of a key, and gives a key up.
//
// 1. The guard goes by the credential: ask with the headers, and from the page, that the key was or
//    would be sent with.
// 2. Asking changes nothing. A key that is given up while nothing is known of it is `fenced`: it
//    will never be carried out, though its request may still be on its way. Whatever else is told
//    stands, and cannot be called back.
// 3. Where the guard cannot be asked, or does not tell, it rejects: nothing is known then.

import { isOfType, problemOf } from "./answer.js";
import { HEADER, headerValue } from "./key.js";

/** @import { Problem } from "./answer.js" */

/**
 * @typedef {object} KeyStatus
 * @property {"absent" | "in-progress" | "done" | "settled" | "unknown" | "fenced"} state `settled`: done, as
 *   the origin said when the guard asked it
 * @property {string} record the record's id
 * @property {number} [status] of the answer, where there is one
 * @property {string} [expires_at] when the key is forgotten (RFC 3339)
 */

/**
 * What became of a key.
 * @param {string | URL} input where the key is sent to, as for fetchOnce
 * @param {string} key
 * @param {Pick<RequestInit, "headers" | "credentials" | "signal">} [init]
 * @returns {Promise<KeyStatus>}
 */
export function statusOf(input, key, init) {
  return ask("GET", input, key, init);
}

/**
 * Says that a key shall never be carried out. It will not be where the state is `fenced`, and only
 * there.
 * @param {string | URL} input where the key is sent to, as for fetchOnce
 * @param {string} key
 * @param {Pick<RequestInit, "headers" | "credentials" | "signal">} [init]
 * @returns {Promise<KeyStatus>}
 */
export function giveUp(input, key, init) {
  return ask("DELETE", input, key, init);
}

/**
 * @param {"GET" | "DELETE"} method
 * @param {string | URL} input
 * @param {string} key
 * @param {Pick<RequestInit, "headers" | "credentials" | "signal">} [init]
 * @returns {Promise<KeyStatus>}
 */
async function ask(method, input, key, init) {
  // As fetch reads it, by the page's <base>.
  const { origin, pathname, search } = new URL(new Request(input).url);
  const headers = new Headers(init?.headers);
  headers.set(HEADER, headerValue(key));
  const question = `${origin}/.onlyonce/key?path=${encodeURIComponent(pathname + search)}`;
  const response = await fetch(question, { ...init, method, headers, cache: "no-store" });
  const status = response.ok && isOfType(response, "application/json") ? await response.json() : null;
  if (typeof status?.state === "string") return status;
  /** @type {Problem | null} */
  const problem = await problemOf(response);
  throw Object.assign(new Error(problem?.detail ?? `${origin} does not tell what became of a key: ${response.status}.`), { problem });
}
