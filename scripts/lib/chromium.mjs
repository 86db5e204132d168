// A Chromium for the browser tests. Rules:
// 1. One that is there is used: CHROMIUM, then the usual places.
// 2. Else Debian's package, else Playwright's own download (which needs more than the registries).
import { join } from "node:path";
import { aptInstall, hasApt } from "./apt.mjs";
import { Failure, log } from "./log.mjs";
import { bins } from "./paths.mjs";
import { isExecutable, run, which } from "./run.mjs";

const COMMANDS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const APPLICATIONS = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];
const CURE = "install Chromium or Chrome, or set CHROMIUM to its path";

export async function chromium() {
  const named = process.env.CHROMIUM;
  if (named && !isExecutable(named)) throw new Failure(`CHROMIUM="${named}" is not a program`, { cure: CURE });
  return named || present() || (await playwrights());
}

function present() {
  return COMMANDS.map(which).find(Boolean) ?? APPLICATIONS.find(isExecutable);
}

// Loaded late: at set-up the package may not be installed yet.
async function playwrights() {
  const playwright = await import("playwright-core");
  const path = playwright.chromium.executablePath();
  return isExecutable(path) ? path : undefined;
}

export async function installChromium(progress) {
  try {
    if (hasApt()) await aptInstall(["chromium"], progress, CURE);
  } catch (failure) {
    log(`  ${failure.message}; taking Playwright's download`);
  }
  if (!present()) await run(join(bins, "playwright-core"), ["install", "chromium"], { onLine: progress, cure: CURE });
  return chromium();
}
