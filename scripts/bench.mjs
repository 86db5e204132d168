// npm run bench [-- --quick] [--rounds N] [--only NAME]...: how fast the guard is, beside a Worker
// that only passes requests on and a JavaScript guard that does the least that can be done.
//   --quick         one short round, for a look while developing
//   --rounds N      how often everything is measured; the figures are medians
//   --only NAME     the scenarios whose names begin so
// stdout: the tables. docs/PERFORMANCE.md says what they mean.
import { parseArgs } from "node:util";
import { build } from "./lib/build.mjs";
import { buildLoad, startOrigin } from "./lib/bench/load.mjs";
import { measure } from "./lib/bench/measure.mjs";
import { scenarios } from "./lib/bench/scenarios.mjs";
import { SUBJECTS } from "./lib/bench/subjects.mjs";
import { table } from "./lib/bench/table.mjs";
import { main, step } from "./lib/say.mjs";

await main(async () => {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      rounds: { type: "string" },
      only: { type: "string", multiple: true, default: [""] },
      subjects: { type: "string", default: Object.keys(SUBJECTS).join(",") },
    },
  });
  await build();
  await step("origin and clients", { work: buildLoad });
  const origin = await startOrigin();
  const chosen = scenarios().filter(({ name }) => values.only.some((only) => name.startsWith(only)));
  const rounds = Number(values.rounds ?? (values.quick ? 1 : 5));
  const options = { scenarios: chosen, subjects: values.subjects.split(","), rounds, seconds: values.quick ? 1 : 2, origin };
  let samples;
  await step("measuring", { work: async (show) => void (samples = await measure({ ...options, show })) });
  console.log(table(samples));
  origin.stop();
});
