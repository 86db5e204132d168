// A wrangler configuration, read by wrangler itself; what is no TOML (or JSON) is shown where it stands.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { commandLine } from "./command.mjs";
import { Failure } from "./log.mjs";
import { isRepository } from "./paths.mjs";

const ELSEWHERE = "name another with --config";

/** What the Worker's variables are on this machine: the configuration's, and over them those of .dev.vars. */
export function localVariables(file) {
  const { unstable_getVarsForDev } = createRequire(import.meta.url)("wrangler");
  const { configPath, vars } = readConfig(file);
  const entries = Object.entries(unstable_getVarsForDev(configPath, undefined, vars, undefined, true));
  return Object.fromEntries(entries.map(([name, { value }]) => [name, value]));
}

/** The configuration in `file`, for one of its environments where `env` names it. */
export function readConfig(file, env) {
  if (!existsSync(file)) throw new Failure(`there is no ${file}`, { cure: isRepository ? ELSEWHERE : `write one with ${commandLine("init")}, or ${ELSEWHERE}` });
  const { unstable_readConfig } = createRequire(import.meta.url)("wrangler");
  try {
    return unstable_readConfig({ config: resolve(file), env });
  } catch (error) {
    throw unusable(file, error);
  }
}

// wrangler's reader counts lines from 1 and columns from 0, and keeps the place beside the sentence.
function unusable(file, { message, text, location }) {
  if (location?.line === undefined) return new Failure(`${file} cannot be used: ${message}`);
  const { line, column, lineText = "" } = location;
  const tail = [lineText, `${" ".repeat(column)}^`];
  return new Failure(`${file}:${line}:${column + 1}: ${text ?? message}`, { tail, cure: "mend that line, then run the same again" });
}
