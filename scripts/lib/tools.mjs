// The programs that turn the crate into a Worker. Rules:
// 1. worker-build and wasm-bindgen come from crates.io into the cache, wasm-bindgen in the very
//    version of Cargo.lock: its output format belongs to that version of the crate.
// 2. wasm-opt and esbuild come from npm. With all of them named, a build downloads nothing.
// 3. They are built unoptimised: seconds matter at set-up, not in a tool that runs for one.
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { aptInstall, hasApt } from "./apt.mjs";
import { barEnv, cargoLines } from "./cargo-progress.mjs";
import { bins, cache, root, toolBins } from "./paths.mjs";
import { ask, isExecutable, run } from "./run.mjs";
import { say } from "./say.mjs";

const WORKER_BUILD = "0.8.7";
// An index that lags behind crates.io, or hides young releases, lacks versions of a tool's lock file.
const LOCK_UNKNOWN_TO_INDEX = /failed to select a version/;

export const tools = [
  { crate: "worker-build", bin: "worker-build", version: () => WORKER_BUILD },
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

/** worker-build links the system's OpenSSL on Linux. */
export function opensslReady() {
  if (process.platform !== "linux") return "not needed here";
  return ask("pkg-config", ["--modversion", "openssl"]);
}

export async function installOpenssl(progress) {
  const cure = "install pkg-config and OpenSSL's headers (Debian: pkg-config libssl-dev, Fedora: pkgconf openssl-devel)";
  await aptInstall(hasApt() ? ["pkg-config", "libssl-dev"] : ["pkg-config and OpenSSL's headers"], progress, cure);
}

/** Tells worker-build where everything is, and to keep its own stack out of a compiler's errors. */
export function toolEnv(env) {
  return {
    ...env,
    ...barEnv,
    RUST_BACKTRACE: "0",
    WASM_BINDGEN_BIN: join(toolBins, "wasm-bindgen"),
    WASM_OPT_BIN: join(bins, "wasm-opt"),
    ESBUILD_BIN: join(bins, "esbuild"),
  };
}

export function npmToolsReady() {
  return ["wasm-opt", "esbuild"].every((name) => isExecutable(join(bins, name)));
}
