// The Workers that are compared, each on a workerd of its own. Rules:
// 1. workerd is started from its own configuration file, with nothing in front: no Miniflare.
// 2. What is measured is a copy of the files, so that a build in the meantime changes nothing.
// 3. Storage is workerd's own, on disk; a folder in memory where there is one, so that the disk's
//    mood is not measured.
// 4. The guard runs twice. The second one is the control: what the two differ by is what the
//    measurement cannot tell.
// 5. Nothing outlives this process: workerd ends with it.
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { root } from "../paths.mjs";
import { Failure } from "../log.mjs";
import { deployedModules, deployedModulesOf } from "./deployed.mjs";

const require = createRequire(import.meta.url);
const MEMORY_FOLDER = "/dev/shm";

/** The compared Workers in the order of the tables; `before` names a commit that is one more. */
export async function makeSubjects(before, progress) {
  const onlyonce = await deployedModules();
  const subjects = [
    { name: "bare", modules: own("bare.mjs"), guards: false },
    { name: "floor", modules: own("floor.mjs", "least-guard.mjs"), guards: true },
    { name: "sharded floor", modules: own("sharded-floor.mjs", "least-guard.mjs"), guards: true },
    { name: "onlyonce", modules: onlyonce, guards: true },
    { name: "control", modules: onlyonce, guards: true },
  ];
  if (before) subjects.push({ name: "before", modules: await deployedModulesOf(before, progress), guards: true });
  return subjects;
}

function own(...names) {
  return names.map((name) => join(root, "bench", name));
}

/** Starts one of them in front of an origin; `port`, `pid` and `storage` tell where it is. */
export async function startSubject(subject, origin, policy) {
  const { name } = subject;
  const folder = mkdtempSync(join(existsSync(MEMORY_FOLDER) ? MEMORY_FOLDER : tmpdir(), "onlyonce-bench-"));
  const storage = join(folder, "storage");
  mkdirSync(storage);
  const config = writeConfig(folder, subject, origin, policy);
  const started = performance.now();
  const child = spawn(workerd(), ["serve", config, "--control-fd=3"], {
    cwd: folder,
    // What the guard logs is part of its cost, and is read by nobody.
    stdio: ["ignore", "ignore", "inherit", "pipe"],
  });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const stop = async () => {
    kill();
    await ended;
    process.off("exit", kill);
    rmSync(folder, { recursive: true, force: true });
  };
  const port = await portOf(child, name).catch(async (error) => {
    await stop();
    throw error;
  });
  return { ...subject, port, pid: child.pid, storage, started, stop };
}

function workerd() {
  return require("workerd").default;
}

function portOf(child, name) {
  return new Promise((resolve, reject) => {
    createInterface(child.stdio[3]).on("line", (line) => {
      const { event, port } = JSON.parse(line);
      if (event === "listen") resolve(port);
    });
    child.once("exit", () => reject(new Failure(`workerd ended before ${name} answered`, { cure: "see what it says above" })));
  });
}

function writeConfig(folder, { modules, guards }, origin, policy) {
  for (const path of modules) cpSync(path, join(folder, basename(path)));
  const path = join(folder, "config.capnp");
  writeFileSync(path, config(modules.map((path) => basename(path)), guards, origin, policy));
  return path;
}

// See workerd's own src/workerd/server/workerd.capnp. Policy and `shards` are the defaults, unless a policy is given.
function config(modules, guards, origin, policy) {
  const module = (name) => `(name = "${name}", ${name.endsWith(".wasm") ? "wasm" : "esModule"} = embed "${name}")`;
  // A text in capnp's notation is quoted as one in JSON is.
  const policyBinding = policy ? `\n    (name = "POLICY", json = ${JSON.stringify(JSON.stringify(policy))}),` : "";
  const objects = `
  durableObjectNamespaces = [(className = "IdempotencyGuard", uniqueKey = "guard", enableSql = true)],
  durableObjectStorage = (localDisk = "storage"),`;
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    (name = "internet", network = (allow = ["public", "private", "local"])),
    (name = "storage", disk = (path = "storage", writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  compatibilityDate = "2026-10-01",
  modules = [${modules.map(module).join(", ")}],
  bindings = [
    (name = "ORIGIN", text = "${origin}"),${guards ? '\n    (name = "GUARD", durableObjectNamespace = "IdempotencyGuard"),' : ""}${policyBinding}
  ],${guards ? objects : ""}
);
`;
}
