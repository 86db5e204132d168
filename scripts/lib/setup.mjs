// All that a build, a test or a lint needs, in order. Rules:
// 1. Every step can tell that it is done without changing anything.
// 2. One set-up at a time for each cache folder.
import { join } from "node:path";
import { chromium, installChromium } from "./chromium.mjs";
import { addDebianClippy } from "./debian-wasm.mjs";
import { npmPackages } from "./node22.mjs";
import { cache, wasmTriple } from "./paths.mjs";
import { ask, run, which } from "./run.mjs";
import { Failure, step } from "./say.mjs";
import { installSmallStd, smallStd } from "./small-std.mjs";
import { locked } from "./stamps.mjs";
import { checkHostRust, installTarget, targetReady, wasmClippy, wasmEnv } from "./wasm-target.mjs";
import { forgetToolObjects, installTool, toolReady, tools } from "./tools.mjs";

export async function setup({ tests = false, lint = false, again = false } = {}) {
  await npmPackages();
  checkHostRust();
  await locked(join(cache, "setup.lock"), async () => {
    await step(`Rust for ${wasmTriple}`, { done: targetReady, work: installTarget });
    await step("its standard library", { done: () => !again && smallStd(wasmEnv()), work: () => installSmallStd(wasmEnv()) });
    await buildTools();
    if (lint) await step("clippy and rustfmt", { done: clippyReady, work: installClippy });
    if (tests) await step("Chromium", { done: chromium, work: installChromium });
  });
}

async function buildTools() {
  for (const tool of tools) {
    const work = (progress) => installTool(tool, progress);
    await step(`${tool.crate} ${tool.version()}`, { done: () => toolReady(tool), work });
  }
  forgetToolObjects();
}

function clippyReady() {
  const versions = [ask("cargo", ["clippy", "--version"]), wasmClippy()];
  return versions.every(Boolean) && ask("cargo", ["fmt", "--version"]) && [...new Set(versions)].join(", ");
}

async function installClippy(progress) {
  const cure = "rustup component add clippy rustfmt";
  if (!ask("cargo", ["clippy", "--version"]) || !ask("cargo", ["fmt", "--version"])) {
    if (!which("rustup")) throw new Failure("cargo clippy or cargo fmt is missing", { cure });
    await run("rustup", ["component", "add", "clippy", "rustfmt"], { onLine: progress, cure });
  }
  if (!wasmClippy()) await addDebianClippy(progress);
}
