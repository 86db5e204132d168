// Debian and Ubuntu packages. Rules:
// 1. Only what is missing is installed, and it is named before.
// 2. An installation that would remove or replace a package of the user's is refused.
import { Failure, log } from "./log.mjs";
import { outputOf, run, which } from "./run.mjs";

const QUIET = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };

export function hasApt() {
  return Boolean(which("apt-get") && which("dpkg-query"));
}

/** The installed version of a package, or undefined. */
export function installed(name) {
  const answer = outputOf("dpkg-query", ["-W", "-f=${db:Status-Status} ${Version}", name]);
  return answer?.startsWith("installed ") ? answer.slice("installed ".length) : undefined;
}

/** Installs the packages that are missing. `cure` says what to do where that is not possible. */
export async function aptInstall(names, progress, cure) {
  const missing = names.filter((name) => !installed(name));
  if (missing.length === 0) return;
  if (!hasApt()) throw new Failure(`not found: ${missing.join(", ")}`, { cure });
  log(`  apt-get install ${missing.join(" ")}`);
  await asRoot(["update", "-q"], progress, cure);
  await refuseRemovals(missing, cure);
  await asRoot(["install", "-y", "-q", "--no-install-recommends", ...missing], progress, cure);
}

async function refuseRemovals(names, cure) {
  const plan = await run("apt-get", ["install", "-s", "--no-install-recommends", ...names], { env: QUIET, cure });
  const removals = plan.split("\n").filter((line) => line.startsWith("Remv "));
  if (removals.length === 0) return;
  throw new Failure(`apt-get would remove packages of yours: ${removals.map((line) => line.split(" ")[1]).join(", ")}`, { cure });
}

async function asRoot(args, progress, cure) {
  const options = { env: QUIET, onLine: progress, cure, input: "inherit" };
  if (process.getuid() === 0) return run("apt-get", args, options);
  const quiet = process.stdin.isTTY ? [] : ["-n"];
  return run("sudo", [...quiet, "DEBIAN_FRONTEND=noninteractive", "apt-get", ...args], options);
}
