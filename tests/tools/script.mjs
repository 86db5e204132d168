// Runs a script as a person does: as a process, with its arguments, its exit code and its streams.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));
const PATIENCE_MS = 60_000;

/** A wrangler configuration up to its policy. */
export const CONFIG_HEAD = 'name = "x"\ncompatibility_date = "2026-10-01"\n\n[vars]\nORIGIN = "https://origin.example.com"\n';

/** `{ out, err, ended, said, stop }` of a script that runs on; `ended` settles with its exit code. */
export function begin(name, args = [], env = {}) {
  const child = spawn(process.execPath, [`scripts/${name}.mjs`, ...args], { cwd: root, env: { ...process.env, ...env } });
  const running = { out: "", err: "" };
  child.stdout.on("data", (text) => (running.out += text));
  child.stderr.on("data", (text) => (running.err += text));
  running.ended = new Promise((resolve) => child.once("close", (code) => resolve(code)));
  running.said = (pattern) => untilSaid(running, pattern);
  running.stop = () => (child.kill("SIGTERM"), running.ended);
  return running;
}

async function untilSaid(running, pattern) {
  const deadline = Date.now() + PATIENCE_MS;
  let code;
  running.ended.then((value) => (code = value));
  for (;;) {
    const match = (running.err + running.out).match(pattern);
    if (match) return match;
    if (code !== undefined || Date.now() > deadline) throw new Error(`it did not say ${pattern}; exit code ${code}:\n${running.err}${running.out}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** `{ code, out, err }` of a script that ends by itself. */
export async function run(name, args, env) {
  const running = begin(name, args, env);
  return { code: await running.ended, out: running.out, err: running.err };
}
