// A queue of requests that survives being offline, reloads and crashes, and sends each once.
//
// 1. An item has its key before anything is sent, and keeps it.
// 2. One lane is sent first in, first out; an item that failed or is stale holds up its lane until
//    it is retried or discarded, and no other lane.
// 3. One tab sends a lane at a time. Where there are no Web Locks two may; the key still makes it once.
// 4. A synced item is kept until the guard forgets its key: a crash between sending and marking
//    sends again under the same key, which changes nothing.

import { prepareRequest } from "./attempt.js";
import { newKey } from "./key.js";
import { Delivery } from "./outbox-delivery.js";
import { newItem, requeue } from "./outbox-item.js";
import { OutboxItems } from "./outbox-items.js";
import { oneAtATime } from "./outbox-lock.js";
import { onTrigger, requestBackgroundSync } from "./outbox-triggers.js";
import { RETRY_POLICY } from "./retry.js";

/** @import { Item } from "./outbox-item.js" */
/** @import { RetryPolicy } from "./retry.js" */

/**
 * @typedef {object} OutboxOptions
 * @property {string} [name] two outboxes of one site are apart by it
 * @property {() => string} [generateKey]
 * @property {(item: Item) => HeadersInit | Promise<HeadersInit>} [authorize] headers to add to each
 *   attempt, never stored: a token that is fresh when it is sent
 * @property {(item: Item) => void} [onChange] an item changed in this page
 * @property {(error: Error) => void} [onProblem] what a person should know: of storage, of the
 *   guard. It is told anew at each attempt
 * @property {string} [health] the guard's health page; default: /.onlyonce/health beside the request
 * @property {number} [window] milliseconds, where the route's retry_window is not the default
 * @property {number} [timeout] milliseconds for each attempt
 * @property {number} [retryEvery] milliseconds until the next look at what is still queued
 */

const DEFAULTS = {
  ...RETRY_POLICY,
  name: "outbox",
  generateKey: newKey,
  onProblem: (/** @type {Error} */ error) => console.warn(error),
  timeout: 30_000,
  retryEvery: 30_000,
};

export class Outbox {
  #options;
  #items;
  #delivery;
  /** By lane: sends what it holds. @type {Map<string, () => Promise<void>>} */
  #lanes = new Map();
  /** @type {AbortController | undefined} */
  #listeners;
  #timer = 0;
  /** @type {Promise<unknown>} */
  #lastAdd = Promise.resolve();

  /** @param {OutboxOptions & Partial<RetryPolicy>} [options] */
  constructor(options) {
    this.#options = { ...DEFAULTS, ...options };
    /** Of its database, its locks and its Background Sync tag. */
    this.name = `onlyonce-${this.#options.name}`;
    this.#items = new OutboxItems(this.name, this.#options.onProblem);
    this.#delivery = new Delivery(this.#options, (key, change) => this.#change(key, change));
  }

  /** Sends what is queued, now and whenever the page comes back: online, visible, or a while later. */
  start() {
    this.stop();
    this.#listeners = new AbortController();
    onTrigger(() => this.flush(), this.#listeners.signal);
    void this.flush();
    return this;
  }

  stop() {
    this.#listeners?.abort();
  }

  /**
   * Keeps the request and begins to send it. Resolves when it is kept, not when it is sent.
   * @param {RequestInfo | URL} input
   * @param {RequestInit} [init]
   * @param {{ key?: string, lane?: string }} [options]
   * @returns {Promise<Item>}
   */
  enqueue(input, init, { key = this.#options.generateKey(), lane = "main" } = {}) {
    // One after the other: a large body must not be overtaken by what was called later.
    const adding = Promise.all([prepareRequest(input, init, key), this.#lastAdd]).then(([prepared]) => this.#items.add(newItem(prepared, key, lane)));
    this.#lastAdd = adding.catch(() => {});
    return adding.then((item) => this.#onAdded(item));
  }

  /** @param {Item} item */
  #onAdded(item) {
    this.#notify(item);
    void requestBackgroundSync(this.name);
    void this.flush();
    return item;
  }

  /** @returns {Promise<Item[]>} in the order in which they came */
  items() {
    return this.#items.all();
  }

  /**
   * Sends a failed item again, under its key. A stale one only with `anyway`, else it stays stale:
   * its key may be forgotten, so it may be carried out a second time.
   * @param {string} key
   * @param {{ anyway?: boolean }} [options]
   */
  async retry(key, options) {
    await this.#change(key, (item) => requeue(item, options?.anyway));
    await this.flush();
  }

  /**
   * Forgets an item. What was sent of it stays sent.
   * @param {string} key
   */
  async discard(key) {
    await this.#change(key, () => null);
    await this.flush();
  }

  /** Sends what may be sent; resolves when nothing more can be done now. */
  async flush() {
    const lanes = new Set((await this.items()).map(({ lane }) => lane));
    await Promise.all([...lanes].map((lane) => this.#sender(lane)()));
    await this.#reportProblems(() => this.#prune());
    if ((await this.items()).some(isPending)) this.#flushLater();
  }

  #flushLater() {
    clearTimeout(this.#timer);
    this.#timer = Number(setTimeout(() => this.#listeners?.signal.aborted === false && this.flush(), this.#options.retryEvery));
  }

  /** @param {string} lane */
  #sender(lane) {
    const sender = this.#lanes.get(lane) ?? oneAtATime(`${this.name}/${lane}`, () => this.#reportProblems(() => this.#flushLane(lane)));
    this.#lanes.set(lane, sender);
    return sender;
  }

  /** @param {string} lane */
  async #flushLane(lane) {
    for (const item of (await this.items()).filter((item) => item.lane === lane)) {
      if (item.state === "failed" || item.state === "stale") return;
      if (isPending(item) && !(await this.#delivery.deliver(item))) return;
    }
  }

  async #prune() {
    for (const item of await this.items()) {
      if (item.state !== "synced") continue;
      const { now } = await this.#delivery.timeFor(item);
      if (now - Number(item.firstAttemptAt) > item.window) await this.#change(item.key, () => null);
    }
  }

  // What goes wrong with one lane is reported and stops no other. Being offline is not wrong.
  /** @param {() => Promise<void>} work */
  async #reportProblems(work) {
    try {
      await work();
    } catch (error) {
      if (navigator.onLine) this.#options.onProblem(/** @type {Error} */ (error));
    }
  }

  /**
   * @param {string} key
   * @param {(item: Item) => Item | null} change
   */
  async #change(key, change) {
    const item = await this.#items.change(key, change);
    if (item) this.#notify(item);
    return item;
  }

  /** @param {Item} item */
  #notify(item) {
    try {
      this.#options.onChange?.(item);
    } catch (error) {
      // A listener's mistake must not keep an item from being sent or marked.
      reportError(error);
    }
  }
}

/** @param {Item} item */
function isPending({ state }) {
  return state === "queued" || state === "sending";
}
