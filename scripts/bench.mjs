// npm run bench: see USAGE.
import { parseArgs } from "node:util";
import { build } from "./lib/build.mjs";
import { coldStarts } from "./lib/bench/cold.mjs";
import { copies } from "./lib/bench/copies.mjs";
import { grow } from "./lib/bench/growth.mjs";
import { buildLoad, startOrigin } from "./lib/bench/load.mjs";
import { measure } from "./lib/bench/measure.mjs";
import { scenarios } from "./lib/bench/scenarios.mjs";
import { makeSubjects } from "./lib/bench/subjects.mjs";
import { comparison, growth, starts, weights } from "./lib/bench/table.mjs";
import { targets } from "./lib/bench/targets.mjs";
import { weigh } from "./lib/bench/weight.mjs";
import { Failure, main, step } from "./lib/log.mjs";
import { setup } from "./lib/setup.mjs";
import { helpIfAsked } from "./lib/usage.mjs";

const USAGE = `npm run bench [-- --quick] [--before REF] [--part NAME]... [--only NAME]... [--subject NAME]...
              [--rounds N] [--seconds N]
How fast the guard is, beside a Worker that only passes requests on, two JavaScript guards that do
the least that can be done, and itself a second time.
  --quick         short rounds and few keys, for a look while developing
  --before REF    one more Worker: this repository's at an earlier commit
  --part NAME     speed, growth, cold, copies or weight; all without it
  --only NAME     in \`speed\`: the scenarios whose names begin so
  --subject NAME  only these Workers
  --rounds N      how often everything is measured (5, or 1 with --quick)
  --seconds N     for how long, each time (2, or 1 with --quick)
stdout: the tables, in Markdown. docs/PERFORMANCE.md says what they mean.`;

const WARM_SECONDS = { usual: 4, quick: 1 };
// A start takes a twentieth of a second, and varies more than anything else.
const STARTS_A_ROUND = 4;
const STEPS = { usual: [1_000, 10_000, 100_000], quick: [1_000, 3_000] };

const parts = {
  speed: {
    measure: ({ only, ...rest }) => measure({ ...rest, scenarios: beginning(only) }),
    table: (samples) => comparison(samples, ["bare", "floor", "sharded floor", "onlyonce"]),
  },
  growth: {
    // The control would take as long again, to show what the steps show.
    measure: ({ subjects, ...rest }) =>
      grow({ ...rest, scenarios: named("unguarded GET", "first request", "replay, object"), subjects: subjects.filter(({ name, guards }) => guards && name !== "control") }),
    table: growth,
  },
  cold: { measure: ({ rounds, ...rest }) => coldStarts({ ...rest, rounds: rounds * STARTS_A_ROUND }), table: starts },
  copies: {
    measure: (rest) => copies({ ...rest, scenarios: named("first request", "replay, isolate", "replay, object") }),
    table: (samples) => comparison(samples, ["without KV"]),
  },
  weight: { measure: ({ subjects }) => weigh(subjects.filter(({ name }) => name === "onlyonce" || name === "before")), table: weights },
};

await main(async () => {
  helpIfAsked(USAGE);
  const chosen = options(process.argv.slice(2));
  await setup();
  await build();
  const subjects = await subjectsFor(chosen);
  await step("origin and clients", { work: async () => void (await buildLoad()) });
  const origin = await startOrigin();
  const results = {};
  try {
    for (const name of chosen.parts) {
      const { measure, table } = parts[name];
      await step(name, { work: async (show) => void (results[name] = await measure({ ...chosen, subjects, origin, show })) });
      console.log(`\n## ${name}\n\n${table(results[name])}`);
    }
  } finally {
    origin.stop();
    // What has been measured is worth reading when a later part fails.
    console.log(`\n## targets\n\n${targets(results)}`);
  }
});

function options(args) {
  const values = parsed(args);
  refuseUnknown("part", values.part, Object.keys(parts));
  const { quick, before, only, subject } = values;
  const pace = quick ? "quick" : "usual";
  return {
    before,
    only,
    names: subject,
    parts: values.part,
    rounds: numberFrom("--rounds", values.rounds ?? (quick ? "1" : "5")),
    seconds: numberFrom("--seconds", values.seconds ?? (quick ? "1" : "2")),
    warmSeconds: WARM_SECONDS[pace],
    steps: STEPS[pace],
  };
}

function parsed(args) {
  const many = { type: "string", multiple: true };
  const options = {
    quick: { type: "boolean", default: false },
    before: { type: "string" },
    part: { ...many, default: Object.keys(parts) },
    only: { ...many, default: [""] },
    subject: many,
    rounds: { type: "string" },
    seconds: { type: "string" },
  };
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    throw new Failure(error.message, { cure: "npm run bench -- --quick --part speed" });
  }
}

function numberFrom(option, text) {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new Failure(`${option} "${text}" is no whole number above 0`, { cure: `write ${option} 5` });
}

async function subjectsFor({ before, names }) {
  let all;
  await step("what is compared", { work: async (progress) => void (all = await makeSubjects(before, progress)) });
  if (!names) return all;
  refuseUnknown("subject", names, all.map(({ name }) => name));
  return all.filter(({ name }) => names.includes(name));
}

function refuseUnknown(option, names, known) {
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length) throw new Failure(`no ${option} is called ${unknown.join(", ")}`, { cure: `choose from ${known.join(", ")}` });
}

function beginning(starts) {
  const chosen = scenarios().filter(({ name }) => starts.some((start) => name.startsWith(start)));
  if (chosen.length) return chosen;
  throw new Failure(`no scenario's name begins with ${starts.join(" or ")}`, { cure: `choose from ${scenarios().map(({ name }) => name).join("; ")}` });
}

function named(...names) {
  return scenarios().filter(({ name }) => names.includes(name));
}
