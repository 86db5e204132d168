// The command line of openapi. Every mistake names the argument, what is wrong with it, and
// what is allowed.
import { commandLine } from "../command.mjs";
import { Failure } from "../log.mjs";
import { parsedArguments } from "../usage.mjs";

export const USAGE = `${commandLine("openapi", "DOCUMENT [options]")}
The contract of the policy in an API's own OpenAPI document (3.0 or 3.1, YAML or JSON).
  openapi.yaml             an OpenAPI Overlay (1.0) that adds, to each guarded operation, the key's parameter,
                           the answers' headers, and the refusals
  openapi.yaml --apply     the whole document with all that in it
  openapi.yaml --check     what the document and the policy do not agree on
  --output FILE            where it is written; the document itself is allowed with --apply. Else: stdout
  --base /v1               the path at which the API stands, in place of what its \`servers\` say
  --config FILE            another file than wrangler.toml
  --env NAME               one of its environments
  --origin URL             an ORIGIN in place of the file's
  --contract FILE | URL    the policy as a running guard tells it at /.onlyonce/contract, in place of --config
  --json                   --check: the findings as JSON
What --check finds:
  unguarded      a POST or PATCH that no route guards; a PUT or DELETE that the document calls not idempotent
                 and no route guards. It does so by any of: "x-idempotent": false; a summary or description
                 with "not idempotent" or "non-idempotent"; an idempotency key among its parameters; a PUT whose
                 only success is 201 with a Location header
  partly-guarded one that is guarded for some of its paths only
  no-operation   a route of the policy that no operation of the document takes
  key            a key that the policy requires and the document calls optional or does not mention, and
                 the other way round
  key-member     a key in the body that the body's schema does not have
  acceptance     an acceptance without a reason
What is meant to be so is accepted in the document, with the reason: "x-onlyonce": { "unguarded": "why" } in
the operation, "x-onlyonce": { "routes": { "/path/**": "why" } } at the top. docs/OPENAPI.md has more.
Ends with 0 where all is well, 1 where --check found something, 2 where it could not do its work.`;

const text = { type: "string" };
const flag = { type: "boolean", default: false };
const OPTIONS = {
  apply: flag,
  check: flag,
  json: flag,
  output: text,
  base: text,
  config: { type: "string", default: "wrangler.toml" },
  env: text,
  origin: text,
  contract: text,
};

export function openapiArguments(args) {
  const { values, positionals } = parsedArguments(args, OPTIONS, USAGE, true);
  if (positionals.length !== 1) {
    const what = positionals.length === 0 ? "no document is named" : `more than one document is named: ${positionals.join(", ")}`;
    throw new Failure(what, { cure: commandLine("openapi", "openapi.yaml") });
  }
  refuseTogether(values);
  return { ...values, document: positionals[0], base: values.base === undefined ? undefined : basePath(values.base) };
}

function refuseTogether({ apply, check, json, output, contract, env, origin }) {
  if (apply && check) throw new Failure("--apply and --check are two questions", { cure: "ask one after the other" });
  if (json && !check) throw new Failure("--json is for --check alone", { cure: "the overlay and the document are written as the document is, YAML or JSON" });
  if (check && output !== undefined) throw new Failure("--check writes no document", { cure: "leave --output out; redirect stdout to keep what it finds" });
  const beside = contract !== undefined && [env !== undefined && "--env", origin !== undefined && "--origin"].filter(Boolean)[0];
  if (beside) throw new Failure(`${beside} is for a configuration, and --contract is in place of one`, { cure: `leave one of the two out` });
}

/** "/v1" of "/v1/", "v1" or a URL; "" where the API stands at the root. */
function basePath(value) {
  const path = URL.canParse(value) ? new URL(value).pathname : value;
  if (/[?#\s]/.test(path)) throw new Failure(`--base "${value}" is no path`, { cure: "write --base /v1" });
  return path === "/" ? "" : `/${path.replace(/^\/+|\/+$/g, "")}`;
}
