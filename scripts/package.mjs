// npm run package: see USAGE.
import { build, buildScriptRules } from "./lib/build.mjs";
import { main } from "./lib/log.mjs";
import { pack } from "./lib/package.mjs";
import { releaseVersion } from "./lib/release.mjs";
import { setup } from "./lib/setup.mjs";
import { takesNoArguments } from "./lib/usage.mjs";

const USAGE = `npm run package: sets up and builds what is missing, and makes the npm package \`onlyonce\` of it, with which
the guard is run and deployed without Rust. Prints the package's file`;

await main(async () => {
  takesNoArguments(USAGE);
  releaseVersion();
  await setup();
  await build();
  await buildScriptRules();
  process.stdout.write(`${await pack()}\n`);
});
