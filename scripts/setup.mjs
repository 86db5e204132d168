// npm run setup [-- --tests --lint]: installs what a build needs, and with the flags what the
// tests and the lints need on top. Does nothing that is already done, and tries again what could
// not be done before.
import { main, say } from "./lib/say.mjs";
import { setup } from "./lib/setup.mjs";

const known = ["--tests", "--lint"];
const args = process.argv.slice(2);

await main(async () => {
  const unknown = args.filter((arg) => !known.includes(arg));
  if (unknown.length) {
    say(`unknown argument ${unknown.join(" ")}: allowed are ${known.join(" ")}`);
    process.exit(2);
  }
  await setup({ tests: args.includes("--tests"), lint: args.includes("--lint"), again: true });
});
