// One maker at a time: others wait for the lock, whose owner must be alive.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { log } from "./log.mjs";

const WAIT_MS = 250;

/** Runs `work` while holding the lock; waits while another live process of this machine holds it. */
export async function locked(file, work) {
  mkdirSync(dirname(file), { recursive: true });
  for (let named; !take(file); await pause(WAIT_MS)) {
    const owner = liveOwner(file);
    if (owner && owner !== named) log(`  waiting for process ${owner}; if it is no set-up or build, delete ${file}`);
    named = owner ?? named;
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
  if (!owner || isAlive(Number(owner))) return owner;
  rmSync(file, { force: true });
  return undefined;
}

function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

export function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
