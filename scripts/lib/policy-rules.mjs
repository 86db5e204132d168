// The policy of a wrangler configuration, and the guard's own code that reads it, as WebAssembly (src/tools.rs).
// Rules:
// 1. The configuration is read by wrangler and the policy by the guard: what passes here is what the Worker
//    will read.
// 2. Secrets are neither needed nor read.
// 3. In the repository the rules are built first, where that is to be done; the package has them.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Failure } from "./log.mjs";
import { isRepository, rulesOutput } from "./paths.mjs";
import { readConfig } from "./worker-config.mjs";

/** What the rules want to know of a configuration: POLICY, ORIGIN and the bindings that they mind. */
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

/**
 * Asks the rules: `ask` gets their module and the variables as JSON. Returns `{ answer }`, or `{ mistakes }`,
 * a sentence each.
 */
export async function askRules(variables, ask) {
  if (isRepository) await built();
  const rules = await import(pathToFileURL(join(rulesOutput, "onlyonce.js")));
  rules.initSync({ module: readFileSync(join(rulesOutput, "onlyonce_bg.wasm")) });
  try {
    return { answer: ask(rules, JSON.stringify(variables)) };
  } catch (thrown) {
    if (!Array.isArray(thrown)) throw thrown;
    return { mistakes: thrown };
  }
}

async function built() {
  const { buildScriptRules, scriptRulesUpToDate } = await import("./build.mjs");
  if (scriptRulesUpToDate()) return;
  const { setup } = await import("./setup.mjs");
  await setup();
  await buildScriptRules();
}
