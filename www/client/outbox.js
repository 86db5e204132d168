// A queue of requests that survives being offline, reloads and crashes, and sends each once.
//
// 1. An item has its key before anything is sent, and keeps it.
// 2. One lane is sent first in, first out; an item that failed or is stale holds up its lane until
//    it is retried, given up or discarded, and no other lane.
// 3. One tab sends at a time in a lane, one attempt at a time. Where there are no Web Locks two may;
//    the key still makes it once.
// 4. A synced item is kept until the guard forgets its key: a crash between sending and marking
//    sends again under the same key, which changes nothing.
// 5. Work is in proportion to what changed: a new item costs a look at its lane, and a body is read
//    when it is sent.

import { prepareRequest } from "./attempt.js";
import { newKey } from "./key.js";
import { tell } from "./listener.js";
import { Delivery } from "./outbox-delivery.js";
import { newItem, requeue } from "./outbox-item.js";
import { isPending, OutboxItems } from "./outbox-items.js";
import { oneAtATime, withLock } from "./outbox-lock.js";
import { onTrigger, requestBackgroundSync } from "./outbox-triggers.js";
import { RETRY_POLICY, sleep } from "./retry.js";
import { notAsked } from "./start-over.js";

/** @import { Item } from "./outbox-item.js" */
/** @import { RetryPolicy } from "./retry.js" */
/** @import { StartOver } from "./start-over.js" */

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
 * @property {number} [timeout] milliseconds for each attempt, and for `authorize`
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
    this.#items = new OutboxItems(this.name, (error) => this.#onProblem(error));
    this.#delivery = new Delivery(this.#options, (key, change) => this.#change(key, change));
  }

  /** Sends what is queued, now and whenever the page comes back: online, visible, or a while later. */
  start() {
    this.stop();
    this.#listeners = new AbortController();
    onTrigger(() => this.#flushQuietly(), this.#listeners.signal);
    void this.#flushQuietly();
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
    tell(this.#options.onChange, item);
    void requestBackgroundSync(this.name);
    void this.#flushLane(item.lane);
    return item;
  }

  /** @returns {Promise<Item[]>} in the order in which they came, without their bodies */
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
    await this.#flushQuietly();
  }

  /**
   * Says that an item shall never be carried out, and forgets it where that is sure: where it was never
   * sent, or the guard fences its key. Else it stays, and what is known of it is told.
   * @param {string} key
   * @returns {Promise<StartOver>}
   */
  async giveUp(key) {
    const sent = await this.#items.change(key, (item) => (item.attempts > 0 ? item : null));
    const result = sent ? await this.#delivery.giveUp({ ...sent, body: await this.#items.body(sent) }) : notAsked(key);
    if (result.startedOver) await this.#change(key, () => null);
    void this.#flushQuietly();
    return result;
  }

  /**
   * Forgets an item. What was sent of it stays sent, and may still be carried out.
   * @param {string} key
   */
  async discard(key) {
    await this.#change(key, () => null);
    await this.#flushQuietly();
  }

  /**
   * Sends what may be sent. Rejects where something is left that can be sent later, so that a
   * service worker is woken again; what waits for a person is not among it.
   */
  async flush() {
    const heads = await this.#items.pendingHeads();
    await Promise.all(heads.map(({ lane }) => this.#flushLane(lane)));
    await this.#reportProblems(() => this.#prune());
    const [left] = await this.#items.pendingHeads();
    if (left) throw new Error(`"${left.key}" could not be sent yet: flush later.`);
  }

  #flushQuietly() {
    return this.flush().catch(() => {});
  }

  #flushLater() {
    clearTimeout(this.#timer);
    this.#timer = Number(setTimeout(() => this.#listeners?.signal.aborted === false && this.#flushQuietly(), this.#options.retryEvery));
  }

  /**
   * Sends what may be sent in one lane; never rejects.
   * @param {string} lane
   */
  #flushLane(lane) {
    /** The item that is next, with its body: read once, however often it is tried. @type {{ next?: Item }} */
    const loaded = {};
    let failed = false;
    const flush = this.#lanes.get(lane) ?? oneAtATime(async () => {
      // Who queues a thousand items offline does not ask a thousand times.
      if (failed) await sleep(this.#options.baseDelay);
      failed = await this.#reportProblems(() => this.#sendLane(lane, loaded));
      const head = await this.#items.head(lane);
      if (head && isPending(head)) this.#flushLater();
    });
    this.#lanes.set(lane, flush);
    return flush();
  }

  // The lock is held for one attempt. Before it, the page may take its time to authorize; in the
  // meantime another tab may have sent the item, so its lane is looked at again.
  /**
   * @param {string} lane
   * @param {{ next?: Item }} loaded
   */
  async #sendLane(lane, loaded) {
    for (let number = 1; ; number++) {
      const head = await this.#items.head(lane);
      if (!head || !isPending(head)) return void (loaded.next = undefined);
      if (head.key !== loaded.next?.key) {
        number = 1;
        loaded.next = { ...head, body: await this.#items.body(head) };
      }
      const prepared = await this.#delivery.prepare(loaded.next);
      const attempt = async () => {
        const now = await this.#items.head(lane);
        return now?.key === head.key && isPending(now) ? this.#delivery.attempt(now, prepared, number) : 0;
      };
      const pause = await withLock(`${this.name}/${lane}`, 2 * this.#options.timeout, attempt);
      if (pause === null) return;
      if (pause > 0) await sleep(pause);
    }
  }

  async #prune() {
    let server;
    for (let item; (item = await this.#items.oldestSynced()); ) {
      server ??= await this.#delivery.readTime(item);
      if (server.now - Number(item.firstAttemptAt) <= item.window) return;
      await this.#change(item.key, () => null);
    }
  }

  // What goes wrong with one lane is reported and stops no other. Being offline is not wrong.
  /**
   * @param {() => Promise<void>} work
   * @returns {Promise<boolean>} whether it failed
   */
  async #reportProblems(work) {
    try {
      await work();
      return false;
    } catch (error) {
      if (globalThis.navigator?.onLine !== false) this.#onProblem(/** @type {Error} */ (error));
      return true;
    }
  }

  /** @param {Error} error */
  #onProblem(error) {
    tell(this.#options.onProblem, error);
  }

  /**
   * @param {string} key
   * @param {(item: Item) => Item | null} change
   */
  async #change(key, change) {
    const item = await this.#items.change(key, change);
    if (item) tell(this.#options.onChange, item);
    return item;
  }
}
