// Runs one Worker on the real workerd and says where:
//   node scripts/runtime.mjs [--config wrangler.toml] [--port 8787] [--persist DIR]
//     [--var NAME=VALUE]... [--policy JSON] [--secrets] [--no-kv] [--queues FILE] [--assets FILE]
//     [--registry DIR] [--beside FILE] [--no-build] [--end-with-stdin] [--around FILE]
//     [--route FILE] [--tail FILE]
// --queues adds the queues that another configuration names; they lie in memory and end with it.
// --assets adds another configuration's static files, under its binding.
// --registry is a folder by which runtimes on this machine find the consumers of each other's queues.
// --beside runs the Worker of another configuration in the same workerd, on a port of its own.
// --secrets reads .dev.vars beside the configuration, as wrangler does; without it nothing of the
// developer's own reaches a test.
// --end-with-stdin ends it when its input closes: a test that holds the other end takes it along,
// however the test ends.
// --route puts a route, as JSON, ahead of those that the policy has.
// --tail streams what is traced to the Worker of another configuration.
// --around runs another module in the Worker's place, which imports src/worker.mjs.
// stdout: exactly one line `ready http://127.0.0.1:<port> workerd=<pid>` once it answers, then
// what the Worker logs; with --beside the line ends in ` beside=<its address>`. It ends when workerd ends, and the other way round.
import { join, resolve } from "node:path";
import { runtimeArguments, USAGE } from "./lib/arguments.mjs";
import { log, main } from "./lib/log.mjs";
import { onEnd, underNode22 } from "./lib/node22.mjs";
import { root } from "./lib/paths.mjs";
import { helpIfAsked } from "./lib/usage.mjs";

await main(async () => {
  helpIfAsked(USAGE);
  const { build, endWithStdin, ...options } = runtimeArguments(process.argv.slice(2));
  await underNode22();
  if (build) await buildWorker(options.config);
  const { startRuntime } = await import("./lib/runtime.mjs");
  const runtime = await startRuntime({ ...options, log: passOn, crashed });
  const end = () => runtime.stop().then(() => process.exit(0));
  onEnd(end);
  if (endWithStdin) process.stdin.on("close", end).resume();
  const beside = runtime.beside ? ` beside=${runtime.beside}` : "";
  process.stdout.write(`ready ${runtime.url} workerd=${runtime.pid}${beside}\n`);
});

// The demo's modules run as they are, but its page has the guard's rules in it.
async function buildWorker(config) {
  if (!["wrangler.toml", "demo/wrangler.toml"].some((own) => resolve(root, config) === join(root, own))) return;
  const { build } = await import("./lib/build.mjs");
  await build();
}

function passOn(level, message) {
  const stream = level === "error" || level === "warn" ? process.stderr : process.stdout;
  stream.write(`${message}\n`);
}

function crashed(reason) {
  log(reason);
  process.exit(1);
}
