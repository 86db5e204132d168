// Cuts for a collection in flow style, which is how all of JSON is written. Rules:
// 1. Where the entries stand on lines of their own, new ones do too, at their column.
// 2. A comma goes with the entry behind it, or with the one before it where that was the last.

export class FlowEdit {
  #node;
  #editing;

  constructor(node, editing) {
    this.#node = node;
    this.#editing = editing;
  }

  replace(index, name, value) {
    if (index === undefined) return this.change([], [{ [name]: value }]);
    const item = this.#node.items[index];
    const node = name === undefined ? item : item.value;
    const [from, to] = [startOf(node), node.range[1]];
    this.#editing.cuts.push({ from, to, text: this.#json(value, this.#blankOf(startOf(item.key ?? item))) });
    return undefined;
  }

  /** At least one entry stays. */
  change(gone, added) {
    this.#remove(new Set(gone));
    this.#append(this.#node.items.findLastIndex((_, index) => !gone.includes(index)), added);
  }

  #remove(gone) {
    const { items } = this.#node;
    const lastKept = items.findLastIndex((_, index) => !gone.has(index));
    for (const index of gone) {
      if (index < lastKept) this.#editing.cuts.push({ from: startOfItem(items[index]), to: startOfItem(items[index + 1]), text: "" });
    }
    if (lastKept < items.length - 1) this.#editing.cuts.push({ from: endOfItem(items[lastKept]), to: endOfItem(items.at(-1)), text: "" });
  }

  #append(last, added) {
    if (added.length === 0) return;
    const { items } = this.#node;
    const at = endOfItem(items[last]);
    const { blank, own } = this.#layout(startOfItem(items[0]));
    const { newline, unit } = this.#editing.style;
    const before = own ? newline + blank : unit === 0 && this.#editing.style.json ? "" : " ";
    const text = added.map((entry) => `,${before}${this.#entry(entry, own ? blank : undefined)}`).join("");
    this.#editing.cuts.push({ from: at, to: at, text });
  }

  #entry(entry, blank) {
    if (Array.isArray(entry)) return this.#json(entry[0], blank);
    const [[name, value]] = Object.entries(entry);
    const colon = this.#compact(blank) && this.#editing.style.json ? ":" : ": ";
    return `${JSON.stringify(name)}${colon}${this.#json(value, blank)}`;
  }

  #compact(blank) {
    return blank === undefined || this.#editing.style.unit === 0;
  }

  #json(value, blank) {
    const { unit, newline } = this.#editing.style;
    if (this.#compact(blank)) return this.#editing.style.json ? JSON.stringify(value) : spaced(value);
    return JSON.stringify(value, null, unit).replaceAll("\n", newline + blank);
  }

  /** The blanks before an entry, and whether it stands on a line of its own. */
  #layout(at) {
    const { source, style } = this.#editing;
    // The one line may have millions of signs: nobody looks for its beginning.
    if (style.json && style.unit === 0) return { own: false };
    const line = source.lastIndexOf("\n", at - 1) + 1;
    const before = source.slice(line, at);
    return { own: before.trim() === "" && line > 0, blank: before.match(/^\s*/)[0] };
  }

  // Undefined in a text that is all on one line.
  #blankOf(at) {
    return this.#editing.style.json ? this.#layout(at).blank : undefined;
  }
}

/** JSON on one line as YAML's authors write it: with a blank behind comma and colon. */
function spaced(value) {
  if (Array.isArray(value)) return `[${value.map(spaced).join(", ")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}: ${spaced(member)}`);
  return members.length > 0 ? `{ ${members.join(", ")} }` : "{}";
}

function startOf(node) {
  return node.range[0];
}

function startOfItem(item) {
  return startOf(item.key ?? item);
}

function endOfItem(item) {
  const node = item.key ? (item.value ?? item.key) : item;
  return node.range[1];
}
