// `$ref`, followed wherever it leads on this machine. Rules:
// 1. A reference is a file, or nothing for the same one, and a JSON pointer (RFC 6901).
// 2. A chain that comes back to itself, a URL, and what is not there lead to nothing: `undefined`.
// 3. Each file is read once.
import { dirname, resolve } from "node:path";
import { isObject, readFileAsData } from "./document.mjs";

export class References {
  #files = new Map();

  constructor(document) {
    this.home = document.file;
    this.#files.set(document.file, document.value);
  }

  /** `{ value, file, pointer }` at the end of the chain that begins at `node`, or undefined. `pointer` is that of the last `$ref`. */
  resolve(node, file = this.home) {
    const seen = new Set();
    let found = { value: node, file };
    while (isObject(found.value) && typeof found.value.$ref === "string") {
      const next = this.#follow(found.value.$ref, found.file);
      const place = next && `${next.file}#${next.pointer}`;
      if (!next || seen.has(place)) return undefined;
      seen.add(place);
      found = next;
    }
    return found;
  }

  #follow(ref, from) {
    const [name, fragment = ""] = ref.split("#", 2);
    if (/^[a-z][a-z0-9+.-]*:/i.test(name)) return undefined;
    const file = name === "" ? from : resolve(dirname(from), decoded(name));
    const pointer = decoded(fragment);
    const value = at(this.#read(file), pointer);
    return value === undefined ? undefined : { value, file, pointer };
  }

  #read(file) {
    if (!this.#files.has(file)) this.#files.set(file, dataOf(file));
    return this.#files.get(file);
  }
}

function dataOf(file) {
  try {
    return readFileAsData(file).value;
  } catch {
    return undefined;
  }
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What a JSON pointer names in `value`; "" is all of it. */
export function at(value, pointer) {
  if (pointer === "") return value;
  if (!pointer.startsWith("/")) return undefined;
  const names = pointer.slice(1).split("/").map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
  return names.reduce((found, name) => (found !== null && typeof found === "object" && Object.hasOwn(found, name) ? found[name] : undefined), value);
}
