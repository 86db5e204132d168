#!/usr/bin/env node
// worker-build calls this as its esbuild. It puts our own entry in the place of the shim that
// worker-build wrote (src/edge/entry.mjs tells why), and bundles that.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "./paths.mjs";

const SHIM = "shim.js";

if (!existsSync(SHIM)) {
  console.error(`worker-build wrote no ${SHIM}: see what its version does, and scripts/lib/bundle.mjs`);
  process.exit(1);
}
copyFileSync(join(root, "src", "edge", "entry.mjs"), SHIM);
const { status } = spawnSync(process.env.ONLYONCE_ESBUILD, process.argv.slice(2), { stdio: "inherit" });
process.exit(status ?? 1);
