// Starting a form over, in a real browser: the key is fenced first, and what the guard says decides.
// What was executed is asked of the shop's own port.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startAll } from "../fixture.mjs";
import { startGuardFor } from "./guard.mjs";
import { startHoldingProxy } from "./holding-proxy.mjs";
import { executed, keysExecuted, onStage, ready, until, untilExecuted } from "./stage.mjs";

const world = await startAll();
const network = await startHoldingProxy(world.guard);
after(async () => {
  await network.stop();
  await world.stop();
});

const FORM = (action = "/orders") => `
  <form id="order" method="post" action="${action}">
    <input name="item" value="beans"> <button>Order</button>
  </form>`;

test("a request that is stuck on its way is fenced: it arrives late and is not carried out, the next one is", () =>
  onForm("", async ({ page, ledger, asked }) => {
    const key = await press(page);
    await until(() => network.held.length === 1, "the request is on its way");
    await reload(page);
    const { record, expires_at, ...told } = await startOver(page);
    assert.deepEqual(told, { state: "fenced", startedOver: true, key });
    assert.match(record, /^[0-9a-f]{64}$/);
    assert.ok(Date.parse(expires_at) > Date.now());
    assert.deepEqual(await look(page), { state: "ready", isNew: true });
    const [late] = await network.release();
    assert.deepEqual([late.status, JSON.parse(late.text).code], [409, "key-fenced"]);
    assert.equal(await executed(world, ledger), 0);
    const next = await press(page);
    await until(() => network.held.length === 1, "the next request is on its way");
    assert.equal((await network.release())[0].status, 201);
    assert.deepEqual([await keysExecuted(world, ledger), asked], [[`"${next}"`], ["DELETE"]]);
  }, { site: network.url }));

test("a form that sends by itself asks at its own address", () =>
  onForm("", async ({ page, asked }) => {
    await press(page);
    await until(() => network.held.length === 1, "the request is on its way");
    await reload(page);
    assert.equal((await startOver(page)).state, "fenced");
    assert.deepEqual(asked.paths, ["/shop/orders?x=%C3%A4"]);
    assert.equal((await network.release())[0].status, 409);
  }, { site: network.url, html: `<base href="/shop/">${FORM("orders?x=ä")}`, guard: guardPlainly }));

// The page is left before its request arrives, so it has no answer, and the guard knows more than it does.
for (const [what, query, state, startedOver] of [
  ["was carried out", "", "done", false],
  ["is at the origin", "&delay=5000", "in-progress", false],
  ["may have been carried out", "&drop=after", "unknown", false],
  ["was refused", "&status=402", "refused", true],
]) {
  test(`what ${what} is told as ${state}, and ${startedOver ? "a new key begins" : "the key stays"}`, () =>
    onForm(query, async ({ page }) => {
      const key = await press(page);
      await arriveAfterReload(page);
      await until(async () => (await page.evaluate((key) => statusOf(orders, key), key)).state === (state === "refused" ? "done" : state), "the guard knows");
      const told = await startOver(page);
      assert.deepEqual([told.state, told.startedOver, told.key], [state, startedOver, key]);
      assert.deepEqual(await look(page), { state: startedOver ? "ready" : "unknown", isNew: startedOver });
      await page.evaluate(() => guarded.startOver());
      assert.equal((await look(page)).isNew, startedOver, "asking once more changes nothing");
    }, { site: network.url }));
}

test("what was carried out is shown when it is sent again, and nothing is done twice", () =>
  onForm("", async ({ page, ledger }) => {
    await press(page);
    await arriveAfterReload(page);
    await until(async () => (await startOver(page)).state === "done", "the guard knows");
    await press(page);
    await until(() => network.held.length === 1, "the same is on its way again");
    await network.release();
    await until(async () => (await look(page)).state === "final", "its answer");
    assert.equal(await executed(world, ledger), 1);
  }, { site: network.url }));

test("who has been told and insists starts over at once, without a question", () =>
  onForm("&drop=after", async ({ page, ledger, asked }) => {
    const key = await press(page);
    await until(async () => (await look(page)).state === "unknown", "nobody knows");
    assert.equal((await startOver(page)).state, "unknown");
    assert.deepEqual(await startOver(page, { anyway: true }), { startedOver: true, state: "not-asked", key });
    assert.deepEqual([await look(page), asked], [{ state: "ready", isNew: true }, ["DELETE"]]);
    await press(page);
    await untilExecuted(world, ledger, 2);
    assert.equal(new Set(await keysExecuted(world, ledger)).size, 2);
  }));

test("where the guard cannot be asked it says so, and the key stays", () =>
  onForm("&drop=after", async ({ page, context }) => {
    await press(page);
    await until(async () => (await look(page)).state === "unknown", "nobody knows");
    await context.setOffline(true);
    const told = await startOver(page);
    assert.deepEqual([told.state, told.startedOver], ["unreachable", false]);
    assert.match(told.error, /Failed to fetch/);
    assert.deepEqual(await look(page), { state: "unknown", isNew: false });
    await context.setOffline(false);
    assert.equal((await startOver(page)).state, "unknown");
  }));

test("an origin without a guard cannot be asked", () =>
  onForm("&drop=after", async ({ page }) => {
    await press(page);
    await until(async () => (await look(page)).state === "unknown", "nobody knows");
    const told = await startOver(page);
    assert.deepEqual([told.state, (await look(page)).isNew], ["unreachable", false]);
    assert.match(told.error, /does not tell what became of a key: 404/);
  }, { site: world.shop }));

test("a `send` of its own without its `giveUp`: nobody is asked, and the key stays", () =>
  onForm("&drop=after", async ({ page, asked }) => {
    await press(page);
    await until(async () => (await look(page)).state === "unknown", "nobody knows");
    const told = await startOver(page);
    assert.deepEqual([told.state, asked, (await look(page)).isNew], ["unreachable", [], false]);
    assert.match(told.error, /^guardForm has a "send" but no "giveUp"/);
  }, { own: {} }));

test("a form of another site's asks only where the policy lets its page in", async () => {
  const open = await startGuardFor(world.shop, { cors: { origins: [new URL(world.shop).origin] } });
  try {
    for (const [guard, state] of [[world.guard, "unreachable"], [open.url, "fenced"]]) {
      await onForm("", async ({ page, context }) => {
        // A page that a test made up counts as one from the internet.
        await context.grantPermissions(["local-network-access"]);
        await context.route("**/orders*", (route) => route.abort());
        await press(page);
        await reload(page);
        assert.equal((await startOver(page)).state, state);
      }, { site: world.shop, html: FORM(`${guard}/orders`), guard: guardPlainly });
    }
  } finally {
    await open.stop();
  }
});

test("while it is asked the form is busy, nothing is sent, and a second call is the first one", () =>
  onForm("", async ({ page, context, asked, ledger }) => {
    await press(page);
    await until(() => network.held.length === 1, "the request is on its way");
    await reload(page);
    let answer;
    await context.route("**/.onlyonce/key*", (route) => (answer = () => route.continue()));
    await page.evaluate(() => {
      window.both = Promise.all([guarded.startOver(), guarded.startOver({ anyway: true })]);
      order.requestSubmit();
    });
    await until(() => answer, "the guard is being asked");
    assert.deepEqual(await page.evaluate(() => [order.getAttribute("aria-busy"), order.elements[1].disabled]), ["true", true]);
    await page.evaluate(() => order.submit());
    assert.deepEqual(await look(page), { state: "unknown", isNew: false });
    await answer();
    const [first, second] = await page.evaluate(() => both);
    assert.deepEqual([first.state, second], ["fenced", first]);
    assert.deepEqual(await page.evaluate(() => [order.getAttribute("aria-busy"), order.elements[1].disabled]), [null, false]);
    assert.deepEqual([network.held.length, asked], [1, ["DELETE"]]);
    await network.release();
    assert.equal(await executed(world, ledger), 0);
  }, { site: network.url }));

test("a fence whose answer nobody was there for holds: the key is told as fenced, by the next press and the next time", () =>
  onForm("", async ({ page, context }) => {
    await press(page);
    await until(() => network.held.length === 1, "the request is on its way");
    await reload(page);
    let fenced;
    await context.route("**/.onlyonce/key*", (route) => (fenced = route.fetch()));
    await page.evaluate(() => void guarded.startOver());
    await until(() => fenced, "the guard is asked");
    await fenced;
    await context.unroute("**/.onlyonce/key*");
    await reload(page);
    assert.deepEqual(await look(page), { state: "unknown", isNew: false });
    await press(page);
    await until(() => network.held.length === 2, "it is sent again");
    await network.release();
    await until(async () => (await page.evaluate(() => changes.at(-1))).code === "key-fenced", "the guard says so");
    assert.deepEqual(await look(page), { state: "not-processed", isNew: false });
    assert.equal((await startOver(page)).state, "fenced");
  }, { site: network.url }));

test("a fence says nothing of a key that the guard may have forgotten", () =>
  onForm("", async ({ page, context }) => {
    await context.route("**/orders*", (route) => route.abort());
    await press(page);
    await reload(page, () => {
      const [name] = Object.keys(sessionStorage);
      const open = JSON.parse(sessionStorage[name]);
      sessionStorage[name] = JSON.stringify({ ...open, since: open.since - 24 * 60 * 60_000 });
    });
    const told = await startOver(page);
    assert.deepEqual([told.state, told.startedOver], ["forgotten", false]);
    assert.deepEqual(await look(page), { state: "unknown", isNew: false });
  }));

test("what was never sent, and what has its answer, starts over at once and asks nobody", () =>
  onForm("", async ({ page, ledger, asked }) => {
    const [first, second] = await page.evaluate(() => [guarded.key, (void guarded.startOver(), guarded.key)]);
    assert.notEqual(first, second);
    await press(page);
    await until(async () => (await look(page)).state === "final", "its answer");
    assert.deepEqual(await startOver(page), { startedOver: true, state: "not-asked", key: second });
    await press(page);
    await untilExecuted(world, ledger, 2);
    assert.deepEqual(asked, []);
  }));

test("what was turned away is fenced, too", () =>
  onForm("&status=401", async ({ page, asked }) => {
    const key = await press(page);
    await until(async () => (await look(page)).state === "not-processed", "it was turned away");
    const told = await startOver(page);
    assert.deepEqual([told.state, told.key, (await look(page)).isNew, asked], ["fenced", key, true, ["DELETE"]]);
  }));

test("a submission under way is refused by name", () =>
  onForm("&delay=3000", async ({ page }) => {
    await press(page);
    const message = await page.evaluate(() => guarded.startOver().catch(({ message }) => message));
    assert.match(message, /^".+" is being sent: start over after its answer\.$/);
  }));

// The shop takes JSON, so the form is sent in a way of the page's own.
function guardInPage([url, own = { giveUp: ({ key, signal }) => giveUp(url, key, { signal }) }]) {
  window.changes = [];
  window.orders = url;
  const body = JSON.stringify({ item: "beans", quantity: 2, price_cents: 1250 });
  const send = ({ key }) => fetchOnce(url, { method: "POST", headers: { "content-type": "application/json" }, body }, { key, attempts: 1 });
  const onState = ({ state, key, problem }) => changes.push({ state, key, code: problem?.code });
  window.guarded = guardForm(document.forms.order, { send, ...own, onState });
}

function guardPlainly() {
  window.changes = [];
  window.guarded = guardForm(document.forms.order, { onState: ({ state, key }) => changes.push({ state, key }) });
}

/** Calls `act` with what a stage has and `asked`, the methods and the paths of all questions about keys. */
function onForm(query, act, { site, html = FORM(), guard = guardInPage, own } = {}) {
  return onStage(world, async (stage) => {
    const { page, context, orders } = stage;
    const asked = Object.assign([], { paths: [] });
    context.on("request", (request) => {
      const url = new URL(request.url());
      if (url.pathname !== "/.onlyonce/key" || request.method() === "GET") return;
      asked.push(request.method());
      asked.paths.push(url.searchParams.get("path"));
    });
    page.guardAgain = () => page.evaluate(guard, [orders(query), own]);
    await page.guardAgain();
    await act({ ...stage, asked: hideExtras(asked) });
    network.held.length = 0;
  }, { html, site });
}

/** `paths` stay readable, and do not count when two lists are compared. */
function hideExtras(list) {
  return Object.defineProperty(list, "paths", { enumerable: false });
}

/** Presses the button; gives the key under which it is sent. */
async function press(page) {
  page.lastKey = await page.evaluate(() => guarded.key);
  await page.getByRole("button").click();
  return page.lastKey;
}

async function reload(page, before = () => {}) {
  await page.evaluate(before);
  await page.reload();
  await ready(page);
  await page.guardAgain();
  assert.equal((await look(page)).state, "unknown");
}

/** Leaves the page while its request is held; then the request arrives, and nobody waits for its answer. */
async function arriveAfterReload(page) {
  await until(() => network.held.length === 1, "the request is on its way");
  await reload(page);
  network.release().catch(() => {});
}

function startOver(page, options) {
  return page.evaluate(async (options) => {
    const told = await guarded.startOver(options);
    return "error" in told ? { ...told, error: told.error.message } : told;
  }, options);
}

async function look(page) {
  const [state, key] = await page.evaluate(() => [guarded.state, guarded.key]);
  return { state, isNew: key !== page.lastKey };
}
