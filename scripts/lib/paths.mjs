// Where things are: in a clone of the repository, or in the package that is made of it, where they lie the same
// way. Rules:
// 1. What belongs to this checkout lies in this checkout (build/, target/, .wrangler/).
// 2. What every checkout can share (worker-build, wasm-bindgen) lies in the cache folder:
//    ONLYONCE_CACHE, else $XDG_CACHE_HOME/onlyonce, else ~/.cache/onlyonce.
// 3. What a guard on this machine keeps lies in .wrangler/state, of this checkout or of the folder that the
//    package is used in, or in ONLYONCE_STATE.
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
/** Whether there is something to build; the package has all that is needed already. */
export const isRepository = existsSync(join(root, "Cargo.toml"));
/** Where npm puts the programs that come with it: the package lies in a node_modules itself. */
export const bins = isRepository ? join(root, "node_modules", ".bin") : join(root, "..", ".bin");

export const cache = resolve(
  process.env.ONLYONCE_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "onlyonce"),
);
export const toolBins = join(cache, "bin");

export const wasmTriple = "wasm32-unknown-unknown";
export const targetFolder = join(root, "target");

export const workerMain = join(root, "src", "worker.mjs");
export const workerOutput = join(root, "build");
export const browserOutput = join(root, "www", "pkg");
export const rulesOutput = join(root, "scripts", "pkg");
export const stateFolder = resolve(process.env.ONLYONCE_STATE || join(isRepository ? root : "", ".wrangler", "state"));
