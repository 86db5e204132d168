// The Rust toolchain: rust-toolchain.toml names it, and rustup brings what it lacks. A Rust from
// elsewhere (a distribution, Nix) does as well if it has the wasm32 target (docs/DEPLOYMENT.md).
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "./log.mjs";
import { root, wasmTriple } from "./paths.mjs";
import { outputOf, run, which } from "./run.mjs";

const RUSTUP_TIMEOUT_MS = 120_000;
const UPDATE = "install Rust with https://rustup.rs, or run `rustup update stable`";
const ELSEWHERE = "docs/DEPLOYMENT.md says how to build where Rust's server is out of reach";

export function checkRust() {
  const version = outputOf("rustc", ["--version"])?.split(" ")[1];
  if (!version || !which("cargo")) throw new Failure("rustc or cargo was not found on PATH", { cure: UPDATE });
  const oldest = oldestRust();
  const [major, minor] = version.split(".").map(Number);
  if (major === oldest[0] && minor < oldest[1]) {
    throw new Failure(`rustc ${version} is older than ${oldest.join(".")}`, { cure: UPDATE });
  }
}

function oldestRust() {
  const [, ...oldest] = readFileSync(join(root, "Cargo.toml"), "utf8").match(/^rust-version = "(\d+)\.(\d+)/m);
  return oldest.map(Number);
}

/** Which toolchain has the target, or undefined. */
export function wasmTarget() {
  const libraries = outputOf("rustc", ["--print", "target-libdir", "--target", wasmTriple]);
  return hasStd(libraries) && `in ${outputOf("rustc", ["--print", "sysroot"])}`;
}

function hasStd(libraries) {
  try {
    return readdirSync(libraries).some((name) => name.startsWith("libstd-"));
  } catch {
    return false;
  }
}

export async function addWasmTarget(progress) {
  const cure = `run \`rustup target add ${wasmTriple}\`; ${ELSEWHERE}`;
  if (!which("rustup")) throw new Failure(`this Rust has no ${wasmTriple} target, and there is no rustup`, { cure });
  // Else what is to be read stands above twenty lines of rustup's own stack.
  const env = { ...process.env, RUST_BACKTRACE: "0" };
  await run("rustup", ["target", "add", wasmTriple], { cwd: root, env, onLine: progress, timeoutMs: RUSTUP_TIMEOUT_MS, cure });
}

/** The versions of clippy and rustfmt, or undefined. */
export function lints() {
  const versions = [outputOf("cargo", ["clippy", "--version"]), outputOf("cargo", ["fmt", "--version"])];
  return versions.every(Boolean) && versions.join(", ");
}

export async function addLints(progress) {
  const cure = "rustup component add clippy rustfmt";
  if (!which("rustup")) throw new Failure("cargo clippy or cargo fmt is missing", { cure });
  await run("rustup", ["component", "add", "clippy", "rustfmt"], { cwd: root, onLine: progress, cure });
}
