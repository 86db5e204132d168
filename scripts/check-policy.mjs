// npm run check-policy [-- --config wrangler.toml --env NAME]: what the policy of a wrangler
// configuration says, path by path, or every mistake in it. Rules:
// 1. The file is read by wrangler itself and the policy by the guard itself: what passes here is
//    what the Worker will read. Secrets are not needed and not read.
// 2. stdout is the table; it ends with 1 where there is a mistake.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { cargoLines } from "./lib/cargo-progress.mjs";
import { Failure, log, main, step } from "./lib/log.mjs";
import { underNode22 } from "./lib/node22.mjs";
import { root } from "./lib/paths.mjs";
import { run } from "./lib/run.mjs";
import { checkRust } from "./lib/rust.mjs";

const USAGE = "npm run check-policy -- [--config wrangler.toml] [--env NAME]";
const CARGO = ["--locked", "--bin", "policy"];

await main(async () => {
  const { config, env } = options(process.argv.slice(2));
  await underNode22();
  checkRust();
  const path = resolve(root, config);
  const variables = variablesOf(path, env);
  await step("the checker", { work: build });
  log(`\n${config}${env ? `, environment ${env}` : ""}\n`);
  process.exitCode = check(variables);
});

function options(args) {
  try {
    return parseArgs({ args, options: { config: { type: "string", default: "wrangler.toml" }, env: { type: "string" } } }).values;
  } catch (error) {
    throw new Failure(error.message, { cure: USAGE });
  }
}

// wrangler only warns of an environment that is not there, and falls back to the top level.
function variablesOf(path, env) {
  const { unstable_readConfig } = createRequire(import.meta.url)("wrangler");
  let config;
  try {
    config = unstable_readConfig({ config: path, env });
  } catch (error) {
    throw new Failure(`${path} cannot be used: ${error.message}`);
  }
  const known = config.definedEnvironments ?? [];
  if (env !== undefined && !known.includes(env)) {
    throw new Failure(`${path} has no environment "${env}"`, { cure: known.length ? `choose from ${known.join(", ")}` : "leave --env out" });
  }
  const { POLICY, ORIGIN } = config.vars;
  const ORIGIN_SERVICE = config.services?.find(({ binding }) => binding === "ORIGIN_SERVICE")?.service;
  const RESPONSES = config.kv_namespaces?.find(({ binding }) => binding === "RESPONSES")?.binding;
  return { POLICY, ORIGIN, ORIGIN_SERVICE, RESPONSES };
}

function build(progress) {
  return run("cargo", ["build", ...CARGO], { cwd: root, onLine: cargoLines(progress) }).then(() => "ready");
}

function check(variables) {
  const options = { cwd: root, input: JSON.stringify(variables), stdio: ["pipe", "inherit", "inherit"] };
  const { status, error } = spawnSync("cargo", ["run", "--quiet", ...CARGO, "--", "check"], options);
  if (error) throw new Failure(`cargo could not be started: ${error.message}`);
  return status ?? 1;
}
