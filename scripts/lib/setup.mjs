// All that a build, a test or a lint needs. Rules:
// 1. Every step can tell that it is done without changing anything.
// 2. npm loads while cargo compiles. Where one fails, the other ends with this process.
// 3. One installation of tools at a time for each cache folder.
import { join } from "node:path";
import { chromium, installChromium } from "./chromium.mjs";
import { locked } from "./lock.mjs";
import { step } from "./log.mjs";
import { clientPackages, npmPackages, openapiPackages } from "./node22.mjs";
import { cache, wasmTriple } from "./paths.mjs";
import { addLints, addWasmTarget, checkRust, lints, wasmTarget } from "./rust.mjs";
import { cargoTools, installCargoTools } from "./tools.mjs";

export async function setup({ browser = false, clients = false, openapi = false, lint = false } = {}) {
  checkRust();
  await Promise.all([npmPackages(), rustTools()]);
  if (lint) await step("clippy and rustfmt", { done: lints, work: addLints });
  if (clients) await clientPackages();
  if (openapi) await openapiPackages();
  if (browser) await step("Chromium", { done: chromium, work: installChromium });
}

function rustTools() {
  return locked(join(cache, "setup.lock"), async () => {
    await step(`Rust for ${wasmTriple}`, { done: wasmTarget, work: addWasmTarget });
    await step("worker-build and wasm-bindgen", { done: cargoTools, work: installCargoTools });
  });
}
