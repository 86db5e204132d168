// A wrangler configuration, read by wrangler itself; what is no TOML (or JSON) is shown where it stands.
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { Failure } from "./log.mjs";
import { root } from "./paths.mjs";

/** The configuration in `file`, for one of its environments where `env` names it. */
export function readConfig(file, env) {
  const { unstable_readConfig } = createRequire(import.meta.url)("wrangler");
  try {
    return unstable_readConfig({ config: resolve(root, file), env });
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
