// The guard of a folder's wrangler.toml on this machine: see USAGE. How it runs is told in lib/local-guard.mjs.
// Rules:
// 1. An ORIGIN that is written down somewhere is the guard's, in the order that USAGE gives. The one that
//    `onlyonce init` writes is an example, and nobody's.
// 2. Where there is none, the demo's shop stands in its place.
import { resolve } from "node:path";
import { startWith } from "./lib/command.mjs";
import { runLocalGuard } from "./lib/local-guard.mjs";
import { log, main } from "./lib/log.mjs";
import { underNode22 } from "./lib/node22.mjs";
import { originFrom } from "./lib/own-origin.mjs";
import { portFrom } from "./lib/ports.mjs";
import { helpIfAsked, parsedArguments } from "./lib/usage.mjs";
import { localVariables } from "./lib/worker-config.mjs";

const USAGE = `npx onlyonce dev [--origin URL] [--port 8787] [--config wrangler.toml]
Runs the guard of a wrangler configuration on this machine, in front of your API, with a page to try it on.
  --origin URL    your API; else ORIGIN as the environment, .dev.vars or the configuration has it. Where none of
                  them names one: a demo shop, on the port above
  --port N        another port than 8787, or PORT of the environment; 0 takes a free one
  --config FILE   another file than wrangler.toml
Ctrl-C ends it. What it keeps lies in .wrangler/state; secrets are read from .dev.vars.`;

const OPTIONS = {
  origin: { type: "string" },
  port: { type: "string", default: process.env.PORT || "8787" },
  config: { type: "string", default: "wrangler.toml" },
};
/** What `onlyonce init` writes, to be changed. */
const EXAMPLE = "https://origin.example.com";

await main(async () => {
  helpIfAsked(USAGE);
  const { origin, port, config } = parsedArguments(process.argv.slice(2), OPTIONS, USAGE).values;
  await underNode22();
  const { ORIGIN } = localVariables(config);
  const own = originOf(origin ?? process.env.ORIGIN ?? ORIGIN);
  await runLocalGuard({ config: resolve(config), port: portFrom(port, "--port"), own });
});

function originOf(origin) {
  if (origin && origin !== EXAMPLE) return originFrom(origin);
  const example = origin ? ` but the example's, ${EXAMPLE}` : "";
  log(`- no ORIGIN is named yet${example}: a demo shop stands in its place. With an API of yours: ${startWith("origin", "http://127.0.0.1:9100")}`);
  return undefined;
}
