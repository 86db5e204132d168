// The policy of a wrangler configuration, and the program that reads it as the Worker does
// (`cargo run --bin policy`). Secrets are neither needed nor read.
import { spawnSync } from "node:child_process";
import { cargoLines } from "./cargo-progress.mjs";
import { Failure } from "./log.mjs";
import { root } from "./paths.mjs";
import { run } from "./run.mjs";
import { readConfig } from "./worker-config.mjs";

const CARGO = ["--locked", "--bin", "policy"];
const LARGEST_ANSWER = 64 * 1024 * 1024;

/** What the program wants to know of a configuration: POLICY, ORIGIN and the bindings that it minds. */
export function policyVariables(file, env) {
  const config = readConfig(file, env);
  const known = config.definedEnvironments ?? [];
  // wrangler only warns of an environment that is not there, and falls back to the top level.
  if (env !== undefined && !known.includes(env)) {
    throw new Failure(`${file} has no environment "${env}"`, { cure: known.length ? `choose from ${known.join(", ")}` : "leave --env out" });
  }
  const { POLICY, ORIGIN } = config.vars;
  const ORIGIN_SERVICE = config.services?.find(({ binding }) => binding === "ORIGIN_SERVICE")?.service;
  const RESPONSES = config.kv_namespaces?.find(({ binding }) => binding === "RESPONSES")?.binding;
  return { POLICY, ORIGIN, ORIGIN_SERVICE, RESPONSES };
}

export function buildPolicyCommand(progress) {
  return run("cargo", ["build", ...CARGO], { cwd: root, onLine: cargoLines(progress) }).then(() => "ready");
}

/** `{ status, stdout }` of the program; its mistakes go to stderr as they are. */
export function policyCommand(args, variables, stdout) {
  const options = { cwd: root, input: JSON.stringify(variables), stdio: ["pipe", stdout, "inherit"], maxBuffer: LARGEST_ANSWER };
  const { status, stdout: answer, error } = spawnSync("cargo", ["run", "--quiet", ...CARGO, "--", ...args], options);
  if (error) throw new Failure(`cargo could not be started: ${error.message}`);
  return { status: status ?? 1, stdout: answer };
}
