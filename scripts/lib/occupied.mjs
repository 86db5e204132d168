// Who uses a folder of state: two guards on one would each find the other's database locked. Rules:
// 1. A file in the folder names the process and its port, and goes with the process.
// 2. The file of a process that was killed is nobody's.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { isAlive } from "./lock.mjs";
import { Failure } from "./log.mjs";

/** Takes the folder until this process ends. `port` is where it is to be reached. */
export function occupy(folder, port) {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "in-use.json");
  refuseOccupied(file, folder);
  writeFileSync(file, JSON.stringify({ pid: process.pid, port }), { flag: "wx" });
  process.on("exit", () => rmSync(file, { force: true }));
}

function refuseOccupied(file, folder) {
  const owner = ownerOf(file);
  if (owner && isAlive(owner.pid)) {
    throw new Failure(`the state in ${relative("", folder)} is in use by process ${owner.pid}, a guard on port ${owner.port}`, {
      cure: `use that one, or end it first; if process ${owner.pid} is something else, delete ${relative("", file)}`,
    });
  }
  rmSync(file, { force: true });
}

function ownerOf(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    // None, or one that was cut off in its writing.
    return undefined;
  }
}
