#!/usr/bin/env node
// The command of the package: see USAGE. Each of its words is a script beside this one, which is run as it is.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./lib/paths.mjs";

const USAGE = `npx onlyonce <command> [--help]
  init           writes a guard's wrangler.toml, package.json and .dev.vars.example
  dev            runs the guard on this machine, in front of your API, with a page to try it on
  check-policy   what the policy of wrangler.toml says, path by path, or every mistake in it
  doctor         what happened to a request that seems to have been carried out twice
  openapi        the policy's contract in an OpenAPI document, or what the two do not agree on
  conform        whether an endpoint keeps what its clients are promised of an idempotency key`;

const COMMANDS = [...USAGE.matchAll(/^ {2}(\S+)/gm)].map(([, name]) => name);
const [name] = process.argv.slice(2);

if (COMMANDS.includes(name)) {
  const script = join(root, "scripts", `${name}.mjs`);
  process.argv.splice(1, 2, script);
  await import(pathToFileURL(script));
} else if (name === "--help" || name === "-h" || name === undefined) {
  process.stdout.write(`${USAGE}\n`);
} else {
  process.stderr.write(`"${name}" is no command of onlyonce\n${USAGE}\n`);
  process.exitCode = 2;
}
