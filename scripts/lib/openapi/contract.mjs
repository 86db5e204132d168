// The policy's contract: from a configuration, read by the guard's own code, or as a guard or a file tells it.
import { readFileSync } from "node:fs";
import { commandLine } from "../command.mjs";
import { Failure, log } from "../log.mjs";
import { askRules, policyVariables } from "../policy-rules.mjs";
import { isObject } from "./document.mjs";

const PATIENCE_MS = 10_000;
const PLACE = "/.onlyonce/contract";

/** `{ version, routes, refusals, headers }`; the last route is for every path that no other is for. */
export async function readContract({ contract, config, env, origin }) {
  if (contract === undefined) return ofConfiguration(config, env, origin);
  const text = /^https?:\/\//i.test(contract) ? await ofGuard(contract) : ofFile(contract);
  return parsed(text, contract);
}

async function ofConfiguration(config, env, origin) {
  const variables = policyVariables(config, env);
  if (origin !== undefined) variables.ORIGIN = origin;
  const { answer, mistakes = [] } = await askRules(variables, (rules, json) => rules.contract(json));
  for (const mistake of mistakes) log(mistake);
  if (answer === undefined) throw new Failure(`the policy in ${config} cannot be used`, { cure: `${commandLine("check-policy")} tells the same, and what each route does` });
  return parsed(answer, config);
}

async function ofGuard(address) {
  const url = new URL(address);
  if (url.pathname === "/") url.pathname = PLACE;
  const answer = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) }).catch((error) => unreachable(url, error.cause?.message ?? error.message));
  if (answer.ok) return answer.text();
  return unreachable(url, `it answers ${answer.status}`);
}

function unreachable(url, why) {
  throw new Failure(`${url} cannot be asked: ${why}`, { cure: `name a running guard: --contract https://api.example.com${PLACE}` });
}

function ofFile(file) {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new Failure(`${file} cannot be read: ${error.message}`, { cure: "name a file or the URL of a running guard" });
  }
}

function parsed(text, from) {
  try {
    const contract = JSON.parse(text);
    if (isContract(contract)) return contract;
  } catch {
    // Told below.
  }
  throw new Failure(`${from} is no contract of the guard's`, { cure: `it is what GET ${PLACE} of a running guard answers` });
}

function isContract({ version, routes, refusals, headers } = {}) {
  const hasRoutes = Array.isArray(routes) && routes.at(-1)?.path === "*" && routes.every(isRoute);
  return typeof version === "string" && hasRoutes && isObject(refusals) && isObject(headers) && Array.isArray(headers.response);
}

// A route that guards nothing says no more than that.
function isRoute({ path, key, methods, key_from: sources }) {
  return typeof path === "string" && (key === "off" || (Array.isArray(methods) && Array.isArray(sources)));
}
