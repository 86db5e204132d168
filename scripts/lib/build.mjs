// Builds the Worker into build/ with worker-build, what the demo's page takes beside its source into
// www/pkg: the rules, its modules in few files, and the documents that it links to; and the rules that
// scripts read a policy with into scripts/pkg.
// 1. wrangler.toml calls this as its `[build] command`, so a deployment is built the same way.
// 2. Worker and rules come from one target folder: what they depend on is compiled once.
// 3. Two builds at once wait for each other, and files in use are replaced whole.
// 4. Nothing happens when no input is younger than what was made of it.
import { copyFileSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { cargoLines } from "./cargo-progress.mjs";
import { locked } from "./lock.mjs";
import { documentInputs, makeDocuments } from "./documents.mjs";
import { Failure, step } from "./log.mjs";
import { browserOutput, root, rulesOutput, targetFolder, toolBins, wasmTriple, workerOutput } from "./paths.mjs";
import { run } from "./run.mjs";
import { allToolsReady, toolEnv } from "./tools.mjs";

const CRATE = [
  "src", "Cargo.toml", "Cargo.lock", "rust-toolchain.toml", ".cargo/config.toml", "package-lock.json", "scripts/lib/build.mjs",
];
const CARGO_TOOLS = [join(toolBins, "worker-build"), join(toolBins, "wasm-bindgen")];
// Each is loaded by a page of its own.
const ENTRIES = ["page", "api-page", "queue", "tab"];
// A compiler's errors are long, and the first is the one that matters.
const COMPILER_LINES = 500;
// worker-build's own output, with the names of functions: a stack from a deployment can be read by it.
const unstripped = join(targetFolder, "worker-build");
// The crate that links the library for the platform.
const linked = join("src", "worker");
// Names and tool versions are a third of the file, and only serve a panic's stack.
const STRIP = ["--strip-debug", "--strip-producers"];

const fromCrate = () => [...CRATE.map((name) => join(root, name)), ...CARGO_TOOLS].flatMap(withContents);
const PRODUCTS = [
  { name: "the Worker", folder: workerOutput, files: ["index_bg.wasm", "index.js"], inputs: fromCrate, make: makeWorker },
  rules("the page", "browser", browserOutput),
  { name: "the page", folder: browserOutput, files: ENTRIES.map((name) => `${name}.js`), inputs: pageSources, make: makePage },
  { name: "the page's documents", folder: join(browserOutput, "docs"), files: ["README.html"], inputs: documentInputs, make: makeDocuments },
];
// Only what reads a policy wants them, and a first start need not wait for them.
const SCRIPT_RULES = rules("scripts", "tools", rulesOutput);

/** The tools must be there (see setup.mjs). */
export async function build() {
  await makeAll(PRODUCTS);
}

/** The same for the rules that scripts read a policy with. */
export async function buildScriptRules() {
  await makeAll([SCRIPT_RULES]);
}

export function scriptRulesUpToDate() {
  return upToDate(SCRIPT_RULES);
}

async function makeAll(products) {
  if (!allToolsReady()) throw new Failure("a tool of the build is missing or has another version", { cure: "npm run setup" });
  await locked(join(root, ".wrangler", "build.lock"), async () => {
    for (const product of products) {
      await step(product.name, { done: () => upToDate(product), work: (progress) => make(product, progress) });
    }
  });
}

// What is edited while it builds is younger than what is made of it.
async function make({ folder, files, make }, progress) {
  const begun = new Date();
  await make(toolEnv(), progress);
  for (const name of files) utimesSync(join(folder, name), begun, begun);
}

function upToDate({ folder, files, inputs }) {
  const made = Math.min(...files.map((name) => changedAt(join(folder, name))));
  return inputs().every((path) => changedAt(path) < made) && "unchanged";
}

/** Milliseconds; 0 where there is no such file. */
function changedAt(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

// A folder is younger than what was removed from it.
function withContents(path) {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [path];
  return [path, ...readdirSync(path, { recursive: true }).map((name) => join(path, name))];
}

async function makeWorker(env, progress) {
  // worker-build takes what a failed build left there for one that still runs, and waits.
  rmSync(unstripped, { recursive: true, force: true });
  const args = ["--release", linked, "--out-dir", relative(join(root, linked), unstripped), "--locked"];
  await run(join(toolBins, "worker-build"), args, { cwd: root, env, onLine: cargoLines(progress), tailLines: COMPILER_LINES });
  await run(env.WASM_OPT_BIN, [join(unstripped, "index_bg.wasm"), "-o", join(unstripped, "stripped.wasm"), ...STRIP], { env });
  replace(join(unstripped, "stripped.wasm"), join(workerOutput, "index_bg.wasm"));
  replace(join(unstripped, "index.js"), join(workerOutput, "index.js"));
}

// The page's modules run as they are; in few files they are there after few requests.
function pageSources() {
  const www = join(root, "www");
  const sources = readdirSync(www, { recursive: true }).filter((name) => name.endsWith(".js") && !name.startsWith("pkg"));
  return [...sources.map((name) => join(www, name)), join(browserOutput, "onlyonce.js"), join(root, "scripts", "lib", "build.mjs")];
}

async function makePage(env) {
  const entries = ENTRIES.map((name) => join("www", `${name}.js`));
  const options = ["--bundle", "--format=esm", "--target=es2022", "--minify", "--sourcemap", "--log-level=warning", `--outdir=${browserOutput}`];
  await run(env.ESBUILD_BIN, [...entries, ...options], { cwd: root, env });
}

/** The rules as a module of their own: the crate with one of its features. */
function rules(whose, feature, folder) {
  const make = (env, progress) => makeRules(feature, folder, env, progress);
  return { name: `the rules for ${whose}`, folder, files: ["onlyonce_bg.wasm", "onlyonce.js"], inputs: fromCrate, make };
}

// wasm-bindgen writes a module that browsers and Node.js load as it is.
async function makeRules(feature, folder, env, progress) {
  const made = join(targetFolder, feature);
  const cargo = ["build", "--release", "--locked", "--package", "onlyonce-worker", "--target", wasmTriple, "--features", feature];
  await run("cargo", cargo, { cwd: root, env, onLine: cargoLines(progress), tailLines: COMPILER_LINES });
  const wasm = join(targetFolder, wasmTriple, "release", "onlyonce_worker.wasm");
  await run(env.WASM_BINDGEN_BIN, ["--target", "web", "--no-typescript", "--out-name", "onlyonce", "--out-dir", made, wasm], { env });
  await run(env.WASM_OPT_BIN, [join(made, "onlyonce_bg.wasm"), "-o", join(made, "small.wasm"), "-Oz", ...STRIP], { env });
  replace(join(made, "small.wasm"), join(folder, "onlyonce_bg.wasm"));
  replace(join(made, "onlyonce.js"), join(folder, "onlyonce.js"));
}

// A reader meets the old file or the new one, never half of it.
function replace(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, `${to}.new`);
  renameSync(`${to}.new`, to);
}
