// A Rust toolchain that can build for wasm32-unknown-unknown. Three ways, in this order:
// 1. `present`: the rustc on PATH already has it (rustup, a distribution's package, Nix).
// 2. `rustup`: `rustup target add`, with a time-out, since its server may be out of reach.
// 3. `debian`: built from the library sources that Debian packages (debian-wasm.mjs).
// The way that was taken is said, and every wasm32 build and lint gets its environment from here.
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { debianClippyReady, debianToolchain, debianToolchainReady, makeDebianToolchain } from "./debian-wasm.mjs";
import { hasApt } from "./apt.mjs";
import { wasmTarget, wasmTriple } from "./paths.mjs";
import { ask, run, which } from "./run.mjs";
import { Failure, say } from "./say.mjs";
import { stamp, stamped } from "./stamps.mjs";

const OLDEST_RUST = [1, 91];
const RUSTUP_TIMEOUT_MS = 60_000;

export function checkHostRust() {
  const version = ask("rustc", ["--version"])?.split(" ")[1];
  const cure = "install Rust with https://rustup.rs, or run `rustup update stable`";
  if (!version || !which("cargo")) throw new Failure("rustc or cargo was not found on PATH", { cure });
  const [major, minor] = version.split(".").map(Number);
  if (major === OLDEST_RUST[0] && minor < OLDEST_RUST[1]) {
    throw new Failure(`rustc ${version} is older than ${OLDEST_RUST.join(".")}`, { cure });
  }
}

/** Which way is ready for use, or undefined. */
function way() {
  if (hasStd(process.env)) return "present";
  return debianToolchainReady() ? "debian" : undefined;
}

function hasStd(env) {
  const libraries = ask("rustc", ["--print", "target-libdir", "--target", wasmTriple], env);
  try {
    return readdirSync(libraries).some((name) => name.startsWith("libstd-"));
  } catch {
    return false;
  }
}

export function targetReady() {
  const ready = way();
  if (ready === "debian") return `built from Debian's sources, in ${debianToolchain}`;
  return ready && `in ${ask("rustc", ["--print", "sysroot"])}`;
}

export async function installTarget(progress) {
  if (which("rustup") && (await addWithRustup())) return `by rustup target add ${wasmTriple}`;
  if (!hasApt()) {
    throw new Failure(`this Rust has no ${wasmTriple} target and rustup could not add it`, {
      cure: `install Rust with https://rustup.rs, then run: rustup target add ${wasmTriple}`,
    });
  }
  await makeDebianToolchain(progress);
  return `built from Debian's sources, in ${debianToolchain}`;
}

async function addWithRustup() {
  try {
    const env = { ...process.env, RUST_BACKTRACE: "0" };
    await run("rustup", ["target", "add", wasmTriple], { env, timeoutMs: RUSTUP_TIMEOUT_MS });
    return hasStd(process.env);
  } catch (failure) {
    say(`  ${failure.message}; taking another way`);
    failure.tail.slice(-3).forEach((line) => say(`  | ${line}`));
    return false;
  }
}

/** Clippy for wasm32, of the version that fits the toolchain; its own version, or undefined. */
export function wasmClippy() {
  if (way() === "debian" && !debianClippyReady()) return undefined;
  return ask("cargo", ["clippy", "--version"], wasmEnv());
}

/** The environment in which `cargo`, `rustc` and `cargo clippy` work for wasm32. */
export function wasmEnv() {
  const chosen = way();
  if (!chosen) throw new Failure(`no Rust toolchain for ${wasmTriple}`, { cure: "npm run setup" });
  // The last of these decides what wasm-bindgen's macros expand to: without it they would ask for a
  // crate more.
  const env = { ...process.env, CARGO_TARGET_DIR: wasmTarget, WASM_BINDGEN_USE_JS_SYS: "1" };
  if (chosen === "debian") useDebian(env);
  dropForeignObjects(env);
  return env;
}

function useDebian(env) {
  env.PATH = `${join(debianToolchain, "bin")}:${env.PATH}`;
  // clippy-driver looks for the libraries in /usr unless it is told.
  env.SYSROOT = debianToolchain;
  // These would lead cargo back to the host's toolchain.
  for (const name of ["CARGO", "RUSTC", "RUSTUP_TOOLCHAIN"]) delete env[name];
}

// Libraries that were rebuilt look the same to cargo, and mixing the two fails at link time.
function dropForeignObjects(env) {
  const made = [ask("rustc", ["-vV"], env), ask("rustc", ["--print", "sysroot"], env)].join("\n");
  const file = join(wasmTarget, ".toolchain");
  if (stamped(file, made)) return;
  rmSync(wasmTarget, { recursive: true, force: true });
  stamp(file, made);
}
