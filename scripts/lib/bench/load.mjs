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
  // `{ calls, keys, doubled }` of what asked to be counted.
  const counts = async () => (await fetch(`${url}/counts`)).json();
  return { url, pid: child.pid, calls, counts, stop: () => child.stdin.end() };
}

/** Runs clients against a port, and gives what they saw. */
export async function drive(port, settings) {
  return JSON.parse(await run(program, ["drive", ...named({ port, ...settings })]));
}

/** Runs a mix against a port: `onReport` gets what it tells on its way, and its last word is given. */
export async function mix(port, settings, onReport = () => {}) {
  let report;
  const onLine = (line) => {
    if (!line.startsWith("{")) return;
    report = JSON.parse(line);
    if (!report.last) onReport(report);
  };
  await run(program, ["mix", ...named({ port, ...settings })], { onLine });
  return report;
}

/** Runs a hostile scenario of the driver's, and gives what it got by shape. */
export async function attack(scenario, port, settings) {
  return JSON.parse(await run(program, ["hostile", scenario, ...named({ port, ...settings })]));
}

function named(settings) {
  return Object.entries(settings).map(([name, value]) => `${name}=${value}`);
}
