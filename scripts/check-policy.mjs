// What the policy of a wrangler configuration says: see USAGE. Rules:
// 1. The file is read by wrangler itself and the policy by the guard itself: what passes here is
//    what the Worker will read. Secrets are not needed and not read.
// 2. stdout is the table; it ends with 1 where there is a mistake.
// 3. What is no TOML (or JSON) is shown where it stands: file:line:column, and the line.
import { parseArgs } from "node:util";
import { commandLine } from "./lib/command.mjs";
import { Failure, log, main } from "./lib/log.mjs";
import { underNode22 } from "./lib/node22.mjs";
import { askRules, policyVariables } from "./lib/policy-rules.mjs";
import { helpIfAsked } from "./lib/usage.mjs";

const USAGE = `${commandLine("check-policy", "[METHOD] [PATH] [--config wrangler.toml] [--env NAME] …")}
What the policy of a wrangler configuration says, path by path, or every mistake in it.
  POST /payments/refunds   which route this request takes, and what holds for it
  --config FILE            another file than wrangler.toml
  --env NAME               one of its environments
  --origin URL             an ORIGIN in place of the file's
  --only-mistakes          no word where there is none
Ends with 1 where there is a mistake.`;
const PLAIN = /^https?:\/\/[a-z0-9.-]+(:\d+)?\/?$/i;

await main(async () => {
  helpIfAsked(USAGE);
  const { config, env, origin, request, "only-mistakes": brief } = options(process.argv.slice(2));
  await underNode22();
  const variables = policyVariables(config, env);
  if (origin !== undefined) variables.ORIGIN = origin;
  if (brief && !mayBeMistaken(variables)) return;
  const { answer, mistakes } = await askRules(variables, (rules, json) => (request ? rules.requestReport(json, ...request) : rules.settingsReport(json)));
  if (!brief) log(`\n${config}${env ? `, environment ${env}` : ""}\n`);
  if (mistakes) fail(mistakes);
  else if (!brief) show(answer);
});

function fail(mistakes) {
  for (const mistake of mistakes) log(mistake);
  process.exitCode = 1;
}

// A reader who has seen enough, such as `head`, is no mistake.
function show(text) {
  process.stdout.on("error", (error) => {
    if (error.code !== "EPIPE") throw error;
  });
  process.stdout.write(text);
}

function options(args) {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        config: { type: "string", default: "wrangler.toml" },
        env: { type: "string" },
        origin: { type: "string" },
        "only-mistakes": { type: "boolean", default: false },
      },
    });
    return { ...values, request: requestFrom(positionals.flatMap((text) => text.split(/\s+/))) };
  } catch (error) {
    throw new Failure(error.message, { cure: error.cure ?? USAGE });
  }
}

/** `["POST", "/path"]` out of what was written, if anything was: the method may be left out, and a URL is its path. */
function requestFrom(words) {
  if (words.length === 0) return undefined;
  const [method, target] = words.length === 1 ? ["POST", words[0]] : words;
  const path = URL.canParse(target) ? new URL(target).pathname : target.split("?")[0];
  if (words.length <= 2 && /^[A-Za-z-]+$/.test(method) && path.startsWith("/")) return [method.toUpperCase(), path];
  throw new Failure(`"${words.join(" ")}" is no request`, { cure: `write its method and its path: ${commandLine("check-policy", "POST /payments/refunds")}` });
}

/** Whether the guard has to be asked: an origin that is no more than an address, alone, holds no mistake. */
function mayBeMistaken({ POLICY, ORIGIN }) {
  return POLICY !== undefined || (ORIGIN !== undefined && !PLAIN.test(ORIGIN));
}
