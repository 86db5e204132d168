// The origin and the clients of a measurement: bench/load, built here.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { root } from "../paths.mjs";
import { run } from "../run.mjs";

const program = join(root, "target", "release", "examples", "load");

export function buildLoad() {
  return run("cargo", ["build", "--locked", "--release", "--example", "load"], { cwd: root });
}

/** Starts the origin; it ends with this process, whose end of the pipe closes. */
export async function startOrigin() {
  const child = spawn(program, ["origin"], { stdio: ["pipe", "pipe", "inherit"] });
  const port = await new Promise((resolve) => createInterface(child.stdout).once("line", resolve));
  const url = `http://127.0.0.1:${port}`;
  const calls = async () => Number(await (await fetch(`${url}/calls`)).text());
  return { url, pid: child.pid, calls, stop: () => child.stdin.end() };
}

/** Runs clients against a port, and gives what they saw. */
export async function drive(port, settings) {
  const args = Object.entries({ port, ...settings }).map(([name, value]) => `${name}=${value}`);
  return JSON.parse(await run(program, ["drive", ...args]));
}
