// What a queue of scene 4 leaves in this browser's storage when its page is closed or reloaded in the
// middle of it, and how it goes.
//
// 1. A scene that runs holds a lock of its queue's name; what has no lock is nobody's.

const LIST = "queue-";
const DATABASE = "onlyonce-";
const QUEUE = "page-";

/** Runs `work` while the queue of this name counts as somebody's. */
export function whileInUse(queue, work) {
  return navigator.locks ? navigator.locks.request(lockOf(queue), work) : work();
}

/** Where the naive queue of this name keeps its list. */
export function listKey(queue) {
  return LIST + queue;
}

export async function removeLeftovers() {
  if (!navigator.locks || !indexedDB.databases) return;
  const { held } = await navigator.locks.query();
  const inUse = new Set(held.map(({ name }) => name));
  const isLeft = (name, prefix) => name.startsWith(prefix + QUEUE) && !inUse.has(lockOf(name.slice(prefix.length)));
  Object.keys(localStorage).filter((key) => isLeft(key, LIST)).forEach((key) => localStorage.removeItem(key));
  const databases = await indexedDB.databases();
  databases.filter(({ name }) => isLeft(name, DATABASE)).forEach(({ name }) => indexedDB.deleteDatabase(name));
}

function lockOf(queue) {
  return `onlyonce-scene-${queue}`;
}
