// npm start: see USAGE. How the guard runs is told in lib/local-guard.mjs.
import { join } from "node:path";
import { build } from "./lib/build.mjs";
import { runLocalGuard } from "./lib/local-guard.mjs";
import { main } from "./lib/log.mjs";
import { originFrom } from "./lib/own-origin.mjs";
import { root } from "./lib/paths.mjs";
import { portFrom } from "./lib/ports.mjs";
import { setup } from "./lib/setup.mjs";
import { takesNoArguments } from "./lib/usage.mjs";

const USAGE = `npm start: sets up what is missing, builds, and runs the guard on this machine
  npm start                                in front of the demo's shop, which is on the port above
  ORIGIN=http://127.0.0.1:9100 npm start   in front of an API of yours
  PORT=9000 npm start                      on another port than 8787
Ctrl-C ends it. What it keeps lies in .wrangler/state; secrets are read from .dev.vars.`;

await main(async () => {
  takesNoArguments(USAGE);
  const port = portFrom(process.env.PORT || "8787", "PORT");
  const own = process.env.ORIGIN && originFrom(process.env.ORIGIN);
  await runLocalGuard({ config: join(root, "wrangler.toml"), port, own, setup, build });
});
