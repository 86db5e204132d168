// npm start: sets up, builds, and runs the guard on http://127.0.0.1:8787 in front of the demo's
// origin, or of your own:
//   ORIGIN=http://127.0.0.1:9100 PORT=9000 npm start
// Its queues are those of demo/queues.toml: the demo's POST /orders/later fills one that the guard
// consumes. They lie in memory, and end with the guard.
// 1. Storage lies in .wrangler/state: a second start knows every key of the first.
// 2. A runtime that dies is started again on its storage, as the edge would; only one that cannot
//    even begin ends the whole.
// 3. Ctrl-C, SIGTERM or the end of this process end everything it started.
import { join } from "node:path";
import { build } from "./lib/build.mjs";
import { childRuntime } from "./lib/child-runtime.mjs";
import { Failure, log, main } from "./lib/log.mjs";
import { onEnd } from "./lib/node22.mjs";
import { stateFolder } from "./lib/paths.mjs";
import { portAfter, portFrom, refuseBusyPort } from "./lib/ports.mjs";
import { setup } from "./lib/setup.mjs";

// By it the demo's runtime finds the queue's consumer in the guard's.
const REGISTRY = ["--registry", join(stateFolder, "registry")];
const running = new Set();
let ending = false;

await main(async () => {
  const port = portFrom(process.env.PORT || "8787", "PORT");
  const own = process.env.ORIGIN && originFrom(process.env.ORIGIN);
  await refuseBusyPort(port);
  if (!own) await refuseBusyPort(portAfter(port));
  await setup();
  await build();
  onEnd(endAll);
  const origin = own ?? (await keepRunning("origin", demoArguments(portAfter(port))));
  const queues = own ? [] : ["--queues", "demo/queues.toml"];
  const guard = await keepRunning("guard", [...guardArguments(port, origin), ...queues]);
  printAddresses(guard, origin, Boolean(own));
});

function originFrom(text) {
  const url = URL.canParse(text) && new URL(text);
  if (url && /^https?:$/.test(url.protocol)) return text;
  throw new Failure(`ORIGIN="${text}" is not an http or https URL`, {
    cure: "write it with its scheme: ORIGIN=http://127.0.0.1:9100 npm start",
  });
}

function demoArguments(port) {
  return ["--no-build", "--config", "demo/wrangler.toml", "--port", String(port), "--persist", join(stateFolder, "demo"), ...REGISTRY];
}

function guardArguments(port, origin) {
  const state = ["--persist", join(stateFolder, "guard"), "--secrets", ...REGISTRY];
  return ["--no-build", "--port", String(port), "--var", `ORIGIN=${origin}`, ...state];
}

async function keepRunning(name, args) {
  const runtime = childRuntime(name, args);
  running.add(runtime);
  runtime.ended.then(() => running.delete(runtime));
  const url = await runtime.url.catch(failToStart);
  // A free port was taken once; whoever knows the address must find it there again.
  const same = args.map((value, at) => (args[at - 1] === "--port" ? new URL(url).port : value));
  runtime.ended.then(() => restart(name, same));
  return url;
}

async function failToStart(error) {
  if (ending) return new Promise(() => {});
  await stopAll();
  throw new Failure(error.message, { cure: "see what it says above" });
}

async function restart(name, args) {
  if (ending) return;
  log(`${name} died; starting it again on the same storage`);
  await main(() => keepRunning(name, args));
}

async function endAll() {
  await stopAll();
  process.exit(0);
}

async function stopAll() {
  ending = true;
  await Promise.all([...running].map((runtime) => runtime.stop()));
}

function printAddresses(guard, origin, own) {
  const target = own ? "your origin" : "the demo's origin";
  const order = `'{"item":"tea","quantity":1,"price_cents":450}'`;
  const key = `try-${Math.random().toString(36).slice(2, 8)}`;
  log(`
The guard answers on ${guard} in front of ${target}, ${origin}

  open  ${guard}/
  try   curl -i ${guard}/orders -H 'Idempotency-Key: "${key}"' -H 'Content-Type: application/json' -d ${order}
        and the same again: the second answer says Idempotency-Replayed: true

Ctrl-C ends it; the keys are kept in .wrangler/state.`);
}
