// The operator's token of a guard on this machine: that of .dev.vars beside its configuration, or a new one for
// each start.
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Undefined where .dev.vars has one, which the runtime then reads itself. */
export function newOperatorToken(config) {
  return hasOwn(dirname(config)) ? undefined : randomBytes(12).toString("hex");
}

function hasOwn(folder) {
  try {
    return /^[ \t]*(export[ \t]+)?ADMIN_TOKEN[ \t]*=[ \t]*[^\s#]/m.test(readFileSync(join(folder, ".dev.vars"), "utf8"));
  } catch {
    return false;
  }
}
