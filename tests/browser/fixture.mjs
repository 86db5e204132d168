// Starts what the browser tests need, and ends all of it.
//
// 1. Everything is real: the demo shop and the guard on workerd, each on a free
//    port, with storage in a new folder; a Chromium with a profile of its own.
// 2. Each runtime ends when its input closes: it goes when the test goes, also
//    when the test is killed.
// 3. Facts are read from the shop's own port, never from the page under test.

import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { startAccess } from "./cloudflare-access.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** What an operator shows to the guard. */
export const ADMIN_TOKEN = "sesame-of-the-page";
const READY_WITHIN = 60_000;
const EXIT_WITHIN = 10_000;

const CHROMIUM_FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

/** The demo shop alone: `{ shop, stop }`. */
export async function startShop() {
  return undoneOnFailure(async (undo) => ({ shop: await startDemo(await newFolder(undo), undo) }));
}

/** The shop, the guard in front of it, its log so far and a browser: `{ shop, guard, log, browser, stop }`. */
export async function startAll() {
  return undoneOnFailure(async (undo) => {
    const folder = await newFolder(undo);
    const shop = await startDemo(folder, undo);
    const log = [];
    const guard = await startGuard(folder, shop, undo, log);
    const browser = await startBrowser(undo);
    return { shop, guard, log, browser };
  });
}

/** A guard in front of an API of the test's own, with the page beside it: `{ guard, seen, stop }`. */
export async function startOwnApi() {
  return undoneOnFailure(async (undo) => {
    const { url, seen } = await startApi(undo);
    const page = ["--around", "demo/page-at-guard.js", "--assets", "demo/wrangler.toml"];
    const folder = await newFolder(undo);
    return { seen, guard: await startRuntime(["--persist", folder, "--var", `ORIGIN=${url}`, ...page], undo) };
  });
}

async function startApi(undo) {
  const seen = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    request.resume().on("end", () => response.writeHead(201, { "content-type": "application/json" }).end(`{"payment":${seen.length}}`));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  undo.push(() => server.close().closeAllConnections());
  return { url: `http://127.0.0.1:${server.address().port}`, seen };
}

/** What an operator of the console's guard shows; a deployment may change it. */
export const CONSOLE_TOKEN = "sesame-of-the-console";

/**
 * A guard in front of an API that fails as its paths say, and a browser: `{ guard, token, executed, open,
 * redeploy, end, browser, stop }`. `redeploy(token)` starts it anew on the same address and storage.
 */
export async function startConsole() {
  return undoneOnFailure(async (undo) => {
    const { url, executed, open } = await startFailingApi(undo);
    const folder = await newFolder(undo);
    const routes = [{ path: "/payments/**" }, { path: "/orders/**" }, { path: "/later/**" }].map((route) => ({ ...route, key: "required" }));
    const options = ["--persist", folder, "--var", `ORIGIN=${url}`, "--policy", JSON.stringify({ shards: 64, routes })];
    const running = [];
    const end = async () => {
      while (running.length > 0) await running.pop()();
    };
    undo.push(end);
    const start = (token, port) => startRuntime([...options, "--port", port, ...(token ? ["--var", `ADMIN_TOKEN=${token}`] : [])], running);
    const guard = await start(CONSOLE_TOKEN, "0");
    const redeploy = async (token) => {
      await end();
      await start(token, new URL(guard).port);
    };
    return { guard, executed, open, end, redeploy, browser: await startBrowser(undo) };
  });
}

/**
 * The same guard without a token, behind Cloudflare Access: `{ guard, access, executed, log, browser, stop }`. `guard`
 * is where the guard itself answers, `access.url` where Access stands in front of it.
 */
export async function startBehindAccess() {
  return undoneOnFailure(async (undo) => {
    const { url, executed } = await startFailingApi(undo);
    const folder = await newFolder(undo);
    const access = await startAccess(undo);
    const vars = { ORIGIN: url, ACCESS_TEAM: access.team, ACCESS_AUD: access.audience, ACCESS_OPERATORS: "alice@acme.com" };
    const log = [];
    const guard = await startRuntime(["--persist", folder, ...Object.entries(vars).flatMap(([name, value]) => ["--var", `${name}=${value}`])], undo, log);
    access.standBefore(guard);
    return { guard, access, executed, log, browser: await startBrowser(undo) };
  });
}

// `/…/lost` breaks the connection, `/…/done` is carried out, `/…/held` waits for `open()`; all else is an
// error. `executed` has the path of each request.
async function startFailingApi(undo) {
  const executed = [];
  const held = [];
  const server = createServer((request, response) => {
    executed.push(request.url);
    const answer = (status, body) => response.writeHead(status, { "content-type": "text/html" }).end(body);
    request.resume().on("end", () => {
      if (request.url.endsWith("/lost")) return request.socket.destroy();
      if (request.url.endsWith("/done")) return answer(201, "<b id=planted>done</b><script>document.title='ran'</script>");
      if (request.url.endsWith("/held")) return held.push(() => answer(201, "late"));
      answer(500, "<b id=planted>no</b>");
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  undo.push(() => server.close().closeAllConnections());
  return { url: `http://127.0.0.1:${server.address().port}`, executed, open: () => held.splice(0).forEach((answer) => answer()) };
}

// What was started is ended in reverse, also when a later start fails.
async function undoneOnFailure(start) {
  const undo = [];
  const stop = async () => {
    while (undo.length > 0) await undo.pop()();
  };
  try {
    return { ...(await start(undo)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function newFolder(undo) {
  const folder = await mkdtemp(join(tmpdir(), "onlyonce-browser-"));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

function startDemo(folder, undo) {
  return startRuntime(["--config", "demo/wrangler.toml", "--persist", join(folder, "shop")], undo);
}

function startGuard(folder, shop, undo, log) {
  return startRuntime(["--persist", join(folder, "guard"), "--var", `ORIGIN=${shop}`, "--var", `ADMIN_TOKEN=${ADMIN_TOKEN}`, "--var", "SETTLE_AUTHORIZATION=Bearer demo", "--route", "demo/settle.json"], undo, log);
}

async function startRuntime(options, undo, log = []) {
  const args = ["scripts/runtime.mjs", "--port", "0", "--end-with-stdin", ...options];
  const child = spawn(process.execPath, args, { cwd: root });
  undo.push(() => endRuntime(child, args));
  follow(child.stderr, log);
  return readyAddress(child, log, args);
}

async function readyAddress(child, log, args) {
  const ready = new Promise((resolve, reject) => {
    child.once("exit", (code, signal) => reject(new Error(`ended with ${code ?? signal} before it was ready`)));
    follow(child.stdout, log, (line) => /^ready http:/.test(line) && resolve(line.split(" ")[1]));
    setTimeout(() => reject(new Error(`was not ready within ${READY_WITHIN} ms`)), READY_WITHIN).unref();
  });
  try {
    return await ready;
  } catch ({ message }) {
    throw new Error(`node ${args.join(" ")} ${message}:\n${log.slice(-20).join("\n")}`);
  }
}

function follow(stream, log, onLine = () => {}) {
  createInterface({ input: stream }).on("line", (line) => {
    log.push(line);
    onLine(line);
  });
}

async function endRuntime(child, args) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit", { signal: AbortSignal.timeout(EXIT_WITHIN) });
  child.stdin.end();
  await ended.catch(() => {
    child.kill("SIGKILL");
    throw new Error(`node ${args.join(" ")} did not end within ${EXIT_WITHIN} ms of its input's end.`);
  });
}

async function startBrowser(undo) {
  const browser = await launchBrowser();
  undo.push(() => browser.close());
  return browser;
}

/** `without`: flags of Playwright's own to leave out. */
export function launchBrowser(without = []) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    args: CHROMIUM_FLAGS,
    ignoreDefaultArgs: without,
  });
}

/** The name of a ledger that no other test uses. */
export function newLedger() {
  return `test-${randomUUID()}`;
}

/** What the shop itself says it executed. */
export async function readLedger(shop, ledger) {
  const answer = await fetch(`${shop}/ledger?ledger=${ledger}`);
  return answer.json();
}
