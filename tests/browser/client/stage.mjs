// A page on the guard's address that has the client's modules as globals, and nothing else.
//
// 1. The page is the test's; the modules, the guard and the shop behind it are the real ones.
// 2. Every test has a fresh profile and a ledger of its own.
// 3. An error that the page did not catch fails the test.

import assert from "node:assert/strict";
import { newLedger, readLedger } from "../fixture.mjs";

export const BEANS = { item: "beans", quantity: 2, price_cents: 1250 };

const PAGE = (html) => `<!doctype html><meta charset="utf-8"><title>stage</title>
  <link rel="icon" href="data:,">
  ${html}
  <script type="module">
    import * as client from "/client/index.js";
    Object.assign(window, client, { ready: true });
  </script>`;

/** Calls `act({ context, page, open, ledger, orders, sent })` and closes everything after. */
export async function onStage(world, act, { html = "", init, site = world.guard } = {}) {
  const context = await world.browser.newContext();
  const ledger = newLedger();
  const errors = [];
  const sent = [];
  watch(context, errors, sent);
  if (init) await context.addInitScript(init);
  await context.route("**/stage*", (route) => route.fulfill({ contentType: "text/html", body: PAGE(html) }));
  const open = (path = "/stage") => opened(context, `${site}${path}`);
  const orders = (query = "") => `/orders?ledger=${ledger}${query}`;
  try {
    await act({ context, page: await open(), open, ledger, orders, sent });
    assert.deepEqual(errors, []);
  } finally {
    await context.close();
  }
}

// `sent` are the times of the POSTs that left any page of this profile.
function watch(context, errors, sent) {
  context.on("weberror", (error) => errors.push(error.error().message));
  context.on("request", (request) => {
    if (request.method() === "POST") sent.push({ at: Date.now(), key: request.headers()["idempotency-key"] });
  });
}

async function opened(context, url) {
  const page = await context.newPage();
  await page.goto(url);
  await ready(page);
  return page;
}

/** Waits until the modules are there, also after a reload. */
export function ready(page) {
  return page.waitForFunction(() => window.ready);
}

/** How often the shop executed an order, as it says itself. */
export async function executed(world, ledger) {
  return (await readLedger(world.shop, ledger)).total;
}

/** The keys that reached the shop, one for each execution. */
export async function keysExecuted(world, ledger) {
  return (await readLedger(world.shop, ledger)).executions.map(({ headers }) => headers["idempotency-key"]);
}

/** Waits until the shop has executed that many. */
export async function untilExecuted(world, ledger, count) {
  return until(async () => (await executed(world, ledger)) === count, `the shop executed ${count}`);
}

export async function until(happened, what, within = 10_000) {
  for (const end = Date.now() + within; Date.now() < end; await pause(50)) {
    if (await happened()) return;
  }
  throw new Error(`not within ${within} ms: ${what}`);
}

export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
