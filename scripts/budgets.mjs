// npm run budgets: what the Worker weighs and what the rules depend on, against the limits the
// project sets itself. Ends with 1 where one is exceeded.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "./lib/build.mjs";
import { browserOutput, root, workerOutput } from "./lib/paths.mjs";
import { run } from "./lib/run.mjs";
import { Failure, main } from "./lib/say.mjs";
import { setup } from "./lib/setup.mjs";
import { hasSmallStd } from "./lib/small-std.mjs";
import { wasmEnv } from "./lib/wasm-target.mjs";

const MAX_WASM = 250_000;
const MAX_WASM_GZIPPED = 90_000;
// The standard library as it was shipped takes this much more.
const SHIPPED_LIBRARY = 1.1;
const MAX_PAGE_WASM = 60_000;
// serde_json is for src/bin/policy and the tests.
const ALLOWED = ["serde_json", "sha2", "subtle"];

await main(async () => {
  await setup();
  await build();
  const exceeded = [...sizes(), ...(await dependencies())];
  if (exceeded.length) throw new Failure(`over budget: ${exceeded.join("; ")}`);
});

function sizes() {
  const wasm = readFileSync(join(workerOutput, "index_bg.wasm"));
  const page = readFileSync(join(browserOutput, "onlyonce_bg.wasm"));
  const more = hasSmallStd(wasmEnv()) ? 1 : SHIPPED_LIBRARY;
  return [
    compare("wasm", wasm.length, MAX_WASM * more),
    compare("wasm, gzipped", gzipSync(wasm, { level: 9 }).length, MAX_WASM_GZIPPED * more),
    compare("wasm, page", page.length, MAX_PAGE_WASM),
  ].flat();
}

function compare(name, bytes, most) {
  console.log(`${name.padEnd(16)}${kilobytes(bytes)} of ${kilobytes(most)}`);
  return bytes > most ? [`${name} is ${kilobytes(bytes)}, allowed are ${kilobytes(most)}`] : [];
}

function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1)} KB`;
}

// The host build is src/guard alone, so its dependencies are those of the rules.
async function dependencies() {
  const direct = await tree(["--depth", "1"]);
  const all = await tree([]);
  console.log(`host crates     ${direct.join(", ")}; with what they bring: ${all.join(", ")}`);
  const others = direct.filter((name) => !ALLOWED.includes(name));
  return others.length ? [`${others.join(", ")} beside ${ALLOWED.join(", ")} in the host build`] : [];
}

async function tree(args) {
  const output = await run("cargo", ["tree", "--locked", "-e", "normal", "--prefix", "none", ...args], { cwd: root });
  const names = output.trim().split("\n").map((line) => line.split(" ")[0]);
  return [...new Set(names.slice(1))].sort();
}
