// The operator's token of a guard on this machine: that of .dev.vars, or a new one for each start.
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./paths.mjs";

/** Undefined where .dev.vars has one, which the runtime then reads itself. */
export function newOperatorToken() {
  return hasOwn() ? undefined : randomBytes(12).toString("hex");
}

function hasOwn() {
  try {
    return /^\s*(export\s+)?ADMIN_TOKEN\s*=/m.test(readFileSync(join(root, ".dev.vars"), "utf8"));
  } catch {
    return false;
  }
}
