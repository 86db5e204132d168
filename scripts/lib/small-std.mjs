// The standard library compiled together with the Worker, which makes it 8 % smaller. Rules:
// 1. A panic then stops the instance where it happens, without a message: the code that would make
//    one is left out. src/edge/entry.mjs starts a new instance.
// 2. The library's sources come with the toolchain (rustup's component rust-src, a distribution's
//    package), and the few crates that it is made of from crates.io.
// 3. What cannot be had is said once, and the library is taken as it was shipped: the Worker is
//    the same, and bigger. `npm run setup` tries again.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { cache, root, wasmTriple } from "./paths.mjs";
import { ask, run, which } from "./run.mjs";
import { read, stamp } from "./stamps.mjs";

const TIMEOUT_MS = 60_000;
const CRATES = "std,panic_abort";
const FLAGS = [
  "-Zunstable-options",
  "-Cpanic=immediate-abort",
  "-Zlocation-detail=none",
  // The script keeps the JavaScript values that WebAssembly works with. The other way round, every
  // import takes code that puts them into a table.
  "-Ctarget-feature=-reference-types",
];
const COMPILED = "compiled with the Worker";
const stampFile = join(cache, "small-std");

/** What was found out about this toolchain, or undefined before `installSmallStd`. */
export function smallStd(env) {
  const [toolchain, verdict] = read(stampFile)?.split("\0") ?? [];
  if (toolchain !== toolchainOf(env)) return undefined;
  return verdict === COMPILED && !existsSync(sourcesOf(env)) ? undefined : verdict;
}

export async function installSmallStd(env) {
  const verdict = (await missing(env)) ?? COMPILED;
  stamp(stampFile, `${toolchainOf(env)}\0${verdict}`);
  return verdict;
}

/** Whether the library is compiled together with the Worker. */
export function hasSmallStd(env) {
  return smallStd(env) === COMPILED;
}

/** Adds what makes cargo compile the library, where it can. */
export function withSmallStd(env) {
  return hasSmallStd(env) ? { ...env, ...settings() } : env;
}

function settings() {
  return {
    // The flags belong to no stable release; the compiler takes them from a stable one all the same.
    RUSTC_BOOTSTRAP: "1",
    CARGO_UNSTABLE_BUILD_STD: CRATES,
    CARGO_UNSTABLE_BUILD_STD_FEATURES: "optimize_for_size",
    RUSTFLAGS: [process.env.RUSTFLAGS, ...FLAGS].filter(Boolean).join(" "),
  };
}

function toolchainOf(env) {
  return [ask("rustc", ["-vV"], env), sourcesOf(env)].join("\n");
}

function sourcesOf(env) {
  return join(ask("rustc", ["--print", "sysroot"], env), "lib", "rustlib", "src", "rust", "library");
}

async function missing(env) {
  if (ask("rustc", [...FLAGS, "--print", "cfg"], { ...env, ...settings() }) === undefined) {
    return shipped("this rustc has no -Cpanic=immediate-abort; a newer one has");
  }
  if (!existsSync(sourcesOf(env)) && !(await addSources(env))) {
    return shipped("its sources could not be added; try `rustup component add rust-src`");
  }
  return (await fetchCrates(env)) ? undefined : shipped("the crates that it is made of are not in reach");
}

function shipped(reason) {
  return `as it was shipped, since ${reason}`;
}

async function addSources(env) {
  if (!which("rustup")) return false;
  await succeeds("rustup", ["component", "add", "rust-src"], env);
  return existsSync(sourcesOf(env));
}

// With the setting to compile the library, `fetch` brings its crates too.
function fetchCrates(env) {
  return succeeds("cargo", ["fetch", "--locked", "--target", wasmTriple], { ...env, ...settings() });
}

async function succeeds(command, args, env) {
  try {
    await run(command, args, { cwd: root, env, timeoutMs: TIMEOUT_MS });
    return true;
  } catch {
    return false;
  }
}
