// Sends one item, once.
//
// 1. Each attempt: read the server's time, judge the item's age, write the attempt down, send,
//    write down what came of it. In this order, so that a crash at any point is safe.
// 2. Where the time cannot be read or the attempt not written down, nothing is sent.
// 3. Everything that is waited for has an end. What the page itself adds (`authorize`) is asked for
//    beforehand, outside of any lock.

import { prepareRequest, send } from "./attempt.js";
import { HEADER } from "./key.js";
import { giveUp } from "./key-status.js";
import { afterAttempt, markSending, staleness } from "./outbox-item.js";
import { retryDelay, sleep } from "./retry.js";
import { serverTime } from "./server-time.js";
import { fence } from "./start-over.js";

/** @import { PreparedRequest } from "./attempt.js" */
/** @import { Item } from "./outbox-item.js" */
/** @import { RetryPolicy } from "./retry.js" */
/** @import { ServerTime } from "./server-time.js" */

/**
 * @typedef {object} DeliveryOptions
 * @property {(item: Item) => HeadersInit | Promise<HeadersInit>} [authorize]
 * @property {string} [health]
 * @property {number} [window]
 * @property {number} timeout
 */

/** @typedef {(key: string, change: (item: Item) => Item | null) => Promise<Item | null>} ChangeItem */

/** The longest answer that is kept with its item, in characters. */
const MAX_ANSWER = 64 * 1024;

export class Delivery {
  #options;
  #change;

  /**
   * @param {DeliveryOptions & RetryPolicy} options
   * @param {ChangeItem} change
   */
  constructor(options, change) {
    this.#options = options;
    this.#change = change;
  }

  /**
   * The item's request, with what the page adds to it.
   * @param {Item} item with its body
   */
  async prepare(item) {
    const { url, key, method, body, credentials } = item;
    return prepareRequest(url, { method, body, credentials, headers: await this.#headers(item) }, key);
  }

  /**
   * Says that the item shall never be carried out.
   * @param {Item} item with its body
   */
  giveUp(item) {
    const { url, key, credentials, firstAttemptAt } = item;
    let now = 0;
    const ask = async (/** @type {AbortSignal} */ signal) => {
      ({ now } = await this.readTime(item));
      return giveUp(url, key, { credentials, headers: await this.#headers(item), signal });
    };
    return fence(key, firstAttemptAt ?? Infinity, ask, () => now);
  }

  /** @param {Item} item */
  async #headers(item) {
    const headers = new Headers(item.headers);
    headers.delete(HEADER);
    new Headers(await this.#authorize(item)).forEach((value, name) => headers.set(name, value));
    return headers;
  }

  /** @param {Item} item */
  #authorize(item) {
    const { authorize, timeout } = this.#options;
    const tooLate = () => {
      throw new Error(`authorize gave nothing for "${item.key}" within ${timeout} ms.`);
    };
    return authorize && Promise.race([authorize(item), sleep(timeout).then(tooLate)]);
  }

  /**
   * @param {Item} item
   * @param {PreparedRequest} prepared
   * @param {number} number of the attempt
   * @returns {Promise<number | null>} milliseconds until its lane may go on; null where it may not
   */
  async attempt(item, prepared, number) {
    const server = await this.readTime(item);
    const detail = staleness(item, server);
    if (detail) return this.#change(item.key, (item) => ({ ...item, state: "stale", detail })).then(() => null);
    if (!(await this.#change(item.key, (item) => markSending(item, server)))) return 0;
    const last = await send(prepared, this.#options.timeout, (response) => response.clone().text());
    const answer = (last.text ?? "").slice(0, MAX_ANSWER);
    const after = await this.#change(item.key, (now) => afterAttempt(now, item.firstAttemptAt, last, answer));
    if (!after || after.state === "synced") return 0;
    return after.state === "queued" ? retryDelay(last, number, this.#options) : null;
  }

  /**
   * What the item's guard says of the time.
   * @param {Item} item
   * @returns {Promise<ServerTime>}
   */
  async readTime({ url }) {
    const { health = "/.onlyonce/health", window } = this.#options;
    const server = await serverTime(new URL(health, url).href);
    return { ...server, window: window ?? server.window };
  }
}
