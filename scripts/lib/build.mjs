// Builds the Worker into build/, and the rules for the demo's page (build-browser.mjs). Rules:
// 1. Nothing happens when no input changed: sources, manifests, tools and toolchain decide.
// 2. Nothing is downloaded but crates.
// 3. wrangler.toml calls this as its `[build] command`, so a deployment is built the same way.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildForBrowser } from "./build-browser.mjs";
import { cargoLines } from "./cargo-progress.mjs";
import { llvmFlags } from "./llvm-flags.mjs";
import { root, wasmTarget, wasmTriple, workerOutput } from "./paths.mjs";
import { run } from "./run.mjs";
import { Failure, step } from "./say.mjs";
import { shortenNames } from "./short-names.mjs";
import { smallStd, withSmallStd } from "./small-std.mjs";
import { hashOf, locked, read, stamp, stamped } from "./stamps.mjs";
import { npmToolsReady, toolEnv, toolReady, tools } from "./tools.mjs";
import { shrink } from "./wasm-opt.mjs";
import { wasmEnv } from "./wasm-target.mjs";

const OWN_STEPS = ["build", "llvm-flags", "short-names", "small-std", "wasm-opt"].map((name) => join("scripts", "lib", `${name}.mjs`));
const INPUTS = ["src", "Cargo.toml", "Cargo.lock", ...OWN_STEPS];
const OUTPUTS = ["index.js", "index_bg.wasm"];
// A compiler's errors are long, and the first is the one that matters.
const COMPILER_LINES = 500;
const bound = join(wasmTarget, "bound");
const PLATFORM = join(root, "src", "edge", "platform.js");
const stampFile = join(workerOutput, ".inputs");

/** The tools must be there (see setup.mjs); the build is skipped when it would change nothing. */
export async function build() {
  checkTools();
  const env = toolEnv(wasmEnv());
  const small = withSmallStd(env);
  await locked(join(root, ".wrangler", "build.lock"), async () => {
    const inputs = inputsNow(small);
    await step("the Worker", { done: () => fresh(inputs), work: (progress) => make(small, inputs, progress) });
    await buildForBrowser(env, toolchainNow());
  });
}

function checkTools() {
  if (tools.every(toolReady) && npmToolsReady()) return;
  throw new Failure("a tool of the build is missing or has another version", { cure: "npm run setup" });
}

function inputsNow(env) {
  return [hashOf(INPUTS.map((name) => join(root, name))), smallStd(env), toolchainNow()].join("\n");
}

function toolchainNow() {
  const versions = tools.map(({ crate, version }) => `${crate} ${version()}`);
  return [read(join(wasmTarget, ".toolchain")), ...versions].join("\n");
}

function fresh(inputs) {
  const complete = OUTPUTS.every((name) => read(join(workerOutput, name)) !== undefined);
  return complete && stamped(stampFile, inputs) && "unchanged";
}

async function make(env, inputs, progress) {
  rmSync(workerOutput, { recursive: true, force: true });
  await compile(env, progress);
  await bind(env);
  await shrink(join(bound, "index_bg.wasm"), env);
  await bundle(env);
  stamp(stampFile, inputs);
}

// Only `rustc` can make the Worker's library alone. Together with the rlib that the tests need,
// cargo leaves link-time optimisation out without a word, and the Worker is 7 KB bigger, gzipped.
async function compile(env, progress) {
  const cargo = ["rustc", "--release", "--locked", "--lib", "--crate-type", "cdylib", "--target", wasmTriple];
  await run("cargo", [...cargo, "--", ...llvmFlags(env)], { cwd: root, env, onLine: cargoLines(progress), tailLines: COMPILER_LINES });
}

async function bind(env) {
  rmSync(bound, { recursive: true, force: true });
  const wasm = join(wasmTarget, wasmTriple, "release", "onlyonce.wasm");
  const options = ["--target", "module", "--experimental-reset-state-function", "--no-typescript"];
  await run(env.WASM_BINDGEN_BIN, [...options, "--out-name", "index", "--out-dir", bound, wasm], { env });
}

async function bundle(env) {
  const [script, wasm] = OUTPUTS.map((name) => join(workerOutput, name));
  const from = [join(root, "src", "edge", "entry.mjs"), `--alias:onlyonce-bound=${join(bound, "index.js")}`];
  const to = ["--bundle", "--minify", "--format=esm", `--outfile=${script}`];
  await run(env.ESBUILD_BIN, [...from, `--alias:onlyonce-platform=${PLATFORM}`, "--external:./index_bg.wasm", "--external:cloudflare:workers", ...to], { env });
  const short = shortenNames(readFileSync(join(bound, "index_bg.wasm")), readFileSync(script, "utf8"));
  writeFileSync(wasm, short.wasm);
  // The runtime gives a module for a plain import, which is what `source` asks for elsewhere.
  writeFileSync(script, short.script.replace("import source ", "import "));
}
