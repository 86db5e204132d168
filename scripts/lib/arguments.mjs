// The command line of runtime.mjs, parsed once. Every mistake names the argument, what is wrong
// with it, and what is allowed.
import { Failure } from "./log.mjs";
import { portFrom } from "./ports.mjs";
import { parsedArguments } from "./usage.mjs";

export const USAGE =
  "node scripts/runtime.mjs [--config wrangler.toml] [--port 8787] [--persist DIR] " +
  "[--var NAME=VALUE]... [--policy JSON] [--secrets] [--no-kv] [--queues FILE] [--assets FILE] " +
  "[--registry DIR] [--beside FILE] [--no-build] [--end-with-stdin] [--around FILE] [--route FILE] [--tail FILE]";

const OPTIONS = {
  config: { type: "string", default: "wrangler.toml" },
  port: { type: "string", default: "8787" },
  persist: { type: "string" },
  var: { type: "string", multiple: true, default: [] },
  policy: { type: "string" },
  secrets: { type: "boolean", default: false },
  "no-kv": { type: "boolean", default: false },
  queues: { type: "string" },
  assets: { type: "string" },
  registry: { type: "string" },
  beside: { type: "string" },
  "no-build": { type: "boolean", default: false },
  "end-with-stdin": { type: "boolean", default: false },
  around: { type: "string" },
  route: { type: "string" },
  tail: { type: "string" },
};

export function runtimeArguments(args) {
  const values = parsedArguments(args, OPTIONS, USAGE).values;
  const vars = Object.fromEntries(values.var.map(variable));
  if (values.policy !== undefined) vars.POLICY = policy(values.policy);
  return {
    config: values.config,
    port: portFrom(values.port, "--port"),
    persist: values.persist,
    vars,
    secrets: values.secrets,
    kv: !values["no-kv"],
    queues: values.queues,
    assets: values.assets,
    registry: values.registry,
    beside: values.beside,
    tail: values.tail,
    build: !values["no-build"],
    endWithStdin: values["end-with-stdin"],
    around: values.around,
    route: values.route,
  };
}

function variable(text) {
  const at = text.indexOf("=");
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new Failure(`--var "${text}" has no name and value`, { cure: "write --var NAME=VALUE" });
}

function policy(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Failure(`--policy is not JSON: ${error.message}`, { cure: `write --policy '{"wait": "5s"}'` });
  }
  if (value !== null && typeof value === "object" && !Array.isArray(value)) return value;
  throw new Failure(`--policy ${text} is not a JSON object`, { cure: `write --policy '{"wait": "5s"}'` });
}
