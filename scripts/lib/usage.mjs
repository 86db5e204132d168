// `--help` of a script, its options, and the scripts that take no arguments.
import { parseArgs } from "node:util";
import { Failure } from "./log.mjs";

/** Where help is asked for, prints it on stdout and ends; nothing else happens. */
export function helpIfAsked(usage, args = process.argv.slice(2)) {
  if (!args.includes("--help") && !args.includes("-h")) return;
  process.stdout.write(`${usage}\n`);
  process.exit(0);
}

/** What `parseArgs` of Node.js makes of a command line; a mistake in it is told with the usage. */
export function parsedArguments(args, options, usage, allowPositionals = false) {
  try {
    return parseArgs({ args, options, allowPositionals });
  } catch (error) {
    throw new Failure(error.message, { cure: usage });
  }
}

export function takesNoArguments(usage) {
  const args = process.argv.slice(2);
  helpIfAsked(usage, args);
  if (args.length > 0) throw new Failure(`${args.join(" ")} means nothing here`, { cure: usage });
}
