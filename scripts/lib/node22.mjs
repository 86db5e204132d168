// The npm packages, and a Node that is new enough for them. Rules:
// 1. A script may be started by any Node >= 20; what needs Node 22 starts itself again under it.
// 2. The packages are current when every package that package-lock.json wants is installed in
//    that very version; the files' times prove nothing after a `git checkout`.
// 3. Out of the package, npm has brought the packages, and Node is the user's business: one that is too old
//    is told.
// 4. Whoever is started again dies with whoever started it: the channel between them tells.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { locked } from "./lock.mjs";
import { Failure, step } from "./log.mjs";
import { bins, isRepository, root } from "./paths.mjs";
import { outputOf, run } from "./run.mjs";

const OLDEST_TO_START = [20, 0];
// wrangler's and miniflare's own `engines` field.
const OLDEST_FOR_WRANGLER = [22, 12];
const PARENT_CHECK_MS = 1_000;

export async function npmPackages() {
  if (!newEnough(process.versions.node, OLDEST_TO_START)) {
    throw new Failure(`Node ${process.versions.node} is too old`, { cure: `install Node ${OLDEST_TO_START[0]} or newer` });
  }
  if (!isRepository) return;
  await step("npm packages", installation(root));
}

/** The clients that tests/clients drives: a lock file of their own, for nothing else needs them. */
export async function clientPackages() {
  await step("clients under test", installation(join(root, "tests", "clients")));
}

/** The public documents and others' tools that tests/openapi takes: a lock file of their own as well. */
export async function openapiPackages() {
  await step("public OpenAPI documents, and tools for them", installation(join(root, "tests", "openapi")));
}

function installation(folder) {
  return { done: () => packagesCurrent(folder), work: (progress) => installPackages(folder, progress) };
}

function packagesCurrent(folder) {
  const wanted = packagesOf(join(folder, "package-lock.json"));
  const present = packagesOf(join(folder, "node_modules", ".package-lock.json"));
  if (!wanted || !present || !node22()) return false;
  const current = Object.entries(wanted)
    .filter(([path]) => path !== "")
    .every(([path, { version, optional }]) => (present[path] ? present[path].version === version : optional));
  return current && "as package-lock.json wants them";
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return undefined;
  }
}

async function installPackages(folder, progress) {
  await locked(join(root, ".wrangler", "npm.lock"), async () => {
    if (packagesCurrent(folder)) return;
    progress("npm ci");
    await run("npm", ["ci", "--no-audit", "--no-fund"], {
      // npm tells the reason first and then its manual.
      tailLines: 80,
      cwd: folder,
      onLine: progress,
      cure: "check the network and npm's registry, then run the same again",
    });
  });
  if (!node22()) {
    throw new Failure("the npm package `node` brought no Node 22 into node_modules/.bin", {
      cure: "allow its install script (npm config set ignore-scripts false) or install Node 22 yourself",
    });
  }
}

/** The path of a Node that wrangler and miniflare can run on. */
export function node22() {
  if (newEnough(process.versions.node, OLDEST_FOR_WRANGLER)) return process.execPath;
  const bundled = join(bins, "node");
  return newEnough(outputOf(bundled, ["--version"])?.slice(1), OLDEST_FOR_WRANGLER) ? bundled : undefined;
}

function newEnough(version, [oldestMajor, oldestMinor]) {
  const [major, minor] = (version ?? "0.0").split(".").map(Number);
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}

/** Returns under Node 22 with the packages in place; an older Node runs the script again and ends with it. */
export async function underNode22() {
  if (process.env.ONLYONCE_PACKAGES !== "current") await npmPackages();
  const node = node22();
  if (node === process.execPath) return;
  if (!node) {
    const wanted = OLDEST_FOR_WRANGLER.join(".");
    throw new Failure(`Node ${process.versions.node} is too old for wrangler`, { cure: `install Node ${wanted} or newer; for this folder alone: npm install --save-dev node@22` });
  }
  await new Promise(() => startAgain(node));
}

function startAgain(node) {
  const child = spawn(node, process.argv.slice(1), {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { ...process.env, ONLYONCE_PACKAGES: "current" },
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(signal ? 1 : code));
}

/**
 * Calls `end` once when this process is asked to end, or when the process that started it is gone:
 * one of ours, or npm, which would otherwise leave its script behind when it is killed.
 */
export function onEnd(end) {
  let ending = false;
  const once = (reason) => {
    if (ending) return;
    ending = true;
    end(reason);
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => once(signal));
  if (process.channel) {
    process.on("disconnect", () => once("the process that started this one is gone"));
    process.channel.unref();
  }
  if (process.env.npm_lifecycle_event) onceOrphaned(() => once("npm is gone"));
}

function onceOrphaned(call) {
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && call(), PARENT_CHECK_MS).unref();
}
