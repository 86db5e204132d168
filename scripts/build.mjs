// npm run build: the Worker, into build/. Also wrangler's build command: on a machine that was
// never set up it sets up first.
import { build } from "./lib/build.mjs";
import { main } from "./lib/log.mjs";
import { setup } from "./lib/setup.mjs";

await main(async () => {
  await setup();
  await build();
});
