// Where things are. Rules:
// 1. What belongs to this checkout lies in this checkout (build/, target/, .wrangler/).
// 2. What every checkout can share (worker-build, wasm-bindgen) lies in the cache folder:
//    ONLYONCE_CACHE, else $XDG_CACHE_HOME/onlyonce, else ~/.cache/onlyonce.
// 3. What `npm start` keeps lies in .wrangler/state, or in ONLYONCE_STATE.
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
export const bins = join(root, "node_modules", ".bin");

export const cache = resolve(
  process.env.ONLYONCE_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "onlyonce"),
);
export const toolBins = join(cache, "bin");

export const wasmTriple = "wasm32-unknown-unknown";
export const targetFolder = join(root, "target");

export const workerMain = join(root, "src", "worker.mjs");
export const workerOutput = join(root, "build");
export const browserOutput = join(root, "www", "pkg");
export const stateFolder = resolve(process.env.ONLYONCE_STATE || join(root, ".wrangler", "state"));
