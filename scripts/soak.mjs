// npm run soak: see scripts/lib/soak/arguments.mjs.
import { deployedModules } from "./lib/bench/deployed.mjs";
import { buildLoad } from "./lib/bench/load.mjs";
import { build } from "./lib/build.mjs";
import { Failure, log, main, step } from "./lib/log.mjs";
import { setup } from "./lib/setup.mjs";
import { soakArguments, USAGE } from "./lib/soak/arguments.mjs";
import { endure } from "./lib/soak/hostile.mjs";
import { judgeSoak } from "./lib/soak/judge.mjs";
import { soak } from "./lib/soak/mixed.mjs";
import { floodWithKeys } from "./lib/soak/new-keys.mjs";
import { floodTable, hostileTable, shapesTable, soakTables } from "./lib/soak/table.mjs";
import { helpIfAsked } from "./lib/usage.mjs";

const CALIBRATION_SECONDS = 30;

await main(async () => {
  helpIfAsked(USAGE);
  const chosen = soakArguments(process.argv.slice(2), process.env);
  await setup();
  await build();
  let modules;
  await step("guard, origin and clients", { work: async () => void ([modules] = [await deployedModules(), await buildLoad()]) });
  const findings = [];
  const hostile = [];
  try {
    for (const name of chosen.scenarios) {
      await step(name, { work: async (show) => void findings.push(...(await run(name, { ...chosen, modules, hostile, show })).map((finding) => `${name}: ${finding}`)) });
    }
  } finally {
    // What has been measured is worth reading when a later scenario fails.
    if (hostile.length) console.log(`\n${hostileTable(hostile)}\n\n${shapesTable(hostile)}`);
  }
  if (findings.length) throw new Failure("the guard did not hold", { tail: findings });
  log("the guard held");
});

async function run(name, { mixedSeconds, otherSeconds, rate, modules, hostile, show }) {
  if (name === "mixed") {
    const result = await soak({ modules, seconds: mixedSeconds, calibration: Math.min(CALIBRATION_SECONDS, mixedSeconds), rate, show });
    console.log(`\n${soakTables(result)}`);
    return judgeSoak(result);
  }
  if (name === "new-keys") {
    const result = await floodWithKeys({ seconds: otherSeconds, show });
    console.log(`\n${floodTable(result)}`);
    return result.findings;
  }
  const result = await endure({ name, modules, seconds: otherSeconds, show });
  hostile.push(result);
  return result.findings;
}
