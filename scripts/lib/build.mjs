// Builds the Worker into build/. Rules:
// 1. Nothing happens when no input changed: sources, manifests, tools and toolchain decide.
// 2. Nothing is downloaded but crates: every tool is named to worker-build.
// 3. wrangler.toml calls this as its `[build] command`, so a deployment is built the same way.
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cargoLines } from "./cargo-progress.mjs";
import { root, toolBins, wasmTarget, workerOutput } from "./paths.mjs";
import { run } from "./run.mjs";
import { Failure, step } from "./say.mjs";
import { shortenNames } from "./short-names.mjs";
import { smallStd, withSmallStd } from "./small-std.mjs";
import { hashOf, locked, read, stamp, stamped } from "./stamps.mjs";
import { npmToolsReady, toolEnv, toolReady, tools } from "./tools.mjs";
import { wasmEnv } from "./wasm-target.mjs";

const OWN_STEPS = ["build.mjs", "short-names.mjs", "small-std.mjs", "bundle.mjs"].map((name) => join("scripts", "lib", name));
const INPUTS = ["src", "Cargo.toml", "Cargo.lock", ...OWN_STEPS];
const OUTPUTS = ["index.js", "index_bg.wasm"];
// A compiler's errors are long, and the first is the one that matters.
const COMPILER_LINES = 500;
const SMALL = [
  "-Oz",
  // The second pass finds what the first one laid open.
  "-Oz",
  // A function with one caller is not moved into it unless it is tiny: many small functions that
  // look alike compress better than a few large ones (2 % more bytes, 3 % fewer once gzipped).
  "--one-caller-inline-max-function-size=20",
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
const stampFile = join(workerOutput, ".inputs");

/** The tools must be there (see setup.mjs); the build is skipped when it would change nothing. */
export async function build() {
  checkTools();
  const env = toolEnv(withSmallStd(wasmEnv()));
  await locked(join(root, ".wrangler", "build.lock"), async () => {
    const inputs = inputsNow(env);
    await step("the Worker", { done: () => fresh(inputs), work: (progress) => make(env, inputs, progress) });
  });
}

function checkTools() {
  if (tools.every(toolReady) && npmToolsReady()) return;
  throw new Failure("a tool of the build is missing or has another version", { cure: "npm run setup" });
}

function inputsNow(env) {
  const versions = tools.map(({ crate, version }) => `${crate} ${version()}`);
  const toolchain = read(join(wasmTarget, ".toolchain"));
  return [hashOf(INPUTS.map((name) => join(root, name))), toolchain, smallStd(env), ...versions].join("\n");
}

function fresh(inputs) {
  const complete = OUTPUTS.every((name) => read(join(workerOutput, name)) !== undefined);
  return complete && stamped(stampFile, inputs) && "unchanged";
}

async function make(env, inputs, progress) {
  rmSync(stampFile, { force: true });
  const onLine = cargoLines(progress);
  const bundler = { ESBUILD_BIN: join(root, "scripts", "lib", "bundle.mjs"), ONLYONCE_ESBUILD: env.ESBUILD_BIN };
  await run(join(toolBins, "worker-build"), ["--release"], { cwd: root, env: { ...env, ...bundler }, onLine, tailLines: COMPILER_LINES });
  await shrink(env);
  shorten();
  stamp(stampFile, inputs);
}

// Not by worker-build, which keeps the names of all functions, a quarter of the file. They only serve
// a panic's stack, and a panic is a bug that the lints keep out.
async function shrink(env) {
  const wasm = join(workerOutput, "index_bg.wasm");
  await run(env.WASM_OPT_BIN, [wasm, "-o", `${wasm}.small`, ...SMALL, ...FEATURES], { env });
  renameSync(`${wasm}.small`, wasm);
}

function shorten() {
  const [script, wasm] = OUTPUTS.map((name) => join(workerOutput, name));
  const short = shortenNames(readFileSync(wasm), readFileSync(script, "utf8"));
  writeFileSync(wasm, short.wasm);
  writeFileSync(script, short.script);
}
