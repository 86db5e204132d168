// Shortens the names by which the Worker's script and its WebAssembly call each other, such as
// `__wbg_setTimeout_4a6c6e2d0e0f1b2c`: 2 KB of the gzipped file. Rules:
// 1. Every import is renamed, with the module it comes from, and every export whose name has an underscore: the platform's own
//    members, which the script uses too, have none.
// 2. An import is one key in the script, an export any number of members. A name that the script
//    uses in another way stops the build: what it would make could not start.
import { Failure } from "./say.mjs";

const MAGIC_AND_VERSION = 8;
const IMPORTS = 2;
const EXPORTS = 7;
// What follows an import's names, by kind: function, table, memory, global, tag.
const IMPORTED = [["index"], ["byte", "limits"], ["limits"], ["byte", "byte"], ["byte", "index"]];

/** Both files with short names: `{ wasm: Buffer, script: string }`. */
export function shortenNames(wasm, script) {
  const modules = new Map();
  const imports = new Map();
  const exports = new Map();
  const shortened = sections(wasm).map(({ id, content }) => {
    if (id === IMPORTS) return section(id, renameImports(content, modules, imports));
    return section(id, id === EXPORTS ? renameExports(content, exports) : content);
  });
  return {
    wasm: Buffer.concat([wasm.subarray(0, MAGIC_AND_VERSION), ...shortened]),
    script: renameMembers(renameKeys(renameModules(script, modules), imports), exports),
  };
}

function renameModules(script, names) {
  const quoted = new Map([...names].map(([name, short]) => [`"${name}"`, short]));
  return renamed(script, /"[^"\s]+"(?=:\{)/g, quoted, (times) => times === 1);
}

function renameKeys(script, names) {
  return renamed(script, /(?<=[{,])[\w$]+(?=:)/g, names, (times) => times === 1);
}

// wasm-bindgen exports a function or two that no script calls.
function renameMembers(script, names) {
  return renamed(script, /(?<=\.)[\w$]+/g, names, () => true);
}

function renamed(script, pattern, names, allowed) {
  const times = new Map();
  const result = script.replace(pattern, (name) => {
    if (!names.has(name)) return name;
    times.set(name, (times.get(name) ?? 0) + 1);
    return names.get(name);
  });
  const wrong = [...names.keys()].filter((name) => result.includes(name) || !allowed(times.get(name) ?? 0));
  if (wrong.length === 0) return result;
  throw new Failure(`the Worker's script does not use ${wrong.join(", ")} as it is expected to`, {
    cure: "see scripts/lib/short-names.mjs, and what another version of wasm-bindgen or esbuild writes",
  });
}

function renameImports(content, modules, names) {
  return renameList(content, (reader) => {
    const module = reader.name();
    const name = reader.name();
    const kind = reader.take(() => IMPORTED[reader.byte()].forEach((part) => reader[part]()));
    return [named(shortFor(module, modules)), named(shortFor(name, names)), kind];
  });
}

function renameExports(content, names) {
  return renameList(content, (reader) => {
    const name = reader.name();
    const kind = reader.take(() => (reader.byte(), reader.index()));
    return [named(name.includes("_") ? shortFor(name, names) : name), kind];
  });
}

function renameList(content, rename) {
  const reader = new Reader(content);
  const count = reader.index();
  return Buffer.concat([number(count), ...Array.from({ length: count }, () => rename(reader)).flat()]);
}

// Two letters at most for the first thousand. No name of the platform's begins with a dollar.
function shortFor(name, names) {
  if (!names.has(name)) names.set(name, `$${names.size.toString(36)}`);
  return names.get(name);
}

function sections(wasm) {
  const reader = new Reader(wasm, MAGIC_AND_VERSION);
  const found = [];
  while (reader.at < wasm.length) {
    const id = reader.byte();
    const length = reader.index();
    found.push({ id, content: reader.bytes(length) });
  }
  return found;
}

function section(id, content) {
  return Buffer.concat([Buffer.of(id), number(content.length), content]);
}

function named(name) {
  const bytes = Buffer.from(name);
  return Buffer.concat([number(bytes.length), bytes]);
}

// LEB128, as WebAssembly writes its numbers.
function number(value) {
  const bytes = [];
  for (; value > 127; value >>>= 7) bytes.push((value & 127) | 128);
  return Buffer.from([...bytes, value]);
}

class Reader {
  constructor(data, at = 0) {
    this.data = data;
    this.at = at;
  }

  byte() {
    return this.data[this.at++];
  }

  bytes(length) {
    return this.data.subarray(this.at, (this.at += length));
  }

  index() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  }

  name() {
    return this.bytes(this.index()).toString();
  }

  limits() {
    const hasMost = this.byte() & 1;
    this.index();
    if (hasMost) this.index();
  }

  /** The bytes that `read` passes over. */
  take(read) {
    const from = this.at;
    read();
    return this.data.subarray(from, this.at);
  }
}
