// Tells whether something made earlier is still what would be made now. Rules:
// 1. A stamp holds everything that decides the result (versions, hashes of inputs), as text.
// 2. It is written last, so a step that was interrupted runs again.
// 3. One maker at a time: others wait for the lock, whose owner must be alive.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { say } from "./say.mjs";

const WAIT_MS = 250;

export function stamped(file, content) {
  return read(file) === content;
}

export function stamp(file, content) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

export function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** One hash over the names and contents of files; folders count with all that is in them. */
export function hashOf(paths) {
  const hash = createHash("sha256");
  for (const path of paths.flatMap(filesIn).sort()) {
    const content = readFileSync(path);
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

function filesIn(path) {
  let entries;
  try {
    entries = readdirSync(path, { withFileTypes: true });
  } catch (error) {
    if (error.code === "ENOTDIR") return [path];
    throw error;
  }
  return entries.flatMap((entry) => filesIn(join(path, entry.name)));
}

/** Runs `work` while holding the lock; waits while another live process of this machine holds it. */
export async function locked(file, work) {
  mkdirSync(dirname(file), { recursive: true });
  for (let told; !take(file); await pause(WAIT_MS)) {
    const owner = liveOwner(file);
    if (owner && owner !== told) say(`  waiting for process ${owner}; if it is no set-up or build, delete ${file}`);
    told = owner ?? told;
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    return false;
  }
}

// The lock of a process that was killed is nobody's; an empty one is just being written.
function liveOwner(file) {
  const owner = read(file);
  if (!owner || alive(Number(owner))) return owner;
  rmSync(file, { force: true });
  return undefined;
}

function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
