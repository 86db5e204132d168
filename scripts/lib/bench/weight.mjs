// What a deployment uploads.
import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { gzipSync } from "node:zlib";

/** `{ name, bytes, gzipped }` of each kind of module, and at last of all together, by Worker. */
export function weigh(subjects) {
  return Object.fromEntries(subjects.map(({ name, modules }) => [name, withSum(modules.map(module))]));
}

// wrangler names a module by its hash as well, which nobody wants to read.
function module(path) {
  const bytes = readFileSync(path);
  const name = extname(path) === ".wasm" ? "WebAssembly" : "script";
  return { name, bytes: bytes.length, gzipped: gzipSync(bytes, { level: 9 }).length };
}

function withSum(list) {
  const sum = (figure) => list.reduce((total, entry) => total + entry[figure], 0);
  return [...list, { name: "all", bytes: sum("bytes"), gzipped: sum("gzipped") }];
}
