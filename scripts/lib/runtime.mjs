// Runs a Worker on the real workerd, configured by its wrangler.toml. Rules:
// 1. What answers is the Worker itself: the socket leads to it directly, not through Miniflare's
//    entry Worker, which would rewrite Accept-Encoding and compress bodies anew.
// 2. Storage lies in `persist` and is workerd's own: it survives SIGKILL.
// 3. workerd never outlives this process. An orderly end stops it; after SIGKILL on this process
//    a watcher does, whose input closes in that moment.
import { spawn } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";
import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs";
import { createRequire, enableCompileCache } from "node:module";
import { dirname, extname, join, resolve } from "node:path";
import { Failure } from "./log.mjs";
import { cache, root, workerMain, workerOutput } from "./paths.mjs";
import { HOST, refuseBusyPort } from "./ports.mjs";
import { readConfig } from "./worker-config.mjs";

const ASSETS = "assets";
const OWN_ASSETS = "own-assets";
const MODULE_TYPES = { ".js": "ESModule", ".mjs": "ESModule", ".wasm": "CompiledWasm" };

enableCompileCache(join(cache, "node-compile-cache"));
const require = createRequire(import.meta.url);

/**
 * Starts the Worker of a wrangler.toml.
 * `port` 0 takes a free one; `vars` override the file's; `kv: false` leaves its KV unbound;
 * `secrets: true` reads .dev.vars as wrangler does; `queues` names another configuration whose
 * queues it gets, `assets` one whose static files; `beside` one whose Worker runs in the same workerd;
 * `tail` names another configuration whose Worker what is traced is streamed to;
 * `route` names a file with a route that is put ahead of the policy's;
 * `around` a module that is run in the Worker's place and imports it; `registry` a folder by which runtimes on one
 * machine find the consumers of each other's queues. `log(level, message)` gets what the Worker
 * logs; `crashed(reason)` is called when workerd dies by itself.
 */
export async function startRuntime(options) {
  await refuseBusyPort(options.port);
  const { Miniflare, convertV4MiniflareOptions } = miniflare();
  const processes = watchProcesses(options.crashed);
  const config = miniflareOptions(options);
  const runtime = new Miniflare(convertV4MiniflareOptions(config));
  try {
    const names = config.workers.filter((worker) => worker.unsafeDirectSockets).map((worker) => worker.name);
    const [url, beside] = await Promise.all(names.map((name) => runtime.unsafeGetDirectURL(name)));
    return { url: url.origin, beside: beside?.origin, pid: processes.current().pid, stop: () => stop(runtime, processes) };
  } catch (error) {
    await stop(runtime, processes);
    throw new Failure(`workerd did not start: ${error.message}`, { cure: "see what it says above" });
  }
}

async function stop(runtime, processes) {
  processes.expectEnd();
  await runtime.dispose();
}

function miniflareOptions({ port, persist, registry, beside, tail, log, ...options }) {
  const { assets, ...main } = mainWorker(options);
  // In front of a Worker with assets stands a router here, which refuses hosts that the guard answers, and hands
  // on no messages of a queue: assets are another Worker's, and the guard is asked directly.
  const holders = [];
  if (assets) holders.push(assetsWorker(main, OWN_ASSETS, assets));
  if (options.assets) holders.push(assetsWorker(main, ASSETS, readOptions(options.assets).options.assets));
  const tails = tail ? [readWorker(tail)] : [];
  if (tail) main.streamingTails = tails.map(({ name }) => name);
  const workers = [listening(main, port), ...(beside ? [listening(readWorker(beside), 0)] : []), ...tails, ...holders];
  return {
    workers,
    host: HOST,
    // Miniflare would ask the internet for a sample of Request.cf.
    cf: false,
    telemetry: { enabled: false },
    resourcePersistencePath: persist && resolve(persist),
    unsafeDevRegistryPath: registry && resolve(registry),
    log: quietLog(),
    handleStructuredLogs: ({ level, message }) => log(level, message),
  };
}

function mainWorker({ config, vars = {}, kv = true, queues, secrets, around, route }) {
  const worker = readWorker(config, { secrets, around });
  worker.bindings = { ...worker.bindings, ...vars };
  if (route) worker.bindings.POLICY = withRoute(worker.bindings.POLICY, route);
  if (!kv) worker.kvNamespaces = {};
  if (queues) Object.assign(worker, queuesOf(queues));
  return worker;
}

// Another Worker that holds the assets, bound as they would be.
function assetsWorker(main, name, assets) {
  main.serviceBindings = { ...main.serviceBindings, [assets.binding]: name };
  const { compatibilityDate } = main;
  const contents = `export default { fetch: (request, env) => env.${assets.binding}.fetch(request) };`;
  return { name, compatibilityDate, modules: [{ type: "ESModule", path: "assets.mjs", contents }], assets };
}

// The first route that matches wins.
function withRoute(policy, file) {
  const route = JSON.parse(readFileSync(resolve(root, file), "utf8"));
  return { ...policy, routes: [route, ...(policy?.routes ?? [])] };
}

function queuesOf(config) {
  const { queueProducers, queueConsumers } = readOptions(config).options;
  return { queueProducers, queueConsumers };
}

function listening(worker, port) {
  // Else Miniflare rebuilds the headers of every request to the origin and adds one of its own.
  return { ...worker, unsafeDirectSockets: [{ host: HOST, port }], stripCfConnectingIp: false };
}

function readWorker(config, { secrets, around } = {}) {
  const { options, main } = readOptions(config, secrets);
  return { ...options, ...modulesOf(main, around) };
}

function readOptions(file, secrets = false) {
  const configPath = resolve(root, file);
  const { unstable_getMiniflareWorkerOptions } = require("wrangler");
  const config = readConfig(configPath);
  try {
    const envFiles = secrets ? undefined : [];
    const { workerOptions, main } = unstable_getMiniflareWorkerOptions(config, undefined, { envFiles });
    // Rules are for wrangler's bundler; Miniflare refuses them.
    return { options: { ...workerOptions, modulesRules: undefined, name: config.name }, main };
  } catch (error) {
    throw new Failure(`${configPath} cannot be used: ${error.message}`);
  }
}

// Modules are named by their paths below the folder that holds them all, and find each other by
// these. The Worker's are its main and the build's output; the demo's lie beside its main.
function modulesOf(file, around) {
  if (!existsSync(file)) throw new Failure(`${file} does not exist`, { cure: "look at `main` in the configuration" });
  // Where it is reached by a link, as a package may be, its modules still lie beside it.
  const main = realpathSync(file);
  const beside = main === workerMain ? built() : modulesIn(dirname(main));
  const first = around ? [resolve(root, around), main] : [main];
  const paths = [...first, ...beside.filter((path) => path !== main)];
  const modulesRoot = around || main === workerMain ? root : dirname(main);
  return { modulesRoot, modules: paths.map((path) => ({ type: MODULE_TYPES[extname(path)], path })) };
}

function built() {
  const paths = modulesIn(workerOutput);
  if (paths.length === 0) throw new Failure(`${workerOutput} is empty`, { cure: "npm run build" });
  return paths;
}

function modulesIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .filter((name) => extname(name) in MODULE_TYPES)
    .map((name) => join(folder, name));
}

// wrangler's own, wherever a package manager puts it.
function miniflare() {
  return createRequire(require.resolve("wrangler"))("miniflare");
}

// Miniflare's own remarks ("Ready on …") are noise here; its warnings and errors are not.
function quietLog() {
  const { Log, LogLevel } = miniflare();
  return new (class extends Log {
    log(message) {
      process.stderr.write(`${message}\n`);
    }
  })(LogLevel.WARN);
}

// Miniflare does not tell the process it starts; Node does, for every process that it makes.
function watchProcesses(crashed) {
  let current;
  let ending = false;
  subscribe("child_process", ({ process: child }) => {
    child.once("spawn", () => {
      if (!/workerd/.test(child.spawnfile)) return;
      current = child;
      const watcher = endWithUs(child.pid);
      child.once("exit", (code, signal) => {
        watcher.kill();
        if (!ending) crashed?.(`workerd (process ${child.pid}) was ended by ${signal ?? `its own exit code ${code}`}`);
      });
    });
  });
  return { current: () => current, expectEnd: () => (ending = true) };
}

// `read` returns when this process is gone, however it went: the kernel closes the pipe.
function endWithUs(pid) {
  const script = 'read _; kill -9 "$0"';
  const watcher = spawn("/bin/sh", ["-c", script, String(pid)], { stdio: ["pipe", "ignore", "ignore"], detached: true });
  watcher.unref();
  watcher.stdin.unref();
  return watcher;
}
