// Gives a key up that may have been sent, so that what is sent next is another operation.
//
// 1. A new key begins by itself only where the old one is sure never to be carried out: the guard
//    fenced it, though its request may still be on its way, or the origin had refused it.
// 2. A fence proves nothing of a key that was first sent so long ago that the guard may have
//    forgotten it.
// 3. Whatever else the guard tells stands: the key stays. So it does where the guard cannot be
//    asked; a fence that it did receive is told the next time.

/** @import { KeyStatus } from "./key-status.js" */

/**
 * What is known of the key that was to be given up.
 * @typedef {object} StartOver
 * @property {boolean} startedOver whether it is given up
 * @property {"not-asked" | "refused" | "forgotten" | "unreachable" | KeyStatus["state"]} state
 *   `not-asked`: it was never sent, or its answer was final, or it was to be given up anyway;
 *   `refused`: the origin refused it (4xx); `forgotten`: it will not be carried out any more, but may
 *   have been, too long ago for the guard to know
 * @property {string} key
 * @property {number} [status] of the answer, where there is one
 * @property {string} [record] the record's id
 * @property {string} [expires_at] when the key is forgotten (RFC 3339)
 * @property {unknown} [error] why the guard could not be asked
 */

const TIMEOUT = 10_000;
/** What a page's clock and the guard's may differ by, in milliseconds. */
const MARGIN = 60_000;

/**
 * @param {string} key
 * @returns {StartOver}
 */
export function notAsked(key) {
  return { startedOver: true, state: "not-asked", key };
}

/**
 * Never rejects.
 * @param {string} key
 * @param {number} since when it was first sent, in milliseconds since the epoch
 * @param {(signal: AbortSignal) => Promise<KeyStatus>} giveUp
 * @param {() => number} [clock] is read when the guard has answered
 * @returns {Promise<StartOver>}
 */
export async function fence(key, since, giveUp, clock = Date.now) {
  try {
    const status = await giveUp(AbortSignal.timeout(TIMEOUT));
    const state = stateOf(status, since, clock());
    return { ...status, state, startedOver: state === "fenced" || state === "refused", key };
  } catch (error) {
    return { startedOver: false, state: "unreachable", key, error };
  }
}

/**
 * @param {KeyStatus} status
 * @param {number} since
 * @param {number} now
 * @returns {StartOver["state"]}
 */
function stateOf({ state, status, expires_at = "" }, since, now) {
  if (state === "done" && /^4/.test(`${status}`)) return "refused";
  // A fence stands for as long as the guard remembers a key.
  const isRemembered = now - since < Date.parse(expires_at) - now - MARGIN;
  return state === "fenced" && !isRemembered ? "forgotten" : state;
}
