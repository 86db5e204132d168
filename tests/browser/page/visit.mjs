// A visit to the demo page, and what the tests do there.
//
// 1. Every visit has a fresh profile; an error that the page did not expect fails the test.
// 2. The page tells the names of its ledgers, and nothing else that is believed.
// 3. Less motion is wanted, unless a test says otherwise: then no scene runs by itself.

import assert from "node:assert/strict";
import { readLedger } from "../fixture.mjs";

const RUN_WITHIN = 40_000;
/** What the browser itself says of answers that a scene provokes. */
const PROVOKED = /status of (4\d\d|50[02])|ERR_(CONTENT_LENGTH_MISMATCH|EMPTY_RESPONSE|ABORTED|FAILED|CONNECTION_REFUSED|UNSAFE_PORT)|blocked by CORS/;

/** Calls `act(page, context)` on the page at `address`. */
export async function visit(world, act, { address = world.guard, path = "", before, mayWarn = /$^/, ...profile } = {}) {
  const context = await world.browser.newContext({ reducedMotion: "reduce", ...profile });
  const errors = [];
  try {
    await before?.(context);
    await act(await opened(context, `${address}/${path}`, errors), context);
    assert.deepEqual(errors.filter((text) => !PROVOKED.test(text) && !mayWarn.test(text)), []);
  } finally {
    await context.close();
  }
}

async function opened(context, address, errors) {
  const page = await context.newPage();
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && errors.push(message.text()));
  await page.goto(address);
  await page.waitForSelector("html[data-ready]");
  return page;
}

export function scene(page, id) {
  return page.locator(`#${id}`);
}

/** Presses the scene's button, or another of its buttons, and waits for both lanes. */
export async function run(page, id, button = /^Run scene/) {
  await scene(page, id).getByRole("button", { name: button }).click();
  await settled(page, id);
}

export async function settled(page, id) {
  const idle = (id) => document.getElementById(id).getAttribute("aria-busy") === null;
  await page.waitForFunction(idle, id, { timeout: RUN_WITHIN });
}

/** What the shop itself says of both lanes of a scene: `{ without, with }`. */
export async function executions(world, page, id) {
  const names = await scene(page, id).locator(".panel").evaluateAll((panels) => panels.map(({ dataset }) => dataset.ledger));
  const [without, guarded] = await Promise.all(names.map((name) => readLedger(world.shop, name)));
  return { without: without.executions, with: guarded.executions };
}

/** How often the shop executed: without the guard, and with it. */
export async function totals(world, page, id) {
  const { without, with: guarded } = await executions(world, page, id);
  return [without.length, guarded.length];
}
