// npm run setup: see USAGE. Does nothing that is already done.
import { log, main } from "./lib/log.mjs";
import { setup } from "./lib/setup.mjs";
import { helpIfAsked } from "./lib/usage.mjs";

const USAGE = `npm run setup [-- --tests --lint]: installs what a build needs, and with the flags what the tests and
the lints need on top`;

const known = ["--tests", "--lint"];
const args = process.argv.slice(2);

await main(async () => {
  helpIfAsked(USAGE);
  const unknown = args.filter((arg) => !known.includes(arg));
  if (unknown.length) {
    log(`unknown argument ${unknown.join(" ")}: allowed are ${known.join(" ")}`);
    process.exit(2);
  }
  const tests = args.includes("--tests");
  await setup({ browser: tests, clients: tests, openapi: tests, lint: args.includes("--lint") });
});
