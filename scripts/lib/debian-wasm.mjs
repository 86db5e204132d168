// The wasm32 target without Rust's distribution server: Debian ships a rustc, the sources of the
// standard library that fit it, and lld. Rules:
// 1. The standard library is built once, into a toolchain folder in the cache; PATH leads to it.
//    rustup's own toolchains and settings are not touched.
// 2. The stamp holds the packages' version: an upgrade by apt builds it again.
import { copyFileSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { aptInstall, hasApt, installed } from "./apt.mjs";
import { barEnv, cargoLines } from "./cargo-progress.mjs";
import { cache, wasmTriple } from "./paths.mjs";
import { ask, isExecutable, run } from "./run.mjs";
import { Failure } from "./say.mjs";
import { stamp, stamped } from "./stamps.mjs";

const PACKAGES = ["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm"];
const CLIPPY_PACKAGE = "rust-web-clippy";
const CLIPPY_PROGRAMS = ["cargo-clippy", "clippy-driver"];
const CURE = `reach https://static.rust-lang.org and run \`rustup target add ${wasmTriple}\`, or use a Debian release that has ${PACKAGES[0]}`;
const LAYOUT = 2;

export const debianToolchain = join(cache, "rust-wasm32");
const stampFile = join(debianToolchain, "stamp");
const builtLibraries = join(debianToolchain, "lib", "rustlib", wasmTriple, "lib");

export function debianToolchainReady() {
  return hasApt() && Boolean(installed(PACKAGES[0])) && stamped(stampFile, versions());
}

function versions() {
  return [`layout ${LAYOUT}`, ...PACKAGES.map((name) => `${name} ${installed(name)}`)].join("\n");
}

export async function makeDebianToolchain(progress) {
  await aptInstall(PACKAGES, progress, CURE);
  await aptInstall([linker()], progress, CURE);
  rmSync(debianToolchain, { recursive: true, force: true });
  await buildLibraries(progress);
  makeFolder();
  stamp(stampFile, versions());
}

// The packaged rustc calls lld by the version of LLVM it was built with.
function linker() {
  const version = ask("/usr/bin/rustc", ["-vV"])?.match(/^LLVM version: (\d+)/m)?.[1];
  if (!version) throw new Failure("/usr/bin/rustc -vV names no LLVM version", { cure: CURE });
  return `lld-${version}`;
}

async function buildLibraries(progress) {
  const crate = join(debianToolchain, "build");
  mkdirSync(join(crate, "src"), { recursive: true });
  writeFileSync(join(crate, "Cargo.toml"), '[package]\nname = "empty"\nversion = "0.0.0"\nedition = "2021"\n[workspace]\n');
  writeFileSync(join(crate, "src", "lib.rs"), "#![no_std]\n");
  const std = "-Zbuild-std=std,panic_abort,panic_unwind,proc_macro";
  await run("/usr/bin/cargo", ["build", "--release", "--target", wasmTriple, std], {
    cwd: crate,
    env: buildEnv(join(crate, "target")),
    onLine: cargoLines(progress),
    cure: CURE,
  });
  collectLibraries(join(crate, "target", wasmTriple, "release", "deps"));
  rmSync(crate, { recursive: true });
}

function buildEnv(target) {
  const env = { ...process.env, ...barEnv, CARGO_TARGET_DIR: target, RUSTC: "/usr/bin/rustc", RUSTC_BOOTSTRAP: "1" };
  // A later build with link-time optimisation reads the bitcode.
  env.RUSTFLAGS = "-Cembed-bitcode=yes";
  for (const name of ["CARGO", "RUSTUP_TOOLCHAIN", "CARGO_ENCODED_RUSTFLAGS"]) delete env[name];
  return env;
}

function collectLibraries(from) {
  mkdirSync(builtLibraries, { recursive: true });
  const libraries = readdirSync(from).filter((name) => name.endsWith(".rlib") && !name.startsWith("libempty-"));
  for (const name of libraries) copyFileSync(join(from, name), join(builtLibraries, name));
}

function makeFolder() {
  const bin = join(debianToolchain, "bin");
  const host = ask("/usr/bin/rustc", ["-vV"]).match(/^host: (.+)$/m)[1];
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, "rustc"), `#!/bin/sh\nexec /usr/bin/rustc --sysroot '${debianToolchain}' "$@"\n`, { mode: 0o755 });
  for (const name of ["cargo", "rustdoc"]) symlinkSync(`/usr/bin/${name}`, join(bin, name));
  // The sources too: a Worker's build compiles the library once more, its own way (small-std.mjs).
  for (const name of [host, "src"]) symlinkSync(`/usr/lib/rustlib/${name}`, join(debianToolchain, "lib", "rustlib", name));
}

// Without these links PATH would lead to rustup's clippy, which fits another rustc.
export function debianClippyReady() {
  return CLIPPY_PROGRAMS.every((name) => isExecutable(join(debianToolchain, "bin", name)));
}

export async function addDebianClippy(progress) {
  await aptInstall([CLIPPY_PACKAGE], progress, `apt-get install ${CLIPPY_PACKAGE}`);
  for (const name of CLIPPY_PROGRAMS) {
    const link = join(debianToolchain, "bin", name);
    rmSync(link, { force: true });
    symlinkSync(`/usr/bin/${name}`, link);
  }
}
