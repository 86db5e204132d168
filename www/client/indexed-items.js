// The outbox's items in IndexedDB, where a crash leaves them.
//
// 1. `strict`: a write counts when it is on the disk, not when it is in a buffer.
// 2. A change reads and writes in one transaction: two tabs never undo each other's.
// 3. An item that is gone stays gone.
// 4. Bodies lie apart, so that a look at the items does not read them, and go when their item is
//    synced. Each question has an index: its price is what it finds, not what is there.
// 5. The database is let go where another tab wants to change it, and opened again, in whatever
//    version it then has, when it is needed.

/** @import { Item } from "./outbox-item.js" */

const ITEMS = "items";
const BODIES = "bodies";
/** The items that are not synced, by lane: the others have no `open`. */
export const OPEN = "open";
/** The synced items, by the time at which they were sent first. */
export const AGE = "age";

/** @typedef {{ items: IDBObjectStore, bodies: IDBObjectStore }} Stores */

export class IndexedItems {
  #name;
  /** @type {Promise<IDBDatabase> | undefined} */
  #database;

  /** @param {string} name */
  constructor(name) {
    this.#name = name;
  }

  /** @param {Item} item with its body @returns {Promise<Item>} */
  async add({ body, ...item }) {
    const id = await this.#transact("readwrite", ({ items, bodies }) => {
      const added = items.add(row(item));
      added.onsuccess = () => body && bodies.add(body, added.result);
      return added;
    });
    return { ...item, id: /** @type {number} */ (id) };
  }

  /**
   * @param {string} [index] without one all items, in the order in which they came
   * @param {string} [lane]
   * @param {number} [most]
   * @returns {Promise<Item[]>} in the order of the index, and within that in which they came
   */
  find(index, lane, most) {
    return this.#transact("readonly", ({ items }) => {
      // The index holds the other states as well; none of them comes behind in the alphabet.
      const query = index === AGE ? IDBKeyRange.lowerBound(["synced"]) : lane;
      return (index ? items.index(index) : items).getAll(query, most);
    });
  }

  /**
   * @param {Item} item
   * @returns {Promise<ArrayBuffer | undefined>}
   */
  body({ id }) {
    return this.#transact("readonly", ({ bodies }) => bodies.get(/** @type {number} */ (id)));
  }

  /**
   * @param {string} key
   * @param {(item: Item) => Item | null} change null removes it
   * @returns {Promise<Item | null>} as it is now
   */
  async change(key, change) {
    /** @type {Item | null} */
    let changed = null;
    await this.#transact("readwrite", ({ items, bodies }) => {
      const cursor = items.index("key").openCursor(key);
      cursor.onsuccess = () => {
        if (!cursor.result) return;
        changed = change(cursor.result.value);
        changed ? cursor.result.update(row(changed)) : cursor.result.delete();
        if (!changed || changed.state === "synced") bodies.delete(cursor.result.primaryKey);
      };
      return cursor;
    });
    return changed;
  }

  /**
   * @template T
   * @param {IDBTransactionMode} mode
   * @param {(stores: Stores) => IDBRequest<T>} work
   * @returns {Promise<T>}
   */
  async #transact(mode, work) {
    const transaction = await this.#transaction(mode);
    return new Promise((resolve, reject) => {
      const request = work({ items: transaction.objectStore(ITEMS), bodies: transaction.objectStore(BODIES) });
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error ?? new Error("The transaction was undone."));
    });
  }

  /** @param {IDBTransactionMode} mode */
  async #transaction(mode) {
    const begin = async () => (await this.#open()).transaction([ITEMS, BODIES], mode, { durability: "strict" });
    return begin().catch(() => {
      // It was closed without a word.
      this.#database = undefined;
      return begin();
    });
  }

  #open() {
    return (this.#database ??= openDatabase(this.#name, () => (this.#database = undefined)));
  }
}

/**
 * An item as it is stored.
 * @param {Item} item
 */
function row(item) {
  return { ...item, open: item.state === "synced" ? undefined : item.lane };
}

/**
 * @param {string} name
 * @param {() => void} onClosed
 * @returns {Promise<IDBDatabase>}
 */
async function openDatabase(name, onClosed) {
  const database = await opened(indexedDB.open(name));
  database.onclose = onClosed;
  database.onversionchange = () => {
    database.close();
    onClosed();
  };
  return database;
}

/**
 * @param {IDBOpenDBRequest} request
 * @returns {Promise<IDBDatabase>}
 */
function opened(request) {
  return new Promise((resolve, reject) => {
    request.onupgradeneeded = () => createStores(request.result);
    request.onerror = () => reject(request.error);
    request.onsuccess = () => resolve(request.result);
  });
}

/** @param {IDBDatabase} database */
function createStores(database) {
  const items = database.createObjectStore(ITEMS, { keyPath: "id", autoIncrement: true });
  items.createIndex("key", "key", { unique: true });
  items.createIndex(OPEN, OPEN);
  items.createIndex(AGE, ["state", "firstAttemptAt"]);
  database.createObjectStore(BODIES);
}
