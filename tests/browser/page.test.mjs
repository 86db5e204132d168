// The demo page in a real browser, with the guard in front of the shop and
// without it. What was executed is asked of the shop's own port.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { newLedger, readLedger, startAll } from "./fixture.mjs";

const ANSWER = "#answers .answer:not(.waiting)";
const world = await startAll();
after(world.stop);

test("a double click makes one order, and both answers name it", async () => {
  await onPage(world.guard, async ({ page, ledger }) => {
    await page.getByRole("button", { name: "Place order" }).dblclick();
    const answers = await answersOf(page, 2);
    const { total, executions } = await readLedger(world.shop, ledger);
    assert.equal(total, 1);
    assert.deepEqual(answers.map(({ id }) => id), [executions[0].id, executions[0].id]);
    assert.deepEqual(answers.map(({ status }) => status), ["201 Created", "201 Created"]);
    assert.equal(answers.filter(({ text }) => text.includes("Idempotency-Replayed")).length, 1);
  });
});

test("a press after the answer replays it", async () => {
  await onPage(world.guard, async ({ page, ledger }) => {
    const key = await keyOf(page);
    await place(page, 1);
    const answers = await place(page, 2);
    assert.equal(answers[0].id, answers[1].id);
    assert.match(answers[0].text, /replayed/);
    assert.equal(await keyOf(page), key);
    assert.equal((await readLedger(world.shop, ledger)).total, 1);
  });
});

test("an edit after the answer makes a second order", async () => {
  await onPage(world.guard, async ({ page, ledger }) => {
    const key = await keyOf(page);
    await place(page, 1);
    await page.getByLabel("Quantity").fill("3");
    assert.notEqual(await keyOf(page), key);
    await place(page, 2);
    const { orders } = await readLedger(world.shop, ledger);
    assert.deepEqual(orders.map(({ quantity, executed }) => [quantity, executed]), [[2, 1], [3, 1]]);
  });
});

test("the same order under a new key is a second order", async () => {
  await onPage(world.guard, async ({ page, ledger }) => {
    await place(page, 1);
    await page.getByRole("button", { name: "New order" }).click();
    await place(page, 2);
    const { orders } = await readLedger(world.shop, ledger);
    assert.deepEqual(orders.map(({ quantity, executed }) => [quantity, executed]), [[2, 2]]);
  });
});

test("an edit before the answer keeps the key, and the guard's refusal is shown", async () => {
  await onPage(world.guard, async ({ page, ledger }) => {
    const key = await keyOf(page);
    await page.getByRole("button", { name: "Place order" }).click();
    await page.getByLabel("Quantity").fill("3");
    assert.equal(await keyOf(page), key);
    const [refused] = await place(page, 2);
    assert.match(refused.status, /^422/);
    assert.match(refused.text, /said by the guard/);
    assert.equal((await readLedger(world.shop, ledger)).total, 1);
  }, { consoleMay: /status of 422/ });
});

test("without the guard the same double click makes two orders", async () => {
  await onPage(world.shop, async ({ page, ledger }) => {
    await page.getByRole("button", { name: "Place order" }).dblclick();
    const answers = await answersOf(page, 2);
    assert.equal((await readLedger(world.shop, ledger)).total, 2);
    assert.equal(new Set(answers.map(({ id }) => id)).size, 2);
    assert.match(answers[0].text, /no guard in front/);
  });
});

test("the page shows the shop's ledger and empties it", async () => {
  await onPage(world.guard, async ({ page, ledger }) => {
    await place(page, 1);
    await page.getByText("1 order executed").waitFor();
    await page.getByRole("button", { name: "Empty" }).click();
    await page.getByText("0 orders executed").waitFor();
    assert.equal((await readLedger(world.shop, ledger)).total, 0);
  });
});

test("what the origin said is shown as text, never as markup", async () => {
  await onPage(world.guard, async ({ page }) => {
    await page.getByLabel("Item").fill("<img src=x onerror=alert(1)>");
    await place(page, 1);
    await page.getByText("2 × <img src=x onerror=alert(1)>").waitFor();
    assert.equal(await page.locator("main img").count(), 0);
  });
});

// A fresh profile and a ledger of its own; an error in the console fails the test.
async function onPage(address, act, { consoleMay = /$^/ } = {}) {
  const context = await world.browser.newContext();
  const page = await context.newPage();
  const errors = watchErrors(page);
  const ledger = newLedger();
  try {
    await page.goto(`${address}/?ledger=${ledger}`);
    await page.getByLabel("The shop takes its time").selectOption("800");
    await act({ page, ledger });
    assert.deepEqual(errors.filter((text) => !consoleMay.test(text)), []);
  } finally {
    await context.close();
  }
}

function watchErrors(page) {
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") errors.push(message.text());
  });
  return errors;
}

async function place(page, answersThen) {
  await page.getByRole("button", { name: "Place order" }).click();
  return answersOf(page, answersThen);
}

async function answersOf(page, count) {
  await page.locator(ANSWER).nth(count - 1).waitFor();
  assert.equal(await page.locator("#answers .answer").count(), count);
  return page.locator(ANSWER).evaluateAll((entries) => entries.map((entry) => ({
    status: entry.querySelector(".status").textContent,
    id: entry.querySelector("code")?.title,
    text: entry.textContent,
  })));
}

function keyOf(page) {
  return page.getByLabel("Idempotency-Key").inputValue();
}
