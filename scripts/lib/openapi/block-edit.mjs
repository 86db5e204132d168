// Cuts for a YAML collection in block style: one line or more for each entry. Rules:
// 1. An entry that goes takes its whole lines with it; the comment above the next one stays.
// 2. A new one begins at the column of those that are there, on the line after the last of them.
import { isCollection, isScalar, stringify } from "yaml";

export class BlockEdit {
  #node;
  #editing;

  constructor(node, editing) {
    this.#node = node;
    this.#editing = editing;
  }

  /** The value of the entry at `index` becomes another. An object's `name` that stands nowhere comes from a merge key, and is added. */
  replace(index, name, value) {
    const { cuts, style } = this.#editing;
    const old = index === undefined ? undefined : valueOfItem(this.#node.items[index]);
    if (isPlain(old) && isNoObject(value)) {
      const text = stringify(value, { singleQuote: style.singleQuote, lineWidth: 0 }).trimEnd();
      cuts.push({ from: old.range[0], to: old.range[1], text });
    } else if (index === undefined) cuts.push({ from: this.#end(), to: this.#end(), text: this.#rendered({ [name]: value }) });
    else cuts.push({ ...this.#lines(index), text: this.#rendered(name === undefined ? [value] : { [name]: value }) });
  }

  /** The entries at `gone` go, and those in `added` come: objects of one member, or lists of one entry. */
  change(gone, added) {
    const { cuts } = this.#editing;
    cuts.push(...gone.map((index) => ({ ...this.#lines(index), text: "" })));
    const at = this.#end();
    if (added.length > 0) cuts.push({ from: at, to: at, text: added.map((entry) => this.#rendered(entry)).join("") });
  }

  #rendered(entry) {
    const { style, source } = this.#editing;
    const { unit, indentLists: indentSeq, singleQuote, newline } = style;
    const text = stringify(entry, { indent: unit, indentSeq, singleQuote, lineWidth: 0, aliasDuplicateObjects: false });
    const blank = " ".repeat(this.#column());
    const lines = text.replace(/\n$/, "").split("\n").map((line) => (line === "" ? line : blank + line));
    const atEnd = this.#end() === source.length && !source.endsWith("\n");
    return (atEnd ? newline : "") + lines.join(newline) + (atEnd ? "" : newline);
  }

  // Where the entries begin: their keys, or the dashes before them.
  #column() {
    const first = this.#start(0);
    return first - this.#lineStart(first);
  }

  #start(index) {
    const { source } = this.#editing;
    const item = this.#node.items[index];
    if (item.key) return startOf(item.key, source);
    return source.lastIndexOf("-", item.range[0] - 1);
  }

  // From the beginning of its first line to that of the line after its last.
  #lines(index) {
    const start = this.#start(index);
    const to = this.#after(this.#node.items[index]);
    const line = this.#lineStart(start);
    // The first member of a list's entry shares its line with the dash, and cannot go without it.
    return { from: this.#editing.source.slice(line, start).trim() === "" ? line : undefined, to };
  }

  #lineStart(at) {
    return this.#editing.source.lastIndexOf("\n", at - 1) + 1;
  }

  #end() {
    return this.#after(this.#node.items.at(-1));
  }

  #after(item) {
    const { source } = this.#editing;
    const at = lastOf(item);
    if (source[at - 1] === "\n") return at;
    const line = source.indexOf("\n", at);
    return line < 0 ? source.length : line + 1;
  }
}

function valueOfItem(item) {
  return item.key ? item.value : item;
}

function isPlain(node) {
  return isScalar(node) && node.range[1] > node.range[0] && !node.type?.startsWith("BLOCK");
}

function isNoObject(value) {
  return value === null || (typeof value !== "object" && !String(value).includes("\n"));
}

function startOf(key, source) {
  const [at] = key.range;
  return source.startsWith("? ", at - 2) ? at - 2 : at;
}

/** Where an entry's value ends. Blank lines behind a text belong to it only where it says so: `|+`. */
function lastOf(item) {
  const node = item.key ? (item.value ?? item.key) : item;
  return isCollection(node) && !node.flow && node.items.length > 0 ? lastOf(node.items.at(-1)) : node.range[1];
}
