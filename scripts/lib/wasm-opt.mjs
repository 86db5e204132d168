// Makes a WebAssembly module small, in place. Without the names of functions: they only serve a
// panic's stack, and a panic is a bug that the lints keep out.
import { renameSync } from "node:fs";
import { run } from "./run.mjs";

const SMALL = [
  // LLVM nests its blocks so that a jump goes to the end of one; put together anew from the jumps
  // themselves, there are fewer.
  "--flatten",
  "--rereloop",
  "-Oz",
  // The second pass finds what the first one laid open, and so on.
  "-Oz",
  "--converge",
  // A value that is kept for its second use takes a local, and gzip says the same twice for less.
  "--skip-pass=local-cse",
  // The same with two locals that could be one, and with a parameter that is always the same.
  "--skip-pass=merge-locals",
  "--skip-pass=dae-optimizing",
  // Zeros within the data cost nothing once gzipped; a segment for each piece between them does.
  "--skip-pass=memory-packing",
  // A function with one caller is not moved into it unless it is tiny: many small functions that
  // look alike compress better than a few large ones (2 % more bytes, 3 % fewer once gzipped).
  "--one-caller-inline-max-function-size=40",
  // The lowest kilobyte is the end of the stack, which rustc puts first.
  "--low-memory-unused",
  "--strip-debug",
  "--strip-producers",
];
// What rustc and wasm-bindgen use of WebAssembly.
const FEATURES = [
  "--enable-bulk-memory",
  "--enable-exception-handling",
  "--enable-multivalue",
  "--enable-mutable-globals",
  "--enable-nontrapping-float-to-int",
  "--enable-reference-types",
  "--enable-sign-ext",
];

/** `env` names the tools (toolEnv). */
export async function shrink(wasm, env) {
  await run(env.WASM_OPT_BIN, [wasm, "-o", `${wasm}.small`, ...SMALL, ...FEATURES], { env });
  renameSync(`${wasm}.small`, wasm);
}
