// Builds the Worker into build/, and the rules for the demo's page (build-browser.mjs). Rules:
// 1. Nothing happens when no input changed: sources, manifests, tools and toolchain decide.
// 2. Nothing is downloaded but crates: every tool is named to worker-build.
// 3. wrangler.toml calls this as its `[build] command`, so a deployment is built the same way.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildForBrowser } from "./build-browser.mjs";
import { cargoLines } from "./cargo-progress.mjs";
import { root, toolBins, wasmTarget, workerOutput } from "./paths.mjs";
import { run } from "./run.mjs";
import { Failure, step } from "./say.mjs";
import { shortenNames } from "./short-names.mjs";
import { smallStd, withSmallStd } from "./small-std.mjs";
import { hashOf, locked, read, stamp, stamped } from "./stamps.mjs";
import { npmToolsReady, toolEnv, toolReady, tools } from "./tools.mjs";
import { shrink } from "./wasm-opt.mjs";
import { wasmEnv } from "./wasm-target.mjs";
import { asWholeProgram } from "./whole-program.mjs";

const OWN_STEPS = ["build", "bundle", "short-names", "small-std", "wasm-opt", "whole-program"].map((name) => join("scripts", "lib", `${name}.mjs`));
const INPUTS = ["src", "Cargo.toml", "Cargo.lock", ...OWN_STEPS];
const OUTPUTS = ["index.js", "index_bg.wasm"];
// A compiler's errors are long, and the first is the one that matters.
const COMPILER_LINES = 500;
const stampFile = join(workerOutput, ".inputs");

/** The tools must be there (see setup.mjs); the build is skipped when it would change nothing. */
export async function build() {
  checkTools();
  const env = toolEnv(wasmEnv());
  const small = asWholeProgram(withSmallStd(env));
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
  rmSync(stampFile, { force: true });
  const onLine = cargoLines(progress);
  const bundler = { ESBUILD_BIN: join(root, "scripts", "lib", "bundle.mjs"), ONLYONCE_ESBUILD: env.ESBUILD_BIN };
  await run(join(toolBins, "worker-build"), ["--release"], { cwd: root, env: { ...env, ...bundler }, onLine, tailLines: COMPILER_LINES });
  // Not by worker-build, which keeps the names of all functions, a quarter of the file.
  await shrink(join(workerOutput, "index_bg.wasm"), env);
  shorten();
  stamp(stampFile, inputs);
}

function shorten() {
  const [script, wasm] = OUTPUTS.map((name) => join(workerOutput, name));
  const short = shortenNames(readFileSync(wasm), readFileSync(script, "utf8"));
  writeFileSync(wasm, short.wasm);
  writeFileSync(script, short.script);
}
