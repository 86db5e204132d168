// A machine without Rust, as the package's users have one: a PATH with Node.js, npm and a shell, and nothing else.
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));
const PATIENCE_MS = 60_000;
const home = realpathSync(mkdtempSync(join(tmpdir(), "onlyonce-machine-")));
const programs = join(home, "bin");
const running = new Set();

mkdirSync(programs);
symlinkSync(process.execPath, join(programs, "node"));
for (const name of ["npm", "npx", "sh"]) symlinkSync(found(name), join(programs, name));
after(async () => {
  await Promise.all([...running].map((one) => one.stop()));
  rmSync(home, { recursive: true, force: true });
});

function found(name) {
  const text = execFileSync("/bin/sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim();
  return realpathSync(text);
}

// npm tells its scripts, of which this test is one, what it was told itself.
function environment(more) {
  const passed = Object.entries(process.env).filter(([name]) => !/^(npm_(lifecycle|package|command)|ONLYONCE_|ORIGIN$|PORT$|ADMIN_TOKEN$|CI$)/.test(name));
  return { ...Object.fromEntries(passed), WRANGLER_SEND_METRICS: "false", ...more, PATH: [more.path, programs].filter(Boolean).join(delimiter) };
}

/** A folder of this machine; it is empty. */
export function emptyFolder(name) {
  const folder = join(home, name);
  mkdirSync(folder);
  return folder;
}

/** `{ code, out, err }` of a command in a folder, where programs of its packages are found, as npx finds them. */
export async function run(folder, command, args, env) {
  const streams = { out: "", err: "" };
  const { ended } = started(folder, command, args, env, (name, text) => (streams[name] += text));
  return { code: await ended, ...streams };
}

/** `{ said, stop }` of a command that runs on. */
export function begin(folder, command, args) {
  let text = "";
  const { child, ended } = started(folder, command, args, {}, (_, more) => (text += more));
  const one = { said: untilSaid, stop: () => (child.kill("SIGTERM"), ended) };
  running.add(one);
  ended.then(() => running.delete(one));
  return one;

  async function untilSaid(pattern) {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const match = text.match(pattern);
      if (match) return match;
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(`it did not say ${pattern}:\n${text}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

function started(folder, command, args = [], env = {}, heard) {
  const child = spawn(command, args, { cwd: folder, env: environment({ ...env, path: join(folder, "node_modules", ".bin") }), stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.setEncoding("utf8").on("data", (text) => heard("out", text));
  child.stderr.setEncoding("utf8").on("data", (text) => heard("err", text));
  const ended = new Promise((resolve, reject) => child.once("close", resolve).once("error", reject));
  return { child, ended };
}
