// A visit to the console, and what the tests send to the guard for it.
//
// 1. Every visit has a fresh profile. An error that the page did not expect fails the test, and so does
//    whatever the browser refuses under the page's Content-Security-Policy.
// 2. What is sent and stored is asked of the guard and the API themselves.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { CONSOLE_TOKEN } from "../fixture.mjs";

/** What the browser itself says of answers that a test provokes. */
const PROVOKED = /status of (400|401|403|404|409|500|503)|ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|FAILED)/;
const AT_ONCE = 60;
/** The caller of every request. */
export const CALLER = "Bearer alice-of-the-console";

/** Calls `act(page, context)` on the console, signed in unless `token` is null. */
export async function visit(world, act, { token = CONSOLE_TOKEN, hash = "", before, ...profile } = {}) {
  const context = await world.browser.newContext({ viewport: { width: 1200, height: 900 }, ...profile });
  const errors = [];
  try {
    const page = await context.newPage();
    page.on("pageerror", (error) => errors.push(error.message));
    page.on("console", (message) => ["error", "warning"].includes(message.type()) && errors.push(message.text()));
    await before?.(page);
    await page.goto(`${world.guard}/.onlyonce/console${hash}`);
    if (token) await signIn(page, token);
    await act(page, context);
    assert.deepEqual(errors.filter((text) => !PROVOKED.test(text)), []);
  } finally {
    await context.close();
  }
}

export async function signIn(page, token) {
  await page.getByLabel("Operator’s token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Sign out" }).waitFor();
}

/** Opens the console at a record. */
export function visitRecord(world, id, act, options = {}) {
  return visit(world, async (page, context) => {
    await page.locator(".timeline").waitFor();
    await act(page, context);
  }, { hash: `#record/${id}`, ...options });
}

/** Sends one request; returns its answer, with the record's id. */
export async function send(world, path, key = randomUUID()) {
  const answer = await fetch(world.guard + path, {
    method: "POST",
    headers: { "idempotency-key": key, authorization: CALLER, "content-type": "application/json" },
    body: "{}",
  });
  const text = await answer.text();
  const [, id] = /key="?([0-9a-f]{64})/.exec(answer.headers.get("cache-status")) ?? /records\/([0-9a-f]{64})/.exec(text) ?? [];
  return { status: answer.status, headers: answer.headers, text, key, id };
}

/** Leaves so many outcomes unknown: of three, two are payments; one in ten lost its connection. */
export async function leaveUnknown(world, total) {
  let next = 0;
  const sender = async () => {
    while (next < total) {
      const number = next;
      next += 1;
      const { status } = await send(world, pathOf(number));
      assert.ok([500, 502].includes(status), `${status}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, sender));
}

export function pathOf(number) {
  const route = number % 3 === 0 ? "/orders/1" : "/payments/1";
  return number % 10 === 0 ? `${route}/lost` : route;
}

/** A request that is at the API until `world.open()`: its record's id, and the promise of its answer. */
export async function held(world) {
  const path = "/later/held";
  const key = randomUUID();
  const before = world.executed.length;
  const answer = send(world, path, key);
  while (!world.executed.slice(before).includes(path)) await new Promise((resolve) => setTimeout(resolve, 20));
  const { record } = await ask(world, "find", { method: "POST", body: JSON.stringify({ scope: { "header:authorization": CALLER }, key }) });
  return { id: record, answer };
}

/** The record as the guard itself tells it. */
export function recordOf(world, id) {
  return ask(world, `records/${id}`);
}

export async function ask(world, path, init) {
  const answer = await fetch(`${world.guard}/.onlyonce/${path}`, { ...init, headers: { authorization: `Bearer ${CONSOLE_TOKEN}` } });
  return answer.json();
}

/** Waits until the view has loaded. */
export async function loaded(page) {
  await page.waitForFunction(() => !document.querySelector("main [aria-busy]"), null, { timeout: 20_000 });
}

export function rows(page) {
  return page.locator("a.record").evaluateAll((links) => links.map(({ hash }) => hash));
}

export function focused(page) {
  return page.evaluate(() => document.activeElement.textContent.trim() || document.activeElement.tagName);
}
