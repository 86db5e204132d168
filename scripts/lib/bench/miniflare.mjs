// The guard under Miniflare, which brings what workerd has no own of: KV and rate limits, simulated in the
// same process. Its socket leads to the Worker directly (scripts/lib/runtime.mjs), but what it logs goes
// through Node.js, so figures compare with one another, and not with those of a workerd alone.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { node22 } from "../node22.mjs";
import { root } from "../paths.mjs";

const READY = /^ready http:\/\/127\.0\.0\.1:(\d+) workerd=(\d+)$/;

/** Starts it with arguments of scripts/runtime.mjs; `port` and `pid` tell where it is. */
export async function startUnderMiniflare(name, args) {
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
