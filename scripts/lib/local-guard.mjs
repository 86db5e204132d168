// A guard on this machine, until somebody ends it. Rules:
// 1. Storage lies in .wrangler/state, for each origin apart: a second start knows every key of the
//    first, and an origin is never answered for by another. One start at a time uses it.
// 2. A runtime that dies is started again on its storage, as the edge would; only one that cannot
//    even begin ends the whole.
// 3. Ctrl-C, SIGTERM or the end of this process end everything it started.
// 4. A mistake in the configuration or in ORIGIN is told before anything is built, as check-policy tells it.
// 5. With an ORIGIN of your own the guard is the same, and nothing of the demo reaches that origin:
//    the page is served beside the guard, under a path of the guard's own (demo/page-at-guard.js).
import { join } from "node:path";
import { childRuntime } from "./child-runtime.mjs";
import { START, commandLine } from "./command.mjs";
import { Failure, log, main } from "./log.mjs";
import { node22, onEnd } from "./node22.mjs";
import { occupy } from "./occupied.mjs";
import { newOperatorToken } from "./operator-token.mjs";
import { folderOf, whyUnreachable } from "./own-origin.mjs";
import { root, stateFolder } from "./paths.mjs";
import { portAfter, refuseBusyPort } from "./ports.mjs";
import { show } from "./run.mjs";

// By it the demo's runtime finds the queue's consumer in the guard's. Its queues are those of
// demo/queues.toml; they lie in memory, and end with the guard.
const QUEUES = ["--queues", "demo/queues.toml"];
// A path of the shop's where the guard may ask what became of a key; all else is as wrangler.toml says.
// The shop looks at no credentials, but without any the guard asks for nobody.
const SETTLE = ["--route", "demo/settle.json", "--var", "SETTLE_AUTHORIZATION=Bearer demo"];
const REGISTRY = ["--registry", join(stateFolder, "registry")];
const PAGE = ["--around", "demo/page-at-guard.js", "--assets", "demo/wrangler.toml"];
const running = new Set();
let ending = false;

/**
 * Runs the guard of the configuration in `config` in front of `own`, an API's base URL, or else of the demo's shop.
 * `setup` and `build` make what is missing, where there is something to make.
 */
export async function runLocalGuard({ config, port, own, setup, build }) {
  const state = own ? join(stateFolder, "origins", folderOf(own)) : join(stateFolder, "guard");
  await refuseBusyPort(port, "the guard's");
  if (!own) await refuseBusyPort(portAfter(port), "the demo shop's, one above the guard's");
  occupy(state, port);
  if (own) await warnIfUnreachable(own);
  await setup?.();
  await refuseMistakes(config, own);
  await build?.();
  onEnd(endAll);
  const token = newOperatorToken(config);
  const origin = own ?? (await keepRunning("origin", demoArguments(portAfter(port))));
  const mode = own ? PAGE : [...QUEUES, ...REGISTRY, ...SETTLE];
  const guard = await keepRunning("guard", [...guardArguments(config, port, origin, state, token), ...mode]);
  printAddresses({ guard, origin, own, token, unreachable: own && (await whyUnreachable(own)) });
}

// A process of its own: it wants the Node that wrangler wants.
async function refuseMistakes(config, own) {
  const args = [join(root, "scripts", "check-policy.mjs"), "--only-mistakes", "--config", config, ...(own ? ["--origin", own] : [])];
  try {
    await show(node22(), args, { env: { ...process.env, ONLYONCE_PACKAGES: "current" } });
  } catch {
    throw new Failure("nothing was started", { cure: `mend what is named above, then ${START} again` });
  }
}

async function warnIfUnreachable(origin) {
  const reason = await whyUnreachable(origin);
  if (reason) log(`! ORIGIN ${origin}: ${reason}. Start your API; the guard finds it when it is there.`);
}

function demoArguments(port) {
  return ["--no-build", "--config", "demo/wrangler.toml", "--port", String(port), "--persist", join(stateFolder, "demo"), ...REGISTRY];
}

function guardArguments(config, port, origin, state, token) {
  const vars = [`ORIGIN=${origin}`, ...(token ? [`ADMIN_TOKEN=${token}`] : [])].flatMap((value) => ["--var", value]);
  return ["--no-build", "--config", config, "--port", String(port), "--persist", state, "--secrets", ...vars];
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

function printAddresses({ guard, origin, own, token, unreachable }) {
  const said = own ? ownAddresses(guard, unreachable) : demoAddresses(guard, token);
  log(`
The guard answers on ${guard} in front of ${own ? "your API" : "the demo's shop"}, ${origin}

${said}
  operator  ${token ? `ADMIN_TOKEN=${token}` : "ADMIN_TOKEN as in .dev.vars"}, for ${commandLine("doctor")} and the console
  console   ${guard}/.onlyonce/console

Ctrl-C ends it; the keys are kept in .wrangler/state.`);
}

// What stands after the # is never sent; the page shows with it what an operator can do.
function demoAddresses(guard, token) {
  const order = `'{"item":"tea","quantity":1,"price_cents":450}'`;
  return `  open      ${guard}/${token ? `#operator=${token}` : ""}
  try       curl -i ${guard}/orders -H 'Idempotency-Key: "${newKey()}"' -H 'Content-Type: application/json' -d ${order}
            and the same again: the second answer says Idempotency-Replayed: true`;
}

function ownAddresses(guard, unreachable) {
  const missing = unreachable ? `! your API   ${unreachable}. Start it first: whatever key is sent before, the guard calls its outcome unknown
             (502), and goes on doing so. Take a new key then\n` : "";
  return `${missing}  open      ${guard}/.onlyonce/page/, where any request to your API can be sent twice
  try       curl -i ${guard}/.onlyonce/health
  then      curl -i ${guard}/PATH -H 'Idempotency-Key: "${newKey()}"' -H 'Content-Type: application/json' -d '{}'
            with a PATH and a body that your API takes, twice: the second answer says Idempotency-Replayed: true`;
}

function newKey() {
  return `try-${Math.random().toString(36).slice(2, 8)}`;
}
