// npm run build: the Worker, into build/. Also wrangler's build command: on a machine that was
// never set up it sets up first.
import { build } from "./lib/build.mjs";
import { main } from "./lib/log.mjs";
import { setup } from "./lib/setup.mjs";
import { takesNoArguments } from "./lib/usage.mjs";

await main(async () => {
  takesNoArguments("npm run build: builds the Worker into build/ and the page's share of it into www/pkg; sets up first what is missing");
  await setup();
  await build();
});
