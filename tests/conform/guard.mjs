// The guard on the real runtime in front of an API that has no idempotency of its own, and counts.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { childRuntime } from "../../scripts/lib/child-runtime.mjs";
import { startServer } from "./server.mjs";

/** `{ url, otherUrl, count, stop }`, as of `startServer`; `policy` is POLICY. */
export async function startGuard(policy) {
  const folder = mkdtempSync(join(tmpdir(), "onlyonce-conform-"));
  const api = await startServer({ flaw: "does nothing" });
  const args = ["--port", "0", "--persist", folder, "--var", `ORIGIN=${new URL(api.url).origin}`, "--policy", JSON.stringify(policy)];
  const runtime = childRuntime("guard", args, () => {});
  const stop = async () => {
    await runtime.stop();
    api.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const url = await runtime.url;
    return { url: `${url}/orders`, otherUrl: `${url}/refunds`, count: api.count, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
