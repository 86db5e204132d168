// npm run bench [-- --quick] [--rounds N] [--part NAME]... [--only NAME]...
// How fast the guard is, beside a Worker that only passes requests on and a JavaScript guard that
// does the least that can be done.
//   --quick         short rounds and few keys, for a look while developing
//   --rounds N      how often everything is measured (5, or 1 with --quick)
//   --part NAME     speed, growth, cold, copies or weight; all without it
//   --only NAME     in `speed`: the scenarios whose names begin so
// stdout: the tables, in Markdown. docs/PERFORMANCE.md says what they mean.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { build } from "./lib/build.mjs";
import { coldStarts } from "./lib/bench/cold.mjs";
import { copies } from "./lib/bench/copies.mjs";
import { grow } from "./lib/bench/growth.mjs";
import { buildLoad, startOrigin } from "./lib/bench/load.mjs";
import { measure } from "./lib/bench/measure.mjs";
import { scenarios } from "./lib/bench/scenarios.mjs";
import { SUBJECTS } from "./lib/bench/subjects.mjs";
import { comparison, growth, markdown, starts } from "./lib/bench/table.mjs";
import { workerOutput } from "./lib/paths.mjs";
import { Failure, main, step } from "./lib/say.mjs";

const ALL = Object.keys(SUBJECTS);
const GUARDS = ALL.filter((name) => SUBJECTS[name].guards);
const parts = { speed, growth: growing, cold, copies: copying, weight };

await main(async () => {
  const chosen = options(process.argv.slice(2));
  await build();
  await step("origin and clients", { work: buildLoad });
  const origin = await startOrigin();
  try {
    for (const part of chosen.parts) {
      let table;
      await step(part, { work: async (show) => void (table = await parts[part]({ ...chosen, origin, show })) });
      console.log(`\n## ${part}\n\n${table}`);
    }
  } finally {
    origin.stop();
  }
});

function options(args) {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: "boolean", default: false },
      rounds: { type: "string" },
      part: { type: "string", multiple: true, default: Object.keys(parts) },
      only: { type: "string", multiple: true, default: [""] },
    },
  });
  const unknown = values.part.filter((name) => !(name in parts));
  if (unknown.length) throw new Failure(`no part is called ${unknown.join(", ")}`, { cure: `choose from ${Object.keys(parts).join(", ")}` });
  const { quick, only } = values;
  return { quick, only, parts: values.part, rounds: Number(values.rounds ?? (quick ? 1 : 5)), seconds: quick ? 1 : 2 };
}

async function speed({ only, ...rest }) {
  const chosen = scenarios().filter(({ name }) => only.some((begin) => name.startsWith(begin)));
  return comparison(await measure({ ...rest, scenarios: chosen, subjects: ALL }), ["bare", "floor"]);
}

async function growing({ quick, ...rest }) {
  const steps = quick ? [1, 1_000, 3_000] : [1, 1_000, 10_000, 50_000, 100_000];
  return growth(await grow({ ...rest, scenarios: named("unguarded GET", "first request", "replay, object"), subjects: GUARDS, steps }));
}

async function cold(rest) {
  return starts(await coldStarts({ ...rest, subjects: ALL }));
}

async function copying(rest) {
  const chosen = named("first request", "replay, isolate", "replay, object");
  return comparison(await copies({ ...rest, scenarios: chosen }), ["without KV"]);
}

function named(...names) {
  return scenarios().filter(({ name }) => names.includes(name));
}

function weight() {
  const row = (name) => {
    const bytes = readFileSync(join(workerOutput, name));
    return [name, ...[bytes, gzipSync(bytes, { level: 9 })].map(({ length }) => (length / 1000).toFixed(1))];
  };
  return markdown(["", "KB", "KB gzipped"], ["index_bg.wasm", "index.js"].map(row), 1);
}
