// guardForm in a real browser: a form that orders from the shop, in every way that a form can be
// submitted twice. What was executed is asked of the shop's own port.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { launchBrowser, startAll } from "../fixture.mjs";
import { executed, keysExecuted, onStage, pause, ready, until, untilExecuted } from "./stage.mjs";

const world = await startAll();
after(world.stop);

const FORM = `
  <form id="order" method="post" action="/orders">
    <input name="item" value="beans"> <input name="quantity" type="number" value="2">
    <input type="hidden" name="note" value=""> <button name="via" value="button">Order</button>
  </form>
  <label>Coupon <input name="coupon" form="order"></label>`;

test("a double click is one order; the button is disabled and the form busy until the answer", () =>
  onForm("&delay=700", async ({ page, ledger, sent }) => {
    await page.getByRole("button").dblclick();
    assert.deepEqual(await look(page), { state: "sending", busy: "true", disabled: true });
    await untilState(page, "final");
    assert.deepEqual(await look(page), { state: "final", busy: null, disabled: false });
    assert.equal(await page.evaluate(() => document.activeElement.name), "via", "the button has the focus again");
    assert.deepEqual([sent.length, await executed(world, ledger)], [1, 1]);
  }));

for (const [how, submitAgain] of [
  ["Enter", (page) => page.locator("[name=item]").press("Enter")],
  ["requestSubmit()", (page) => page.evaluate(() => order.requestSubmit())],
  ["submit()", (page) => page.evaluate(() => order.submit())],
  ["a click by a script", (page) => page.evaluate(() => order.elements.via.click())],
  ["a submit event", (page) => page.evaluate(() => order.dispatchEvent(new SubmitEvent("submit", { cancelable: true })))],
]) {
  test(`${how} during a submission does nothing; the page's own listeners see nothing either`, () =>
    onForm("&delay=900", async ({ page, ledger, sent }) => {
      await page.evaluate(() => order.addEventListener("submit", () => (window.seen = (window.seen ?? 0) + 1)));
      await page.getByRole("button").click();
      await submitAgain(page);
      await untilState(page, "final");
      await pause(300);
      assert.equal(new URL(page.url()).pathname, "/stage");
      assert.equal(await page.evaluate(() => window.seen), 1);
      assert.deepEqual([sent.length, await executed(world, ledger)], [1, 1]);
    }));

  if (how.startsWith("a submit")) continue;
  test(`${how} alone is guarded`, () =>
    onForm("", async ({ page, ledger }) => {
      const key = await keyOf(page);
      await submitAgain(page);
      await untilState(page, "final");
      assert.deepEqual(await keysExecuted(world, ledger), [`"${key}"`]);
    }));
}

test("a reload in mid-submission keeps the key: pressing again is the same order", () =>
  onForm("&delay=1500", async ({ page, ledger }) => {
    const key = await submitAndLeave(page, ledger, () => page.reload());
    assert.equal(await keyOf(page), key);
    assert.equal((await look(page)).state, "unknown", "nobody was there for the answer");
    await page.getByRole("button").click();
    await untilState(page, "final");
    assert.deepEqual(await keysExecuted(world, ledger), [`"${key}"`]);
  }));

test("back and forward in mid-submission keep the key", () =>
  onForm("&delay=1500", async ({ page, ledger }) => {
    const key = await submitAndLeave(page, ledger, async () => {
      await page.goto(`${world.guard}/stage?elsewhere`);
      await page.goBack();
    });
    assert.equal(await keyOf(page), key);
    await page.goForward();
    await page.goBack();
    await guardAgain(page);
    assert.equal(await keyOf(page), key);
    await page.getByRole("button").click();
    await untilState(page, "final");
    assert.deepEqual(await keysExecuted(world, ledger), [`"${key}"`]);
  }));

// Browsers keep a page that was left as it is, with its script's memory. Playwright turns that off.
test("back to a page that was kept alive: after a final answer it starts a new key", () =>
  keptAlive(async ({ page, ledger }) => {
    const key = await keyOf(page);
    await submitted(page, "final");
    await leaveAndReturn(page);
    assert.notEqual(await keyOf(page), key);
    assert.equal((await look(page)).state, "ready");
    await submitted(page, "final", 2);
    assert.equal(await executed(world, ledger), 2);
  }));

test("back to a page that was kept alive in mid-submission: it is the same order", () =>
  keptAlive(async ({ page, ledger }) => {
    const key = await keyOf(page);
    await page.getByRole("button").click();
    await untilExecuted(world, ledger, 1);
    await leaveAndReturn(page);
    await until(async () => (await look(page)).state !== "sending", "the submission has ended");
    assert.equal(await keyOf(page), key);
    await page.getByRole("button").click();
    await until(async () => (await look(page)).state === "final", "the answer is there");
    assert.deepEqual(await keysExecuted(world, ledger), [`"${key}"`]);
  }, "&delay=1500"));

test("after a final answer a reload starts a new key", () =>
  onForm("", async ({ page, ledger }) => {
    const key = await keyOf(page);
    await submitted(page, "final");
    await page.reload();
    await guardAgain(page);
    assert.notEqual(await keyOf(page), key);
    await submitted(page, "final");
    assert.equal(await executed(world, ledger), 2);
  }));

test("pressing again after a final answer replays it", () =>
  onForm("", async ({ page, ledger, sent }) => {
    await submitted(page, "final");
    await submitted(page, "final", 2);
    assert.deepEqual([sent.length, await executed(world, ledger)], [2, 1]);
  }));

for (const [what, edit] of [
  ["an edit", (page) => page.locator("[name=quantity]").fill("3")],
  ["an edit of a field outside that names the form", (page) => page.getByLabel("Coupon").fill("SPRING")],
]) {
  test(`${what} after a final answer starts a new key at once`, () =>
    onForm("", async ({ page, ledger }) => {
      const key = await keyOf(page);
      await submitted(page, "final");
      assert.equal(await keyOf(page), key);
      await edit(page);
      assert.notEqual(await keyOf(page), key);
      assert.equal((await look(page)).state, "ready");
      await submitted(page, "final", 2);
      assert.equal(await executed(world, ledger), 2);
    }));
}

for (const [what, query, edit, before] of [
  ["by a script, without any event", "", (page) => page.evaluate(() => (order.elements.note.value = "later")), "final"],
  ["while the answer was under way", "&delay=700", (page) => page.locator("[name=quantity]").fill("3"), "sending"],
]) {
  test(`an edit ${what} makes the next submission another order`, () =>
    onForm(query, async ({ page, ledger }) => {
      const key = await keyOf(page);
      await page.getByRole("button").click();
      await untilState(page, before);
      await edit(page);
      await untilState(page, "final");
      assert.equal(await keyOf(page), key);
      await submitted(page, "final", 2);
      assert.equal(new Set(await keysExecuted(world, ledger)).size, 2);
    }));
}

test("an unknown outcome keeps the key over edits and reloads, until startOver()", () =>
  onForm("&drop=after", async ({ page, ledger }) => {
    const key = await keyOf(page);
    await submitted(page, "unknown");
    await page.locator("[name=quantity]").fill("3");
    await submitted(page, "unknown", 2);
    assert.equal((await page.evaluate(() => window.changes.at(-1).problem)).code, "key-reused");
    await page.reload();
    await guardAgain(page);
    assert.deepEqual([await keyOf(page), (await look(page)).state], [key, "unknown"]);
    assert.equal(await executed(world, ledger), 1);
    await page.evaluate(() => window.guarded.startOver());
    assert.notEqual(await keyOf(page), key);
    await submitted(page, "unknown");
    assert.equal(await executed(world, ledger), 2);
  }));

test("an order that was turned away keeps its key, edited or not", () =>
  onForm("&status=401", async ({ page, ledger }) => {
    const key = await keyOf(page);
    await submitted(page, "not-processed");
    await page.locator("[name=quantity]").fill("3");
    assert.equal(await keyOf(page), key);
    assert.equal(await executed(world, ledger), 0);
  }));

test("startOver() during a submission is refused by name", () =>
  onForm("&delay=500", async ({ page, ledger }) => {
    await page.getByRole("button").click();
    const message = await page.evaluate(() => { try { guarded.startOver(); } catch ({ message }) { return message; } });
    assert.match(message, /^".+" is being sent: start over after its answer\.$/);
    await untilState(page, "final");
    assert.equal(await executed(world, ledger), 1);
  }));

test("what another listener has cancelled is not sent", () =>
  onForm("", async ({ page, ledger, sent }) => {
    await page.evaluate(() => order.addEventListener("submit", (event) => event.preventDefault(), true));
    await page.getByRole("button").click();
    await pause(300);
    assert.deepEqual([sent.length, await executed(world, ledger)], [0, 0]);
  }));

test("blocked session storage changes nothing but that a reload forgets", () =>
  onForm("", async ({ page, ledger }) => {
    await page.getByRole("button").dblclick();
    await untilState(page, "final");
    assert.equal(await executed(world, ledger), 1);
  }, () => Object.defineProperty(window, "sessionStorage", { get() { throw new DOMException("blocked", "SecurityError"); } })));

test("a form that changes nothing, or is guarded already, is refused by name; stop() leaves it as it was", () =>
  onForm("", async ({ page, ledger, sent }) => {
    const messages = await page.evaluate(() => {
      const attempt = (form) => { try { guardForm(form); } catch ({ message }) { return message; } };
      const get = Object.assign(document.createElement("form"), { name: "search" });
      return [attempt(order), attempt(get)];
    });
    assert.deepEqual(messages, [
      'The form "order" is guarded already: call stop() first.',
      'The form "search" has method="get": write method="post".',
    ]);
    await page.evaluate(() => guarded.stop());
    await page.getByRole("button").click();
    await page.waitForURL(/\/orders/);
    assert.deepEqual([sent.length, sent[0].key, await executed(world, ledger)], [1, undefined, 0]);
  }));

// The shop takes JSON, so the form is sent in a way of the page's own.
function guardInPage(url) {
  window.changes = [];
  const send = ({ data, key }) => fetchOnce(url, {
    method: "POST", headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...Object.fromEntries(data), quantity: Number(data.get("quantity")), price_cents: 1250 }),
  }, { key, attempts: 1 });
  window.guarded = guardForm(document.forms.order, { send, onState: ({ state, key, problem }) => changes.push({ state, key, problem }) });
}

function onForm(query, act, init, place = world) {
  return onStage(place, async (stage) => {
    await stage.page.evaluate(guardInPage, stage.orders(query));
    stage.page.orders = stage.orders(query);
    await act(stage);
  }, { html: FORM, init });
}

async function keptAlive(act, query = "") {
  const browser = await launchBrowser(["--disable-back-forward-cache"]);
  try {
    await onForm(query, act, undefined, { ...world, browser });
  } finally {
    await browser.close();
  }
}

// Not goBack(): Playwright waits for a load, and a page that was kept alive is not loaded again.
async function leaveAndReturn(page) {
  await page.evaluate(() => addEventListener("pageshow", ({ persisted }) => (window.persisted = persisted)));
  await page.goto(`${world.guard}/stage?elsewhere`);
  await page.evaluate(() => history.back());
  await until(() => page.evaluate(() => window.persisted).catch(() => false), "the page is back from the browser's memory");
}

async function guardAgain(page) {
  await ready(page);
  if (!(await page.evaluate(() => window.guarded))) await page.evaluate(guardInPage, page.orders);
}

async function submitAndLeave(page, ledger, leave) {
  const key = await keyOf(page);
  await page.getByRole("button").click();
  await untilExecuted(world, ledger, 1);
  await leave();
  await guardAgain(page);
  return key;
}

async function submitted(page, state, times = 1) {
  await page.getByRole("button").click();
  await untilState(page, state, times);
}

function untilState(page, state, times = 1) {
  const reached = () => page.evaluate((state) => changes.filter((change) => change.state === state).length, state);
  return until(async () => (await reached()) >= times, `the form is ${state}, for the ${times}. time`);
}

function keyOf(page) {
  return page.evaluate(() => guarded.key);
}

function look(page) {
  return page.evaluate(() => ({
    state: guarded.state, busy: order.getAttribute("aria-busy"), disabled: order.elements.via.disabled,
  }));
}
