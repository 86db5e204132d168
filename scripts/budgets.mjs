// npm run budgets: what the Worker and the page's rules weigh, against the limits that the project
// sets itself. Ends with 1 where one is exceeded.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "./lib/build.mjs";
import { Failure, main } from "./lib/log.mjs";
import { browserOutput, workerOutput } from "./lib/paths.mjs";
import { setup } from "./lib/setup.mjs";
import { takesNoArguments } from "./lib/usage.mjs";

// Script and WebAssembly together, gzipped, as the platform counts a Worker (its own limit on the
// free plan is 3 MB). The project wants 250; docs/PERFORMANCE.md says what weighs how much. Settling, the
// console and the count of outcomes took 18.
const MAX_WORKER = 370_000;
// Most of it is what reads JSON: tokens for the fingerprint, and a bearer token's claims.
const MAX_PAGE = 78_000;

await main(async () => {
  takesNoArguments("npm run budgets: what the Worker and the page's rules weigh, against the project's own limits");
  await setup();
  await build();
  const exceeded = [
    ...compare("Worker, gzipped", [join(workerOutput, "index_bg.wasm"), join(workerOutput, "index.js")], MAX_WORKER),
    ...compare("page, gzipped", [join(browserOutput, "onlyonce_bg.wasm"), join(browserOutput, "onlyonce.js")], MAX_PAGE),
  ];
  if (exceeded.length) throw new Failure(`over budget: ${exceeded.join("; ")}`);
});

function compare(name, files, most) {
  const bytes = files.reduce((sum, file) => sum + gzipSync(readFileSync(file), { level: 9 }).length, 0);
  console.log(`${name.padEnd(18)}${kilobytes(bytes)} of ${kilobytes(most)}`);
  return bytes > most ? [`${name} is ${kilobytes(bytes)}, allowed are ${kilobytes(most)}`] : [];
}

function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1)} KB`;
}
