// What changes one document into another, as the actions of an Overlay. Rules:
// 1. Each operation, and each kind of component, is one update, which says only what is new or other.
// 2. A merge appends lists, and does not replace what is no object by what is one: such a member is
//    removed first. So the result does not hang on how a tool reads the word "merge".
// 3. Removals come first, from the end of a list to its beginning, so that no index moves before its turn.
import { isDeepStrictEqual } from "node:util";
import { isObject } from "./document.mjs";

/** `[{ keys, update } | { keys, remove: true }, …]`; `anchors(keys)` tells where an update of its own begins. */
export function difference(before, after, anchors) {
  const found = { removals: [], elements: [], updates: [], anchors };
  const update = changes(before, after, [], found);
  if (update !== undefined) found.updates.unshift({ keys: [], update });
  return [...found.elements, ...found.removals, ...found.updates];
}

function changes(before, after, keys, found) {
  removeMembers(before, after, keys, found);
  const update = {};
  for (const [name, value] of Object.entries(after)) {
    const change = Object.hasOwn(before, name) ? changeOf(before[name], value, [...keys, name], found) : value;
    if (change !== undefined) update[name] = change;
  }
  if (Object.keys(update).length === 0) return undefined;
  if (keys.length === 0 || !found.anchors(keys)) return update;
  found.updates.push({ keys, update });
  return undefined;
}

function removeMembers(before, after, keys, found) {
  const gone = Object.keys(before).filter((name) => !Object.hasOwn(after, name));
  found.removals.push(...gone.map((name) => ({ keys: [...keys, name], remove: true })));
}

function changeOf(before, after, keys, found) {
  if (before === after || isDeepStrictEqual(before, after)) return undefined;
  if (isObject(before) && isObject(after)) return changes(before, after, keys, found);
  if (Array.isArray(before) && Array.isArray(after)) return listChange(before, after, keys, found);
  if (isComposed(before) || isComposed(after)) found.removals.push({ keys, remove: true });
  return after;
}

function isComposed(value) {
  return value !== null && typeof value === "object";
}

function listChange(before, after, keys, found) {
  const { kept, changed, gone, added } = alignment(before, after);
  if (kept + changed.length === 0 || (gone.length > 0 && !before.every(isComposed))) {
    found.removals.push({ keys, remove: true });
    return after;
  }
  for (const [index, to] of changed) {
    const update = changes(before[index], after[to], [...keys, index], { ...found, anchors: () => false });
    if (update !== undefined) found.elements.push({ keys: [...keys, index], update });
  }
  found.removals.push(...gone.toReversed().map((index) => ({ keys: [...keys, index], remove: true })));
  return added.length > 0 ? added : undefined;
}

/**
 * How one list became the other: what stayed in its order, what stands where it stood but changed
 * (`[[from, to], …]`), what is gone, and what was added at the end.
 */
export function alignment(before, after) {
  const changed = [];
  const gone = [];
  let to = 0;
  let kept = 0;
  for (const [from, value] of before.entries()) {
    const rest = before.length - from;
    if (to < after.length && isDeepStrictEqual(value, after[to])) {
      kept += 1;
      to += 1;
    } else if (to < after.length && after.length - to >= rest && isObject(value) && isObject(after[to])) {
      changed.push([from, to]);
      to += 1;
    } else gone.push(from);
  }
  return { kept, changed, gone, added: after.slice(to) };
}
