// Builds the guard's rules for the demo's page (src/browser.rs) into www/pkg. Rules:
// 1. As with the Worker, nothing happens when no input changed, and nothing is downloaded but
//    crates.
// 2. It has a target folder of its own: the crate's one library cannot be two things in one.
// 3. The page needs no bundler: wasm-bindgen writes a module that the browser loads as it is.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { cargoLines } from "./cargo-progress.mjs";
import { browserOutput, browserTarget, root, toolBins, wasmTriple } from "./paths.mjs";
import { run } from "./run.mjs";
import { step } from "./say.mjs";
import { hashOf, read, stamp, stamped } from "./stamps.mjs";
import { shrink } from "./wasm-opt.mjs";

const INPUTS = [
  "src/guard", "src/browser.rs", "src/lib.rs", "Cargo.toml", "Cargo.lock",
  "scripts/lib/build-browser.mjs", "scripts/lib/wasm-opt.mjs",
];
const OUTPUTS = ["onlyonce.js", "onlyonce_bg.wasm"];
const COMPILER_LINES = 500;
const stampFile = join(browserOutput, ".inputs");

/** `env` is that of a wasm32 build with its tools, `toolchain` the text that tells which it is. */
export async function buildForBrowser(env, toolchain) {
  const inputs = [hashOf(INPUTS.map((name) => join(root, name))), toolchain].join("\n");
  const work = (progress) => make({ ...env, CARGO_TARGET_DIR: browserTarget }, inputs, progress);
  await step("the rules for the page", { done: () => fresh(inputs), work });
}

function fresh(inputs) {
  const complete = OUTPUTS.every((name) => read(join(browserOutput, name)) !== undefined);
  return complete && stamped(stampFile, inputs) && "unchanged";
}

async function make(env, inputs, progress) {
  rmSync(browserOutput, { recursive: true, force: true });
  const cargo = ["build", "--release", "--locked", "--lib", "--target", wasmTriple, "--features", "browser"];
  await run("cargo", cargo, { cwd: root, env, onLine: cargoLines(progress), tailLines: COMPILER_LINES });
  const wasm = join(browserTarget, wasmTriple, "release", "onlyonce.wasm");
  const web = ["--target", "web", "--no-typescript", "--out-dir", browserOutput, wasm];
  await run(join(toolBins, "wasm-bindgen"), web, { env });
  await shrink(join(browserOutput, "onlyonce_bg.wasm"), env);
  stamp(stampFile, inputs);
}
