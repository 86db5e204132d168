// What time does to the outbox: stale items, wrong clocks, pruning; and storage that is full or
// blocked. What was executed is asked of the shop's own port.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startAll } from "../fixture.mjs";
import { age, enqueue, items, loseAnswers, makeOutbox, problems, start, untilStates } from "./outbox-page.mjs";
import { BEANS, executed, keysExecuted, onStage, pause, until, untilExecuted } from "./stage.mjs";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const world = await startAll();
after(world.stop);

for (const [what, passed, state, total] of [
  ["within the window less ten minutes is sent again", 23.5 * HOUR, "synced", 1],
  ["older than the window less ten minutes is stale and not sent", 24 * HOUR - 9 * MINUTE, "stale", 1],
  ["of unknown age, from a server's clock set back, is stale and not sent", -HOUR, "stale", 1],
]) {
  test(`an item ${what}`, () =>
    onLost(async ({ page, ledger, sent }) => {
      await age(page, passed);
      const before = sent.length;
      await page.evaluate(() => outbox.flush());
      await untilStates(page, [state]);
      assert.equal(sent.length - before, state === "stale" ? 0 : 1);
      assert.equal(await executed(world, ledger), total);
    }));
}

test("a stale item says why, and is sent again only when told to anyway", () =>
  onLost(async ({ page, ledger, sent, key }) => {
    await age(page, 30 * HOUR);
    await page.evaluate(() => outbox.flush());
    await untilStates(page, ["stale"]);
    const before = sent.length;
    await page.evaluate((key) => outbox.retry(key), key);
    const [{ state, detail }] = await items(page);
    assert.equal(state, "stale");
    assert.match(detail, /^Sent 1800 minutes ago, its key surely known for 1430: see whether it was carried out, then discard it or retry it anyway\.$/);
    assert.equal(sent.length, before);
    await page.evaluate((key) => outbox.retry(key, { anyway: true }), key);
    await untilStates(page, ["synced"]);
    assert.deepEqual([sent.length, await executed(world, ledger)], [before + 1, 1]);
  }));

test("an item never attempted is never stale, however long it waited", () =>
  onStage(world, async ({ page, context, orders, ledger }) => {
    await makeOutbox(page);
    await context.setOffline(true);
    await enqueue(page, orders());
    await page.clock.setSystemTime(Date.now() + 90 * 24 * HOUR);
    await context.setOffline(false);
    await page.evaluate(() => outbox.flush());
    await untilStates(page, ["synced"]);
    assert.equal(await executed(world, ledger), 1);
  }));

for (const [what, moved] of [["set back", -48 * HOUR], ["set ahead", 48 * HOUR]]) {
  test(`this machine's clock ${what} between two attempts changes nothing`, () =>
    onLost(async ({ page, ledger, key }) => {
      await page.clock.setSystemTime(Date.now() + moved);
      await page.evaluate(() => outbox.flush());
      await untilStates(page, ["synced"]);
      assert.deepEqual(await keysExecuted(world, ledger), [`"${key}"`]);
    }));
}

test("a machine whose clock was wrong all along finds its stale items", () =>
  onStage(world, async ({ page, context, orders, ledger, sent }) => {
    await page.clock.setSystemTime(Date.now() - 10 * 24 * HOUR);
    await lost({ page, context, orders, ledger });
    await age(page, 25 * HOUR);
    const before = sent.length;
    await page.evaluate(() => outbox.flush());
    await untilStates(page, ["stale"]);
    assert.deepEqual([sent.length - before, await executed(world, ledger)], [0, 1]);
  }));

test("a synced item is kept for the window and then pruned", () =>
  onStage(world, async ({ page, orders, ledger }) => {
    await makeOutbox(page);
    await start(page);
    await enqueue(page, orders());
    await untilStates(page, ["synced"]);
    await age(page, 23.9 * HOUR);
    await page.evaluate(() => outbox.flush());
    await untilStates(page, ["synced"]);
    await age(page, HOUR);
    await page.evaluate(() => outbox.flush());
    await untilStates(page, []);
    assert.equal(await executed(world, ledger), 1);
  }));

test("without the guard's time nothing is sent, and it says so", () =>
  onStage(world, async ({ page, orders, ledger, sent }) => {
    await makeOutbox(page);
    await enqueue(page, orders());
    await until(async () => (await problems(page)).length > 0, "a problem is told");
    assert.match((await problems(page))[0], /^GET http.*\/\.onlyonce\/health answered 404 without the guard's time: put it in front or set "health"\./);
    await untilStates(page, ["queued"]);
    assert.deepEqual([sent.length, await executed(world, ledger)], [0, 0]);
  }, { site: world.shop }));

for (const [what, block] of [
  ["blocked", () => { IDBFactory.prototype.open = () => { throw new DOMException("not here", "SecurityError"); }; }],
  ["not there at all", () => Object.defineProperty(window, "indexedDB", { value: undefined })],
]) {
  test(`storage ${what}: it says so, and sends with one key all the same`, () =>
    onStage(world, async ({ page, context, orders, ledger }) => {
      await makeOutbox(page);
      const restoreAnswers = await loseAnswers(context);
      const key = await enqueue(page, orders());
      await until(async () => (await items(page))[0].attempts >= 2, "two attempts");
      await restoreAnswers();
      await page.evaluate(() => outbox.flush());
      await untilStates(page, ["synced"]);
      assert.equal((await items(page))[0].durable, false);
      assert.match((await problems(page))[0], /^Storage cannot be written \(.*\): keep this page open until all is sent\./);
      assert.deepEqual(await keysExecuted(world, ledger), [`"${key}"`]);
    }, { init: block }));
}

test("storage full: it says so, and sends with one key all the same", () =>
  onStage(world, async ({ page, orders, ledger }) => {
    await makeOutbox(page);
    await quota(page, 1);
    const big = await page.evaluate(async ([url, order]) => {
      const note = Array.from(crypto.getRandomValues(new Uint8Array(20_000)), (byte) => byte.toString(16)).join("");
      const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ ...order, note }) };
      return (await outbox.enqueue(url, init)).durable;
    }, [orders(), BEANS]);
    assert.equal(big, false);
    await untilStates(page, ["synced"]);
    assert.match((await problems(page))[0], /^Storage cannot be written \(QuotaExceededError\)/);
    assert.equal(await executed(world, ledger), 1);
  }));

test("a stored item that cannot be marked is not sent: after a crash nobody could tell its age", () =>
  onStage(world, async ({ page, context, orders, ledger, sent }) => {
    await makeOutbox(page);
    await context.setOffline(true);
    // The page hears of it a moment later, and would try until then.
    await page.waitForFunction(() => !navigator.onLine);
    await enqueue(page, orders());
    await page.evaluate(() => {
      window.update = IDBCursor.prototype.update;
      // As a full disk does it: the transaction is undone.
      IDBCursor.prototype.update = function () { this.request.transaction.abort(); };
    });
    await context.setOffline(false);
    await page.waitForFunction(() => navigator.onLine);
    await assert.rejects(page.evaluate(() => outbox.flush()), /could not be sent yet/);
    assert.equal(sent.length, 0);
    assert.match((await problems(page))[0], /undone/);
    await page.evaluate(() => { IDBCursor.prototype.update = window.update; return outbox.flush(); });
    await untilStates(page, ["synced"]);
    assert.deepEqual([sent.length, await executed(world, ledger)], [1, 1]);
  }));

/** An item that was executed, and whose answer nobody heard. */
async function lost({ page, context, orders, ledger }) {
  await makeOutbox(page, { attempts: 1 });
  const restoreAnswers = await loseAnswers(context);
  const key = await enqueue(page, orders());
  await untilExecuted(world, ledger, 1);
  await assert.rejects(page.evaluate(() => outbox.flush()), /could not be sent yet: flush later\./);
  await pause(100);
  await restoreAnswers();
  return key;
}

function onLost(act) {
  return onStage(world, async (stage) => act({ ...stage, key: await lost(stage) }));
}

async function quota(page, bytes) {
  const session = await page.context().newCDPSession(page);
  await session.send("Storage.overrideQuotaForOrigin", { origin: new URL(page.url()).origin, quotaSize: bytes });
}
