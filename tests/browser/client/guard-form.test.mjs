// guardForm in a real browser: a form that orders from the shop, in every way that a form can be
// submitted twice. What was executed is asked of the shop's own port.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
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
  onForm("&delay=1500", async ({ page, ledger, sent }) => {
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

test("an unknown outcome keeps the key over edits and reloads, until somebody insists on starting over", () =>
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
    assert.equal((await page.evaluate(() => window.changes[0])).state, "unknown", "it is said at once");
    await page.evaluate(() => window.guarded.startOver({ anyway: true }));
    assert.notEqual(await keyOf(page), key);
    await submitted(page, "unknown", 2);
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

for (const [where, listen] of [
  ["on the form", () => order.addEventListener("submit", (event) => event.preventDefault())],
  ["on the document, where React's are", () => document.body.addEventListener("submit", (event) => event.preventDefault())],
  ["on the window", () => addEventListener("submit", (event) => event.preventDefault())],
  ["on the window, ahead of all others", () => addEventListener("submit", (event) => event.preventDefault(), true)],
  ["on the way, which lets nobody else hear of it", () => document.body.addEventListener("submit", (event) => (event.stopPropagation(), event.preventDefault()))],
]) {
  test(`what a listener ${where} cancels is not sent`, () =>
    onForm("", async ({ page, ledger, sent }) => {
      await page.evaluate(listen);
      await page.getByRole("button").click();
      await pause(300);
      assert.equal((await look(page)).state, "ready");
      assert.deepEqual([sent.length, await executed(world, ledger)], [0, 0]);
    }));
}

test("a listener that stops the event but cancels nothing keeps nobody from guarding it", () =>
  onForm("", async ({ page, ledger, sent }) => {
    await page.evaluate(() => document.body.addEventListener("submit", (event) => event.stopPropagation()));
    await submitted(page, "final");
    assert.deepEqual([sent.length, await executed(world, ledger)], [1, 1]);
  }));

test("a form in a shadow tree is guarded as any other", () =>
  onForm("", async ({ page, ledger }) => {
    await page.evaluate(() => {
      const host = document.body.appendChild(document.createElement("div"));
      host.attachShadow({ mode: "open" }).append(order);
    });
    await submitted(page, "final");
    assert.equal(await executed(world, ledger), 1);
  }));

test("another button, another operation: its address and its encoding count", () =>
  onForm("", async ({ page }) => {
    const digests = await page.evaluate(async () => {
      const { formRequest } = await import("/client/form-request.js");
      const button = (attributes) => Object.assign(document.createElement("button"), attributes);
      const buttons = [button({}), button({ formAction: "/drafts" }), button({ formEnctype: "multipart/form-data" }), button({ name: "via", value: "x" })];
      order.append(...buttons);
      return buttons.map((button) => formRequest(order, button).digest);
    });
    assert.equal(new Set(digests).size, 4);
  }));

test("a draft saved by another button, then the order, unedited: two keys", () =>
  onForm("", async ({ page }) => {
    await page.evaluate(() => {
      const draft = Object.assign(document.createElement("button"), { textContent: "Save draft", name: "via", value: "button" });
      draft.setAttribute("formaction", "/drafts");
      order.append(draft);
    });
    await page.getByRole("button", { name: "Save draft" }).click();
    await untilState(page, "final");
    await page.getByRole("button", { name: "Order" }).click();
    await untilState(page, "final", 2);
    const keys = await page.evaluate(() => changes.filter(({ state }) => state === "sending").map(({ key }) => key));
    assert.equal(new Set(keys).size, 2);
  }));

test("a form without an action goes to the page's own address, whatever <base> says", () =>
  onForm("", async ({ page }) => {
    const urls = await page.evaluate(async () => {
      const { formRequest } = await import("/client/form-request.js");
      document.head.append(Object.assign(document.createElement("base"), { href: "/shop/" }));
      return [null, "", "pay", "?x"].map((action) => {
        const form = document.createElement("form");
        if (action !== null) form.setAttribute("action", action);
        return new Request(formRequest(form, null).url).url;
      });
    });
    const site = new URL(page.url()).origin;
    assert.deepEqual(urls, [page.url(), page.url(), `${site}/shop/pay`, `${site}/shop/?x`]);
  }));

test("after the origin's own refusal the next press, unedited, is a new attempt", () =>
  onForm("&status=402", async ({ page, sent }) => {
    await submitted(page, "final");
    await submitted(page, "final", 2);
    assert.equal(new Set(sent.map(({ key }) => key)).size, 2);
  }));

test("a tab that was duplicated in mid-submission: another order has a key of its own, the same one is the same", () =>
  onForm("&delay=3000", async ({ page, context, ledger }) => {
    const key = await keyOf(page);
    await page.getByRole("button").click();
    await untilExecuted(world, ledger, 1);
    const other = await duplicate(page, context);
    const third = await duplicate(page, context);
    assert.equal((await look(other)).state, "unknown");
    await other.locator("[name=quantity]").fill("3");
    await Promise.all([submitted(other, "final"), submitted(third, "final"), untilState(page, "final")]);
    const keys = await keysExecuted(world, ledger);
    assert.equal(keys.length, 2);
    assert.deepEqual([await keyOf(third), await keyOf(other)].map((key) => `"${key}"`), keys);
    assert.equal(await keyOf(third), key);
  }));

test("README's way to send JSON loses no entry", async () => {
  const readme = await readFile(new URL("../../../www/client/README.md", import.meta.url), "utf8");
  const [sample] = readme.match(/(?<=```js\n)guardForm\(form, [^`]+/);
  await onStage(world, async ({ page, sent }) => {
    const bodies = [];
    page.on("request", (request) => request.method() === "POST" && bodies.push(request.postDataJSON()));
    await page.evaluate((sample) => {
      window.form = document.forms[0];
      new Function("guardForm", "fetchOnce", "form", sample)(guardForm, fetchOnce, form);
    }, sample);
    await page.getByRole("button").click();
    await until(() => sent.length === 1, "it is sent");
    assert.deepEqual(bodies, [{ item: "beans", extra: ["milk", "sugar"] }]);
  }, { html: `<form method="post"><input name="item" value="beans">
    <input type="checkbox" name="extra" value="milk" checked><input type="checkbox" name="extra" value="sugar" checked><button>Order</button></form>` });
});

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

/** Another tab of the page, with what this one has in its session storage. */
async function duplicate(page, context) {
  const [other] = await Promise.all([context.waitForEvent("page"), page.evaluate(() => void open(location.href))]);
  other.orders = page.orders;
  await guardAgain(other);
  return other;
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
