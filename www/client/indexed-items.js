// The outbox's items in IndexedDB, where a crash leaves them.
//
// 1. `strict`: a write counts when it is on the disk, not when it is in a buffer.
// 2. A change reads and writes in one transaction: two tabs never undo each other's.
// 3. An item that is gone stays gone.
// 4. Storage that does not open is not asked again by this page.

/** @import { Item } from "./outbox-item.js" */

const STORE = "items";

export class IndexedItems {
  #name;
  /** @type {Promise<IDBDatabase> | undefined} */
  #database;

  /** @param {string} name */
  constructor(name) {
    this.#name = name;
  }

  /** @param {Item} item @returns {Promise<Item>} */
  async add(item) {
    const id = await this.#transact("readwrite", (items) => items.add(item));
    return { ...item, id: /** @type {number} */ (id) };
  }

  /** @returns {Promise<Item[]>} in the order in which they came */
  all() {
    return this.#transact("readonly", (items) => items.getAll());
  }

  /**
   * @param {string} key
   * @param {(item: Item) => Item | null} change null removes it
   * @returns {Promise<Item | null>} as it is now
   */
  async change(key, change) {
    /** @type {Item | null} */
    let changed = null;
    await this.#transact("readwrite", (items) => {
      const cursor = items.index("key").openCursor(key);
      cursor.onsuccess = () => {
        if (!cursor.result) return;
        changed = change(cursor.result.value);
        changed ? cursor.result.update(changed) : cursor.result.delete();
      };
      return cursor;
    });
    return changed;
  }

  /**
   * @template T
   * @param {IDBTransactionMode} mode
   * @param {(items: IDBObjectStore) => IDBRequest<T>} work
   * @returns {Promise<T>}
   */
  async #transact(mode, work) {
    const database = await this.#open();
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode, { durability: "strict" });
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error ?? new Error("The transaction was undone."));
    });
  }

  #open() {
    return (this.#database ??= openDatabase(this.#name));
  }
}

/**
 * @param {string} name
 * @returns {Promise<IDBDatabase>}
 */
function openDatabase(name) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => createStore(request.result);
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      // A later version in another tab must not wait for this one.
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
  });
}

/** @param {IDBDatabase} database */
function createStore(database) {
  database.createObjectStore(STORE, { keyPath: "id", autoIncrement: true }).createIndex("key", "key", { unique: true });
}
