// Runs scripts/runtime.mjs as a process of its own. Rules:
// 1. It ends with this process, even after SIGKILL: the channel between the two closes.
// 2. What it logs is passed on line by line under its name, with the time that the edge would add.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { node22 } from "./node22.mjs";
import { root } from "./paths.mjs";

const READY = /^ready (\S+) workerd=\d+$/;

/**
 * Starts a runtime; `url` settles when it answers, or fails when it ends before. `print` gets what
 * it logs, a line at a time.
 */
export function childRuntime(name, args, print = (line) => process.stdout.write(`${line}\n`)) {
  const child = spawn(node22(), [join(root, "scripts", "runtime.mjs"), ...args], {
    // Its own group: Ctrl-C reaches this process alone, which then ends the two in order.
    detached: true,
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    env: { ...process.env, ONLYONCE_PACKAGES: "current" },
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const url = new Promise((resolve, reject) => {
    createInterface(child.stdout).on("line", (line) => {
      const ready = line.match(READY);
      if (ready) resolve(ready[1]);
      else print(`${name} | ${new Date().toISOString()} ${line}`);
    });
    ended.then(() => reject(new Error(`${name} ended before it answered`)));
  });
  createInterface(child.stderr).on("line", (line) => process.stderr.write(`${name} | ${line}\n`));
  return { url, ended, stop: () => (child.kill("SIGTERM"), ended) };
}
