// Edits a YAML or JSON text so that it says another value, and leaves alone what need not change: its
// comments, its order, its layout. Rules:
// 1. The text is cut and filled at the places that the parser tells; it is never written anew as a whole.
// 2. New members stand at the end of their object, new entries at the end of their list.
// 3. What was written is read again. Where it does not say what it should, as where an anchor is edited
//    that an alias repeats, `undefined` is the answer, and the caller has to write the text anew.
import { isDeepStrictEqual } from "node:util";
import { isMap, isSeq, stringify } from "yaml";
import { BlockEdit } from "./block-edit.mjs";
import { alignment } from "./difference.mjs";
import { isObject, parseYaml, valueOf } from "./document.mjs";
import { FlowEdit } from "./flow-edit.mjs";
import { styleOf } from "./text-style.mjs";

const BYTE_ORDER_MARK = "\uFEFF";

export function editedText({ text, file, json, value }, after) {
  const mark = text.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK : "";
  const source = text.slice(mark.length);
  const tree = treeOf(source, file, json);
  if (tree === undefined) return undefined;
  const cuts = [];
  editNode(tree.contents, value, after, { source, cuts, style: styleOf(source, json) });
  const result = spliced(source, cuts);
  return result !== undefined && says(result, file, json, after) ? mark + result : undefined;
}

// Not all of JSON is YAML: a name may be too long, or stand twice.
function treeOf(source, file, json) {
  try {
    return parseYaml(source, file);
  } catch (error) {
    if (json) return undefined;
    throw error;
  }
}

/** The text written anew, where it could not be edited. */
export function writtenAnew({ json, text }, after) {
  const { unit } = styleOf(text, json);
  return json ? `${JSON.stringify(after, null, unit)}\n` : stringify(after, { lineWidth: 0, aliasDuplicateObjects: false });
}

function says(text, file, json, value) {
  try {
    return isDeepStrictEqual(json ? JSON.parse(text) : valueOf(parseYaml(text, file), file), value);
  } catch {
    return false;
  }
}

function spliced(source, cuts) {
  if (cuts.some(({ from }) => from === undefined)) return undefined;
  const ordered = cuts.toSorted((one, other) => one.from - other.from || one.to - other.to);
  const pieces = [];
  let at = 0;
  for (const { from, to, text } of ordered) {
    if (from < at) return undefined;
    pieces.push(source.slice(at, from), text);
    at = to;
  }
  return pieces.join("") + source.slice(at);
}

function editNode(node, before, after, editing) {
  if (isDeepStrictEqual(before, after)) return true;
  if (isMap(node) && isObject(before) && isObject(after)) return editMap(node, before, after, editing);
  if (isSeq(node) && Array.isArray(before) && Array.isArray(after)) return editList(node, before, after, editing);
  return false;
}

function editMap(node, before, after, editing) {
  const pairs = new Map(node.items.map((pair, index) => [String(pair.key?.value), { pair, index }]));
  const gone = Object.keys(before).filter((name) => !Object.hasOwn(after, name)).map((name) => pairs.get(name)?.index);
  // What has no entries has no layout to follow, and what a merge key brings cannot go by itself.
  if (node.items.length === gone.length || gone.includes(undefined)) return false;
  const edit = editorFor(node, editing);
  for (const name of Object.keys(before).filter((known) => Object.hasOwn(after, known))) {
    const { pair, index } = pairs.get(name) ?? {};
    if (!editNode(pair?.value, before[name], after[name], editing)) edit.replace(index, name, after[name]);
  }
  const added = Object.entries(after).filter(([name]) => !Object.hasOwn(before, name));
  edit.change(gone, added.map(([name, value]) => ({ [name]: value })));
  return true;
}

function editList(node, before, after, editing) {
  const { changed, gone, added } = alignment(before, after);
  if (node.items.length === gone.length) return false;
  const edit = editorFor(node, editing);
  for (const [index, to] of changed) {
    if (!editNode(node.items[index], before[index], after[to], editing)) edit.replace(index, undefined, after[to]);
  }
  edit.change(gone, added.map((value) => [value]));
  return true;
}

function editorFor(node, editing) {
  return node.flow ? new FlowEdit(node, editing) : new BlockEdit(node, editing);
}
