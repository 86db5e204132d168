// The programs that turn the crate into a Worker. Rules:
// 1. worker-build and wasm-bindgen come from crates.io into the cache, in the very versions that
//    Cargo.lock has of `worker` and `wasm-bindgen`: what they write belongs to those crates.
// 2. They are built unoptimised: seconds matter at set-up, not in a tool that runs for one.
// 3. wasm-opt and esbuild come from npm. worker-build takes all three from where we say, and
//    downloads nothing.
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { barEnv, cargoLines } from "./cargo-progress.mjs";
import { bins, cache, root, targetFolder, toolBins } from "./paths.mjs";
import { isExecutable, outputOf, run } from "./run.mjs";

const TOOLS = [
  { crate: "wasm-bindgen-cli", bin: "wasm-bindgen", library: "wasm-bindgen" },
  { crate: "worker-build", bin: "worker-build", library: "worker" },
];

/** Which are there, where both are; undefined where one is missing or has another version. */
export function cargoTools() {
  if (missingTools().length > 0) return undefined;
  return `${TOOLS.map((tool) => `${tool.bin} ${version(tool)}`).join(", ")}, in ${toolBins}`;
}

/** One call of cargo, and the newest crates that fit both: what both need is compiled once. */
export async function installCargoTools(progress) {
  const crates = missingTools().map((tool) => `${tool.crate}@${version(tool)}`);
  const env = installEnv();
  // wasm-bindgen's defaults are TLS for its test runner, which nobody here calls.
  const args = ["install", "--debug", "--no-default-features", "--force", "--root", cache, ...crates];
  await run("cargo", args, { env, onLine: cargoLines(progress), cure: "see what cargo says above, then run the same again" });
  rmSync(env.CARGO_TARGET_DIR, { recursive: true, force: true });
}

export function allToolsReady() {
  return missingTools().length === 0 && ["wasm-opt", "esbuild"].every((name) => isExecutable(join(bins, name)));
}

function missingTools() {
  return TOOLS.filter((tool) => outputOf(join(toolBins, tool.bin), ["--version"])?.split(" ").pop() !== version(tool));
}

function version({ library }) {
  const lock = readFileSync(join(root, "Cargo.lock"), "utf8");
  return lock.match(new RegExp(`name = "${library}"\\nversion = "([^"]+)"`))?.[1];
}

function installEnv() {
  const env = { ...process.env, CARGO_TARGET_DIR: join(cache, "tools-target") };
  // Without debug information it is a third of the size and half of the linking.
  return { ...env, ...barEnv, CARGO_PROFILE_DEV_DEBUG: "0", CARGO_INCREMENTAL: "0" };
}

/** Tells a build where everything is, and cargo to say how far it is. */
export function toolEnv() {
  return {
    ...process.env,
    ...barEnv,
    CARGO_TARGET_DIR: targetFolder,
    WASM_BINDGEN_BIN: join(toolBins, "wasm-bindgen"),
    WASM_OPT_BIN: join(bins, "wasm-opt"),
    ESBUILD_BIN: join(bins, "esbuild"),
    // What the compiler says is the error; worker-build's own stack below it is not.
    RUST_BACKTRACE: "0",
  };
}
