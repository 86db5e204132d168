// Firefox, driven over WebDriver BiDi (w3.org/TR/webdriver-bidi), which it speaks by itself: Playwright
// has no driver for the Firefox of a distribution.
//
// 1. One browser with a profile of its own in a new folder; it ends with the test.
// 2. A tab evaluates, clicks as a person does, reloads and goes back. Nothing waits for what a click
//    leads to: the tests ask until it is there.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const EXECUTABLE = process.env.FIREFOX || "/usr/bin/firefox-esr";

/** Why the tests in Firefox cannot run here; false where they can. */
export const firefoxIsMissing = existsSync(EXECUTABLE) ? false : `no ${EXECUTABLE}: install firefox-esr, or say where it is in FIREFOX`;

/** `{ newTab, stop }` */
export async function startFirefox() {
  const profile = await mkdtemp(join(tmpdir(), "onlyonce-firefox-"));
  const args = ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0", "about:blank"];
  const browser = spawn(EXECUTABLE, args, { stdio: ["ignore", "ignore", "pipe"] });
  const session = await connect(await address(browser));
  const accept = { default: "accept", beforeUnload: "accept" };
  await session("session.new", { capabilities: { alwaysMatch: { unhandledPromptBehavior: accept } } });
  const stop = async () => {
    const ended = once(browser, "exit");
    await session("browser.close", {}).catch(() => browser.kill());
    await ended;
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  return { newTab: (url) => newTab(session, url), stop };
}

function address(browser) {
  return new Promise((resolve, reject) => {
    browser.once("error", reject);
    browser.once("exit", (code) => reject(new Error(`${EXECUTABLE} ended with ${code} before it could be driven`)));
    createInterface({ input: browser.stderr }).on("line", (line) => {
      const found = /WebDriver BiDi listening on (ws:\S+)/.exec(line);
      if (found) resolve(`${found[1]}/session`);
    });
  });
}

/** Resolves with `(method, params) => result`. */
async function connect(url) {
  const socket = new WebSocket(url);
  const waiting = new Map();
  socket.addEventListener("message", ({ data }) => {
    const { id, type, result, message } = JSON.parse(data);
    const call = waiting.get(id);
    waiting.delete(id);
    type === "success" ? call?.resolve(result) : call?.reject(new Error(message));
  });
  await once(socket, "open");
  let last = 0;
  return (method, params) => {
    const id = ++last;
    socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
  };
}

async function newTab(session, url) {
  const { context } = await session("browsingContext.create", { type: "tab" });
  const tab = {
    goto: (url) => session("browsingContext.navigate", { context, url, wait: "complete" }),
    reload: () => session("browsingContext.reload", { context, wait: "complete" }),
    back: () => session("browsingContext.traverseHistory", { context, delta: -1 }),
    close: () => session("browsingContext.close", { context }),
    /** The function's result in the page, as JSON; it gets `argument`. */
    async evaluate(act, argument) {
      const expression = `(async () => JSON.stringify(await (${act})(${JSON.stringify(argument)})))()`;
      const { result, exceptionDetails } = await session("script.evaluate", { expression, target: { context }, awaitPromise: true });
      if (exceptionDetails) throw new Error(exceptionDetails.text);
      return result.value === undefined ? undefined : JSON.parse(result.value);
    },
    /** Presses a button that many times, as fast as a person can. */
    async click(selector, times = 1) {
      const { nodes: [node] } = await session("browsingContext.locateNodes", { context, locator: { type: "css", value: selector } });
      const origin = { type: "element", element: { sharedId: node.sharedId } };
      const press = [{ type: "pointerDown", button: 0 }, { type: "pointerUp", button: 0 }];
      const actions = [{ type: "pointerMove", x: 0, y: 0, origin }, ...Array.from({ length: times }, () => press).flat()];
      await session("input.performActions", { context, actions: [{ type: "pointer", id: "mouse", actions }] });
    },
  };
  if (url) await tab.goto(url);
  return tab;
}
