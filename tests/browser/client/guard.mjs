// Another guard, in front of an origin of the test's choice or with a policy of its own. It ends
// when its input closes: also when the test is killed.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** `{ url, stop }` of a guard in front of `origin`. */
export async function startGuardFor(origin, policy = {}) {
  const folder = await mkdtemp(join(tmpdir(), "onlyonce-client-"));
  const args = ["scripts/runtime.mjs", "--port", "0", "--end-with-stdin", "--persist", folder,
    "--var", `ORIGIN=${origin}`, "--policy", JSON.stringify(policy)];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ["pipe", "pipe", "inherit"] });
  const stop = async () => {
    const ended = child.exitCode === null ? once(child, "exit") : undefined;
    child.stdin.end();
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  return { url: await readyUrl(child), stop };
}

function readyUrl(child) {
  return new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the guard ended with ${code} before it was ready`)));
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.startsWith("ready ")) resolve(line.split(" ")[1]);
    });
  });
}
