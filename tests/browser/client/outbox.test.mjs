// The outbox in a real browser: offline and online, lanes, tabs, crashes. What was executed is
// asked of the shop's own port.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { readLedger, startAll } from "../fixture.mjs";
import { enqueue, items, loseAnswers, makeOutbox, problems, start, states, untilStates } from "./outbox-page.mjs";
import { executed, keysExecuted, onStage, pause, until, untilExecuted } from "./stage.mjs";

const world = await startAll();
after(world.stop);

test("offline it keeps, online it sends in the order in which they came", () =>
  onOutbox(async ({ page, context, orders, ledger, sent }) => {
    await context.setOffline(true);
    const keys = [];
    for (const quantity of [1, 2, 3]) keys.push(await enqueue(page, orders(), quantity));
    await pause(300);
    assert.deepEqual([await states(page), sent.length, await executed(world, ledger)], [["queued", "queued", "queued"], 0, 0]);
    assert.deepEqual(await problems(page), []);
    await context.setOffline(false);
    await untilStates(page, ["synced", "synced", "synced"]);
    const { executions } = await readLedger(world.shop, ledger);
    assert.deepEqual(executions.map(({ quantity }) => quantity), [1, 2, 3]);
    assert.deepEqual(await keysExecuted(world, ledger), keys.map((key) => `"${key}"`));
  }));

test("what was kept offline survives the tab, and is sent on the next start", () =>
  onOutbox(async ({ page, context, open, orders, ledger }) => {
    await context.setOffline(true);
    await enqueue(page, orders());
    await page.close();
    await context.setOffline(false);
    const next = await open();
    await makeOutbox(next);
    assert.deepEqual([await states(next), await executed(world, ledger)], [["queued"], 0]);
    await start(next);
    await untilStates(next, ["synced"]);
    assert.equal(await executed(world, ledger), 1);
  }));

test("an answer that is lost is asked for again under the same key; it is kept with the item", () =>
  onOutbox(async ({ page, context, orders, ledger }) => {
    const restoreAnswers = await loseAnswers(context);
    const key = await enqueue(page, orders());
    await until(async () => (await items(page))[0].attempts >= 3, "three attempts");
    await restoreAnswers();
    await page.evaluate(() => outbox.flush());
    await untilStates(page, ["synced"]);
    const [item] = await items(page);
    const [{ id }] = (await readLedger(world.shop, ledger)).executions;
    assert.deepEqual([item.status, JSON.parse(item.answer).id], [201, id]);
    assert.deepEqual(await keysExecuted(world, ledger), [`"${key}"`]);
  }));

test("two tabs flushing one outbox: one execution each, and only one tab sends", () =>
  onOutbox(async ({ page, context, open, orders, ledger, sent }) => {
    const other = await twoTabsWithSix(page, context, open, orders);
    await context.setOffline(false);
    await Promise.all([page, other].map((tab) => tab.evaluate(() => outbox.flush())));
    await untilStates(page, Array(6).fill("synced"));
    assert.deepEqual([await quantities(ledger), sent.length], [[1, 2, 3, 4, 5, 6], 6]);
  }));

test("two tabs without Web Locks may both send: still one execution each", () =>
  onOutbox(async ({ page, context, open, orders, ledger, sent }) => {
    const other = await twoTabsWithSix(page, context, open, orders);
    await context.setOffline(false);
    await Promise.all([page, other].map((tab) => tab.evaluate(() => outbox.flush())));
    await untilStates(page, Array(6).fill("synced"));
    assert.ok(sent.length > 6, `${sent.length} sent: both tabs were at it`);
    assert.deepEqual((await quantities(ledger)).toSorted(), [1, 2, 3, 4, 5, 6]);
  }, () => Object.defineProperty(navigator, "locks", { value: undefined })));

test("a tab killed between send and mark: sent again under the same key, one execution", () =>
  onOutbox(async ({ page, open, orders, ledger, sent }) => {
    const key = await enqueue(page, orders("&delay=1500"));
    await untilExecuted(world, ledger, 1);
    await crash(page);
    const next = await open();
    await makeOutbox(next);
    const [{ state, firstAttemptAt }] = await items(next);
    assert.deepEqual([state, typeof firstAttemptAt], ["sending", "number"]);
    await start(next);
    await untilStates(next, ["synced"]);
    assert.deepEqual(sent.map(({ key }) => key), [`"${key}"`, `"${key}"`]);
    assert.equal(await executed(world, ledger), 1);
  }));

test("a tab killed in the middle of a lane: every item once, in order", () =>
  onOutbox(async ({ page, open, orders, ledger }) => {
    for (const quantity of [1, 2, 3, 4]) await enqueue(page, orders("&delay=400"), quantity);
    await untilExecuted(world, ledger, 2);
    await crash(page);
    const next = await open();
    await makeOutbox(next);
    await start(next);
    await untilStates(next, Array(4).fill("synced"));
    assert.deepEqual(await quantities(ledger), [1, 2, 3, 4]);
  }));

test("a failed item holds up its lane and no other; retried or discarded, it goes on", () =>
  onOutbox(async ({ page, orders, ledger }) => {
    const refused = await enqueue(page, orders(), 0, { lane: "a" });
    await enqueue(page, orders(), 2, { lane: "a" });
    await enqueue(page, orders(), 3, { lane: "b" });
    await untilStates(page, ["failed", "queued", "synced"]);
    assert.deepEqual(await quantities(ledger), [3]);
    const [failed] = await items(page);
    assert.equal(failed.status, 400);
    assert.match(failed.answer, /quantity 0 is not a whole number/);
    await page.evaluate((key) => outbox.retry(key), refused);
    await untilStates(page, ["failed", "queued", "synced"]);
    await page.evaluate((key) => outbox.discard(key), refused);
    await untilStates(page, ["synced", "synced"]);
    assert.deepEqual(await quantities(ledger), [3, 2]);
  }));

test("given up: what is fenced or was never sent is forgotten and never carried out; what may have been stays, and is told", () =>
  onOutbox(async ({ page, context, orders, ledger, sent }) => {
    const give = (key) => page.evaluate((key) => outbox.giveUp(key).then(({ state, startedOver }) => [state, startedOver]), key);
    const unknown = await enqueue(page, orders("&drop=after"), 1, { lane: "a" });
    const waiting = await enqueue(page, orders(), 2, { lane: "a" });
    await untilStates(page, ["failed", "queued"]);
    assert.deepEqual(await give(waiting), ["not-asked", true]);
    assert.deepEqual(await give(unknown), ["unknown", false]);
    assert.deepEqual(await states(page), ["failed"]);
    await page.evaluate((key) => outbox.discard(key), unknown);

    // Its attempts never reach the guard.
    await context.route("**/orders*", (route) => route.abort());
    const stuck = await enqueue(page, orders(), 3, { lane: "b" });
    await until(async () => (await items(page))[0].attempts >= 1, "an attempt");
    await context.setOffline(true);
    assert.deepEqual(await give(stuck), ["unreachable", false]);
    assert.deepEqual(await states(page), ["queued"]);
    await context.setOffline(false);
    assert.deepEqual(await give(stuck), ["fenced", true]);
    assert.deepEqual(await states(page), []);
    const late = await fetch(`${world.guard}${orders()}`, { method: "POST", headers: { "idempotency-key": `"${stuck}"` }, body: "{}" });
    assert.deepEqual([late.status, (await late.json()).code], [409, "key-fenced"]);
    assert.deepEqual([await quantities(ledger), sent.length > 1], [[1], true]);
  }));

test("given up by the headers and the credential that it is sent with", () =>
  onOutbox(async ({ page, context, orders }) => {
    await page.evaluate(() => {
      outbox.stop();
      window.outbox = new Outbox({ name: "tokens", authorize: ({ body }) => ({ Authorization: `Bearer of ${body.byteLength} bytes` }) }).start();
    });
    await context.route("**/orders*", (route) => route.abort());
    const key = await enqueue(page, orders());
    await until(async () => (await items(page))[0].attempts >= 1, "an attempt");
    const [asked, told] = await Promise.all([page.waitForRequest("**/.onlyonce/key*"), page.evaluate((key) => outbox.giveUp(key), key)]);
    const headers = asked.headers();
    assert.match(headers.authorization, /^Bearer of \d+ bytes$/);
    assert.deepEqual([headers["idempotency-key"], told.state], [`"${key}"`, "fenced"]);
  }));

test("a refused item that is given up lets its lane go on", () =>
  onOutbox(async ({ page, orders, ledger }) => {
    const refused = await enqueue(page, orders(), 0);
    await enqueue(page, orders(), 2);
    await untilStates(page, ["failed", "queued"]);
    assert.equal((await page.evaluate((key) => outbox.giveUp(key), refused)).state, "refused");
    await untilStates(page, ["synced"]);
    assert.deepEqual(await quantities(ledger), [2]);
  }));

test("a slow lane holds up no other, nor what comes later in another", () =>
  onOutbox(async ({ page, orders, ledger }) => {
    await enqueue(page, orders("&delay_before=3000"), 1, { lane: "slow" });
    await until(async () => (await states(page))[0] === "sending", "the slow one is under way");
    await enqueue(page, orders(), 2, { lane: "slow" });
    await enqueue(page, orders(), 9, { lane: "quick" });
    await untilStates(page, ["sending", "queued", "synced"], 2500);
    assert.deepEqual(await quantities(ledger), [9]);
    await untilStates(page, ["synced", "synced", "synced"]);
    assert.deepEqual(await quantities(ledger), [9, 1, 2]);
  }));

test("an outcome that nobody knows fails the item and is not sent again by itself", () =>
  onOutbox(async ({ page, orders, ledger, sent }) => {
    await enqueue(page, orders("&drop=after"));
    await untilStates(page, ["failed"]);
    const [{ status, detail }] = await items(page);
    assert.equal(status, 502);
    assert.match(detail, /may or may not have been carried out/);
    await page.evaluate(() => outbox.flush());
    assert.deepEqual([sent.length, await executed(world, ledger)], [1, 1]);
  }));

test("a token is asked for at each attempt and never stored; a 401 waits for a person", () =>
  onOutbox(async ({ page, context, orders, ledger }) => {
    await page.evaluate(() => {
      outbox.stop();
      window.tokens = 0;
      window.outbox = new Outbox({ name: "tokens", authorize: () => ({ Authorization: `Bearer ${++tokens}` }) }).start();
    });
    const headers = [];
    context.on("request", (request) => request.method() === "POST" && headers.push(request.headers().authorization));
    const key = await enqueue(page, orders("&status=401"));
    await untilStates(page, ["failed"]);
    const [item] = await items(page);
    assert.deepEqual([item.firstAttemptAt, item.headers.map(([name]) => name)], [null, ["content-type", "idempotency-key"]]);
    await page.evaluate((key) => outbox.retry(key), key);
    await until(() => headers.length === 2, "a second attempt");
    assert.deepEqual(headers, ["Bearer 1", "Bearer 2"]);
    assert.equal(await executed(world, ledger), 0);
  }));

test("one key twice is refused by name", () =>
  onOutbox(async ({ page, orders, ledger }) => {
    const key = await enqueue(page, orders());
    await assert.rejects(enqueue(page, orders(), 3, { key }), /The key ".+" is in the outbox already: leave it out\./);
    await untilStates(page, ["synced"]);
    assert.equal(await executed(world, ledger), 1);
  }));

test("items keep the order of the calls, a large body ahead of a small one", () =>
  onOutbox(async ({ page, orders, ledger }) => {
    await page.evaluate(async (url) => {
      const order = (quantity, note) => outbox.enqueue(url, {
        method: "POST", headers: { "content-type": "application/json" },
        body: JSON.stringify({ item: "beans", quantity, price_cents: 1, note }),
      });
      await Promise.all([order(1, "x".repeat(60_000)), order(2), order(3), order(4)]);
    }, orders());
    await untilStates(page, Array(4).fill("synced"));
    assert.deepEqual(await quantities(ledger), [1, 2, 3, 4]);
  }));

test("Background Sync sends from a service worker while the page does nothing", () =>
  onOutbox(async ({ page, context, orders, ledger }) => {
    const script = 'import { Outbox } from "/client/outbox.js"; const outbox = new Outbox(); addEventListener("sync", (event) => event.tag === outbox.name && event.waitUntil(outbox.flush()));';
    await context.route("**/worker.js", (route) => route.fulfill({ contentType: "text/javascript", body: script }));
    await context.grantPermissions(["background-sync"]).catch(() => {});
    const session = await page.context().newCDPSession(page);
    const registered = new Promise((resolve) => session.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => registrations.length && resolve(registrations[0].registrationId)));
    await session.send("ServiceWorker.enable");
    await page.evaluate(async () => {
      outbox.stop();
      await navigator.serviceWorker.register("/worker.js", { type: "module" });
      await navigator.serviceWorker.ready;
    });
    await context.setOffline(true);
    const key = await enqueue(page, orders());
    await pause(300);
    assert.deepEqual(await page.evaluate(async () => (await navigator.serviceWorker.ready).sync.getTags()), ["onlyonce-outbox"]);
    await context.setOffline(false);
    await session.send("ServiceWorker.dispatchSyncEvent", { origin: world.guard, registrationId: await registered, tag: "onlyonce-outbox", lastChance: false });
    await untilExecuted(world, ledger, 1);
    assert.deepEqual(await keysExecuted(world, ledger), [`"${key}"`]);
  }));

function onOutbox(act, init) {
  return onStage(world, async (stage) => {
    await makeOutbox(stage.page);
    await start(stage.page);
    await act(stage);
  }, { init });
}

async function twoTabsWithSix(page, context, open, orders) {
  const other = await open();
  await makeOutbox(other);
  await context.setOffline(true);
  for (const quantity of [1, 2, 3, 4, 5, 6]) await enqueue(page, orders("&delay=100"), quantity);
  await start(other);
  return other;
}

// The renderer dies at once: no handler runs, no request is finished.
async function crash(page) {
  const session = await page.context().newCDPSession(page);
  const crashed = page.waitForEvent("crash");
  session.send("Page.crash").catch(() => {});
  await crashed;
}

async function quantities(ledger) {
  return (await readLedger(world.shop, ledger)).executions.map(({ quantity }) => quantity);
}
