// Sends one item until nothing more can be done for it now.
//
// 1. Each attempt: read the server's time, judge the item's age, write the attempt down, send,
//    write down what came of it. In this order, so that a crash at any point is safe.
// 2. Where the time cannot be read or the attempt not written down, nothing is sent.

import { prepareRequest, send } from "./attempt.js";
import { HEADER } from "./key.js";
import { afterAttempt, markSending, staleness } from "./outbox-item.js";
import { retryDelay, sleep } from "./retry.js";
import { serverTime } from "./server-time.js";

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
  /** The time as each guard told it last. @type {Map<string, ServerTime>} */
  #times = new Map();

  /**
   * @param {DeliveryOptions & RetryPolicy} options
   * @param {ChangeItem} change
   */
  constructor(options, change) {
    this.#options = options;
    this.#change = change;
  }

  /**
   * @param {Item} item
   * @returns {Promise<boolean>} whether its lane may go on
   */
  async deliver(item) {
    for (let number = 1; ; number++) {
      const { after, pause } = await this.#attempt(item, number);
      if (!after || after.state === "synced") return true;
      if (after.state !== "queued" || pause === null) return false;
      await sleep(pause);
      item = after;
    }
  }

  /**
   * The server's time as it was told last: rather too early than too late.
   * @param {Item} item
   */
  async timeFor(item) {
    return this.#times.get(this.#health(item)) ?? this.#readTime(item);
  }

  /**
   * @param {Item} item
   * @param {number} number of the attempt
   * @returns {Promise<{ after: Item | null, pause: number | null }>}
   */
  async #attempt(item, number) {
    const server = await this.#readTime(item);
    const detail = staleness(item, server);
    if (detail) return { after: await this.#change(item.key, (item) => ({ ...item, state: "stale", detail })), pause: null };
    const prepared = await this.#prepare(item);
    const marked = await this.#change(item.key, (item) => markSending(item, server));
    if (!marked) return { after: null, pause: null };
    const last = await send(prepared, this.#options.timeout);
    const answer = ((await last.response?.text()) ?? "").slice(0, MAX_ANSWER);
    const after = await this.#change(item.key, (now) => afterAttempt(now, item.firstAttemptAt, last, answer));
    return { after, pause: retryDelay(last, number, this.#options) };
  }

  /** @param {Item} item */
  async #readTime(item) {
    const url = this.#health(item);
    const { now, window } = await serverTime(url);
    const server = { now, window: this.#options.window ?? window };
    this.#times.set(url, server);
    return server;
  }

  /** @param {Item} item */
  #health({ url }) {
    return new URL(this.#options.health ?? "/.onlyonce/health", url).href;
  }

  /** @param {Item} item */
  async #prepare(item) {
    const { url, key, method, body, credentials } = item;
    const headers = new Headers(item.headers);
    headers.delete(HEADER);
    new Headers(await this.#options.authorize?.(item)).forEach((value, name) => headers.set(name, value));
    return prepareRequest(url, { method, body, credentials, headers }, key);
  }
}
