// npm run storm: see USAGE.
import { parseArgs } from "node:util";
import { build } from "./lib/build.mjs";
import { Failure, main } from "./lib/log.mjs";
import { node22 } from "./lib/node22.mjs";
import { root } from "./lib/paths.mjs";
import { show } from "./lib/run.mjs";
import { setup } from "./lib/setup.mjs";
import { helpIfAsked } from "./lib/usage.mjs";

const USAGE = `npm run storm [-- --minutes 60] [--seed N]: the storm of tests/storm, round after round until the
time is up (without --minutes, under two minutes). A round takes half a minute or more, and the
last is run to its end. Each prints its seed; --seed draws the same again, from that seed on.`;

const OPTIONS = { minutes: { type: "string" }, seed: { type: "string" } };

await main(async () => {
  helpIfAsked(USAGE);
  const env = { ...process.env, ...chosen(process.argv.slice(2)) };
  await setup({});
  await build();
  const args = ["test", "--locked", "--test", "storm", "--", "--nocapture"];
  await show("cargo", args, { cwd: root, env: { ...env, ONLYONCE_NODE: node22() } });
});

function chosen(args) {
  const { minutes, seed } = parsed(args);
  const variables = { STORM_MINUTES: wholeNumber("--minutes", minutes), STORM_SEED: wholeNumber("--seed", seed) };
  return Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined));
}

function parsed(args) {
  try {
    return parseArgs({ args, options: OPTIONS }).values;
  } catch (error) {
    throw new Failure(error.message, { cure: "npm run storm -- --minutes 60 --seed 1" });
  }
}

function wholeNumber(name, text) {
  if (text === undefined || /^\d+$/.test(text)) return text;
  throw new Failure(`${name} "${text}" is no whole number`, { cure: `write ${name} 60` });
}
