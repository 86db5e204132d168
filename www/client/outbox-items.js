// Where the outbox's items are kept: in IndexedDB, or in memory where that fails.
//
// 1. An item that cannot be stored is kept in memory and still sent, under its one key. That is
//    told: the item says `durable: false`, and `onProblem` hears why.
// 2. While a lane has such items under way, what comes after them waits with them: first in,
//    first out. Stored items of the lane are the older ones and go first.
// 3. A stored item that cannot be marked is not sent: after a crash nobody could tell its age.

import { AGE, IndexedItems, OPEN } from "./indexed-items.js";

/** @import { Item } from "./outbox-item.js" */

/** @param {Item} item */
export function isPending({ state }) {
  return state === "queued" || state === "sending";
}

export class OutboxItems {
  #indexed;
  #onProblem;
  /** By key. @type {Map<string, Item>} */
  #memory = new Map();

  /**
   * @param {string} name
   * @param {(error: Error) => void} onProblem
   */
  constructor(name, onProblem) {
    this.#indexed = new IndexedItems(name);
    this.#onProblem = onProblem;
  }

  /**
   * @param {Item} item
   * @returns {Promise<Item>}
   */
  async add(item) {
    if (this.#memory.has(item.key)) throw duplicateKey(item.key);
    if (this.#inMemory(item.lane)) return this.#addToMemory(item);
    try {
      return await this.#indexed.add(item);
    } catch (error) {
      if (nameOf(error) === "ConstraintError") throw duplicateKey(item.key);
      this.#report("written", error);
      return this.#addToMemory(item);
    }
  }

  /** @returns {Promise<Item[]>} in the order in which they came */
  async all() {
    return [...(await this.#stored()), ...this.#memory.values()];
  }

  /**
   * What is to be sent next in a lane, or stands in its way.
   * @param {string} lane
   */
  async head(lane) {
    const [stored] = await this.#stored(OPEN, lane, 1);
    return stored ?? this.#inMemory(lane);
  }

  /** @returns {Promise<Item[]>} of each lane that can go on, the next item */
  async pendingHeads() {
    /** @type {Map<string, Item>} */
    const heads = new Map();
    for (const item of [...(await this.#stored(OPEN)), ...this.#memory.values()]) {
      if (item.state !== "synced" && !heads.has(item.lane)) heads.set(item.lane, item);
    }
    return [...heads.values()].filter(isPending);
  }

  async oldestSynced() {
    const [stored] = await this.#stored(AGE, undefined, 1);
    return stored ?? [...this.#memory.values()].find(({ state }) => state === "synced");
  }

  /** @param {Item} item */
  body(item) {
    return this.#memory.has(item.key) ? item.body : this.#indexed.body(item);
  }

  /**
   * @param {string} key
   * @param {(item: Item) => Item | null} change null removes it
   * @returns {Promise<Item | null>} as it is now; null where it is gone
   */
  async change(key, change) {
    const item = this.#memory.get(key);
    if (!item) return this.#indexed.change(key, change);
    const changed = change(item);
    changed ? this.#memory.set(key, changed) : this.#memory.delete(key);
    return changed;
  }

  /** @param {Item} item */
  #addToMemory(item) {
    const inMemory = { ...item, durable: false };
    this.#memory.set(item.key, inMemory);
    return inMemory;
  }

  /** @param {string} lane */
  #inMemory(lane) {
    return [...this.#memory.values()].find((item) => item.lane === lane && item.state !== "synced");
  }

  /** @param {Parameters<IndexedItems["find"]>} query */
  async #stored(...query) {
    try {
      return await this.#indexed.find(...query);
    } catch (error) {
      this.#report("read", error);
      return [];
    }
  }

  /**
   * @param {string} what
   * @param {unknown} error
   */
  #report(what, error) {
    const message = `Storage cannot be ${what} (${nameOf(error)}): keep this page open until all is sent.`;
    this.#onProblem(new Error(message, { cause: error }));
  }
}

/** @param {unknown} error */
function nameOf(error) {
  return /** @type {Partial<Error> | null} */ (error)?.name;
}

/** @param {string} key */
function duplicateKey(key) {
  return new Error(`The key "${key}" is in the outbox already: leave it out.`);
}
