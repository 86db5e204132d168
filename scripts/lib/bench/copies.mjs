// Replays with KV beside the object. workerd has no KV of its own, so this runs under Miniflare,
// with its simulator in the same process: the figures compare with one another, not with the rest.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { node22 } from "../node22.mjs";
import { root } from "../paths.mjs";
import { sample } from "./measure.mjs";
import { rotated } from "./rotation.mjs";

const READY = /^ready http:\/\/127\.0\.0\.1:(\d+) workerd=(\d+)$/;
const RUNTIMES = [
  ["without KV", ["--no-kv"]],
  ["with KV", []],
];

/** Samples by scenario and by whether KV is bound. */
export async function copies({ scenarios, rounds, origin, show, ...times }) {
  const samples = {};
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, args] of rotated(RUNTIMES, round)) {
      show(`round ${round + 1} of ${rounds}: ${name}`);
      const runtime = await start(name, [...args, "--var", `ORIGIN=${origin.url}`]);
      for (const scenario of scenarios) {
        const figures = await sample(scenario, runtime, origin, times);
        ((samples[scenario.name] ??= {})[name] ??= []).push(figures);
      }
      await runtime.stop();
    }
  }
  return samples;
}

async function start(name, args) {
  const script = join(root, "scripts", "runtime.mjs");
  // Its standard input is what holds it: it ends when this process does.
  const child = spawn(node22(), [script, "--port", "0", "--no-build", "--end-with-stdin", ...args], {
    stdio: ["pipe", "pipe", "ignore"],
    env: { ...process.env, ONLYONCE_PACKAGES: "current" },
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const lines = createInterface(child.stdout);
  const ready = await new Promise((resolve) => lines.on("line", (line) => READY.test(line) && resolve(line)));
  const [, port, pid] = ready.match(READY);
  return { name, guards: true, port: Number(port), pid: Number(pid), stop: () => (child.stdin.end(), ended) };
}
