// The programs that turn the crate into a Worker. Rules:
// 1. wasm-bindgen comes from crates.io into the cache, in the very version of Cargo.lock: its output
//    format belongs to that version of the crate.
// 2. It is built unoptimised: seconds matter at set-up, not in a tool that runs for one.
// 3. wasm-opt and esbuild come from npm.
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { barEnv, cargoLines } from "./cargo-progress.mjs";
import { bins, cache, root, toolBins } from "./paths.mjs";
import { ask, isExecutable, run } from "./run.mjs";
import { say } from "./say.mjs";

// An index that lags behind crates.io, or hides young releases, lacks versions of a tool's lock file.
const LOCK_UNKNOWN_TO_INDEX = /failed to select a version/;

export const tools = [
  { crate: "wasm-bindgen-cli", bin: "wasm-bindgen", version: () => lockedVersion("wasm-bindgen") },
];

function lockedVersion(crate) {
  const lock = readFileSync(join(root, "Cargo.lock"), "utf8");
  return lock.match(new RegExp(`name = "${crate}"\\nversion = "([^"]+)"`))[1];
}

export function toolReady({ bin, version }) {
  const present = ask(join(toolBins, bin), ["--version"])?.split(" ").pop();
  return present === version() && `${present}, in ${toolBins}`;
}

export async function installTool(tool, progress) {
  const cargo = (lock) => run("cargo", installArgs(tool, lock), { env: installEnv(), onLine: cargoLines(progress) });
  try {
    await cargo(["--locked"]);
  } catch (failure) {
    if (!LOCK_UNKNOWN_TO_INDEX.test(failure.tail?.join("\n"))) throw failure;
    say("  the crate index lacks a version of this tool's own lock file; taking the newest that fit");
    await cargo([]);
  }
}

function installArgs({ crate, version }, lock) {
  return ["install", "--debug", ...lock, "--force", "--root", cache, "--version", version(), crate];
}

function installEnv() {
  const env = { ...process.env, CARGO_TARGET_DIR: join(cache, "tools-target") };
  // Without debug information it is a third of the size and half of the linking.
  return { ...env, ...barEnv, CARGO_PROFILE_DEV_DEBUG: "0", CARGO_INCREMENTAL: "0" };
}

export function forgetToolObjects() {
  rmSync(join(cache, "tools-target"), { recursive: true, force: true });
}

/** Tells a build where everything is, and cargo to say how far it is. */
export function toolEnv(env) {
  return {
    ...env,
    ...barEnv,
    WASM_BINDGEN_BIN: join(toolBins, "wasm-bindgen"),
    WASM_OPT_BIN: join(bins, "wasm-opt"),
    ESBUILD_BIN: join(bins, "esbuild"),
  };
}

export function npmToolsReady() {
  return ["wasm-opt", "esbuild"].every((name) => isExecutable(join(bins, name)));
}
