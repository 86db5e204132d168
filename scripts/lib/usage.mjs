// `--help` of a script, and the scripts that take no arguments.
import { Failure } from "./log.mjs";

/** Where help is asked for, prints it on stdout and ends; nothing else happens. */
export function helpIfAsked(usage, args = process.argv.slice(2)) {
  if (!args.includes("--help") && !args.includes("-h")) return;
  process.stdout.write(`${usage}\n`);
  process.exit(0);
}

export function takesNoArguments(usage) {
  const args = process.argv.slice(2);
  helpIfAsked(usage, args);
  if (args.length > 0) throw new Failure(`${args.join(" ")} means nothing here`, { cure: usage });
}
