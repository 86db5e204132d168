// A guard on the real runtime in front of an origin, with a tap on its wire.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { childRuntime } from "../../scripts/lib/child-runtime.mjs";
import { startTap } from "./tap.mjs";

/** `{ url, asked(lane), stop() }`; `policy` is POLICY, `config` another wrangler.toml. */
export async function startGuard(origin, { policy, config } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "onlyonce-clients-"));
  const args = [
    "--port", "0", "--persist", folder, "--var", `ORIGIN=${origin.url}`,
    ...(policy ? ["--policy", JSON.stringify(policy)] : []),
    ...(config ? ["--config", config] : []),
  ];
  // What it logs is no part of what a client sees.
  const runtime = childRuntime("guard", args, () => {});
  const end = async () => {
    await runtime.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const tap = await startTap(await runtime.url);
    return { url: tap.url, asked: tap.asked, stop: () => (tap.stop(), end()) };
  } catch (error) {
    await end();
    throw error;
  }
}
