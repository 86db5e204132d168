// What the outbox costs, and what must not hold it up: many items, large bodies, a database that
// another tab changes, an authorize that never answers, a tab that stands still.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startAll } from "../fixture.mjs";
import { enqueue, items, makeOutbox, problems, start, states, untilStates } from "./outbox-page.mjs";
import { BEANS, executed, keysExecuted, onStage, pause, until, untilExecuted } from "./stage.mjs";

const world = await startAll();
after(world.stop);

const MANY = 1000;
const WITHIN = 5_000;

test(`offline, ${MANY} items of 64 KB are queued within ${WITHIN} ms, each as fast as the one before`, async () =>
  onStage(world, async ({ page, context, orders }) => {
    await makeOutbox(page);
    await context.setOffline(true);
    const times = await page.evaluate(async ([url, many]) => {
      const body = "x".repeat(64 * 1024);
      const times = [performance.now()];
      for (let number = 1; number <= many; number++) {
        await outbox.enqueue(url, { method: "POST", body });
        if (number % (many / 4) === 0) times.push(performance.now());
      }
      return times.slice(1).map((time, at) => Math.round(time - times[at]));
    }, [orders(), MANY]);
    console.log(`${MANY} items of 64 KB, by quarters: ${times} ms`);
    assert.ok(times.reduce((sum, time) => sum + time) <= WITHIN, `${times}`);
    assert.ok(times.at(-1) < 2.5 * times[0] + 100, `the last quarter is as fast as the first: ${times}`);
    assert.equal((await states(page)).length, MANY);
  }));

test("a flush reads each body once, whatever is queued beside it", () =>
  onStage(world, async ({ page, context, orders, ledger }) => {
    await page.evaluate(() => {
      window.read = [];
      for (const [owner, name] of [[IDBObjectStore, "get"], [IDBObjectStore, "getAll"], [IDBIndex, "get"], [IDBIndex, "getAll"]]) {
        const original = owner.prototype[name];
        owner.prototype[name] = function (...args) {
          const request = original.apply(this, args);
          request.addEventListener("success", () => JSON.stringify(request.result, (_, value) => {
            if (value instanceof ArrayBuffer) read.push(value.byteLength);
            return value;
          }));
          return request;
        };
      }
    });
    await makeOutbox(page);
    await context.setOffline(true);
    for (let number = 1; number <= 20; number++) await enqueue(page, orders(), number, { lane: `lane ${number % 3}` });
    await pause(300);
    await context.setOffline(false);
    await page.evaluate(() => outbox.flush());
    assert.equal(await page.evaluate(() => read.length), 20);
    assert.equal(await executed(world, ledger), 20);
  }));

test("a synced item keeps no body", () =>
  onStage(world, async ({ page, orders }) => {
    await makeOutbox(page);
    await enqueue(page, orders());
    await untilStates(page, ["synced"]);
    const bodies = await page.evaluate(() => new Promise((resolve) => {
      const open = indexedDB.open(outbox.name);
      open.onsuccess = () => (open.result.transaction("bodies").objectStore("bodies").count().onsuccess = ({ target }) => resolve(target.result));
    }));
    assert.equal(bodies, 0);
  }));

test("another tab opens the database in a higher version: it is opened again, and the order stays", () =>
  onStage(world, async ({ page, context, orders, ledger }) => {
    await makeOutbox(page);
    await context.setOffline(true);
    await enqueue(page, orders(), 1);
    await upgrade(page);
    await enqueue(page, orders(), 2);
    assert.deepEqual((await items(page)).map(({ durable, state }) => [durable, state]), [[true, "queued"], [true, "queued"]]);
    assert.deepEqual(await problems(page), []);
    await context.setOffline(false);
    await page.evaluate(() => outbox.flush());
    await untilStates(page, ["synced", "synced"]);
    assert.equal(await executed(world, ledger), 2);
  }));

test("a database that was closed without a word is opened again", () =>
  onStage(world, async ({ page, orders, ledger }) => {
    await page.evaluate(() => {
      const { open } = IDBFactory.prototype;
      IDBFactory.prototype.open = function (...args) {
        const request = open.apply(this, args);
        request.addEventListener("success", () => (window.database = request.result));
        return request;
      };
    });
    await makeOutbox(page);
    await enqueue(page, orders(), 1);
    await untilStates(page, ["synced"]);
    await page.evaluate(() => database.close());
    await enqueue(page, orders(), 2);
    await untilStates(page, ["synced", "synced"]);
    assert.deepEqual(await problems(page), []);
    assert.equal(await executed(world, ledger), 2);
  }));

test("an authorize that never answers holds up no other tab, and is said", () =>
  onStage(world, async ({ page, open, orders, ledger }) => {
    const options = { timeout: 3_000 };
    await page.evaluate((options) => {
      window.problems = [];
      const authorize = () => new Promise(() => {});
      window.outbox = new Outbox({ ...options, authorize, onProblem: ({ message }) => problems.push(message) }).start();
    }, options);
    const key = await enqueue(page, orders());
    await pause(300);
    const other = await open();
    await makeOutbox(other);
    await start(other);
    await untilExecuted(world, ledger, 1);
    await until(async () => (await problems(page)).includes(`authorize gave nothing for "${key}" within 3000 ms.`), "it is said");
  }));

test("a tab that stands still in the middle of an attempt holds up no other for long", () =>
  onStage(world, async ({ page, open, orders, ledger }) => {
    await page.evaluate(() => void navigator.locks.request("onlyonce-outbox/main", () => new Promise(() => {})));
    const other = await open();
    await makeOutbox(other, { timeout: 1_000 });
    await start(other);
    const began = Date.now();
    await enqueue(other, orders());
    await untilExecuted(world, ledger, 1);
    assert.ok(Date.now() - began >= 1_900, "it has waited for its turn");
  }));

test("an answer that never ends is no answer, and ends the attempt", () =>
  onStage(world, async ({ page, orders }) => {
    await page.evaluate(() => {
      const { fetch } = window;
      window.fetch = (input, init) => (input.method === "POST" ? endless(input.signal) : fetch(input, init));
      const endless = (signal) => {
        const stream = new ReadableStream({ start: (controller) => signal.addEventListener("abort", () => controller.error(signal.reason)) });
        return Promise.resolve(new Response(stream, { headers: { "content-type": "text/event-stream" } }));
      };
    });
    await makeOutbox(page, { timeout: 500, attempts: 1 });
    await enqueue(page, orders());
    await until(async () => /^No answer: /.test((await items(page))[0].detail), "the attempt has ended");
    assert.deepEqual(await states(page), ["queued"]);
  }));

test("a redirect to a login page is no success; signed in again, the item is sent again under its key", () =>
  onStage(world, async ({ page, context, orders, ledger }) => {
    let signedIn = false;
    await context.route("**/orders*", (route) => (signedIn ? route.continue() : route.fulfill({ status: 302, headers: { location: "/login" } })));
    await context.route("**/login", (route) => route.fulfill({ status: 200, contentType: "text/html", body: "<h1>Sign in</h1>" }));
    await makeOutbox(page);
    const key = await enqueue(page, orders());
    await untilStates(page, ["failed"]);
    assert.match((await items(page))[0].detail, /^redirected to http.*\/login \(unknown\)$/);
    const outcome = await page.evaluate(async (url) => outcomeOf(await fetch(url, { method: "POST" }), null), orders());
    assert.equal(outcome, "unknown");
    signedIn = true;
    await page.evaluate((key) => outbox.retry(key), key);
    await untilStates(page, ["synced"]);
    assert.deepEqual(await keysExecuted(world, ledger), [`"${key}"`]);
  }));

for (const [what, answer] of [
  ["the guard is not reached", (route) => route.abort("connectionrefused")],
  ["the guard asks to come back later", (route) => route.fulfill({ status: 503, headers: { "retry-after": "300" } })],
]) {
  test(`in a service worker flush() rejects while something is left: ${what}`, () =>
    onStage(world, async ({ page, context, orders, ledger }) => {
      const script = 'import { Outbox } from "/client/outbox.js"; const outbox = new Outbox({ attempts: 1, onProblem() {} }); addEventListener("message", ({ ports: [port] }) => outbox.flush().then(() => port.postMessage("done"), ({ message }) => port.postMessage(message)));';
      await context.route("**/worker.js", (route) => route.fulfill({ contentType: "text/javascript", body: script }));
      await context.setOffline(true);
      await makeOutbox(page);
      const key = await enqueue(page, orders());
      await pause(200);
      await page.evaluate(() => outbox.stop());
      await context.setOffline(false);
      await page.evaluate(async () => {
        await navigator.serviceWorker.register("/worker.js", { type: "module" });
        window.worker = (await navigator.serviceWorker.ready).active;
      });
      await context.route("**/.onlyonce/health", (route) => (what.includes("reached") ? answer(route) : route.continue()));
      await context.route("**/orders*", answer);
      assert.match(await flushInWorker(page), new RegExp(`^"${key}" could not be sent yet: flush later\\.$`));
      await context.unroute("**/.onlyonce/health");
      await context.unroute("**/orders*");
      assert.equal(await flushInWorker(page), "done");
      assert.deepEqual(await keysExecuted(world, ledger), [`"${key}"`]);
    }));
}

/** As another tab would with a later version of the page. */
function upgrade(page) {
  return page.evaluate(() => new Promise((resolve, reject) => {
    const open = indexedDB.open(outbox.name, 7);
    open.onerror = reject;
    open.onsuccess = () => (open.result.close(), resolve());
  }));
}

function flushInWorker(page) {
  return page.evaluate(() => new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => resolve(data);
    worker.postMessage(null, [port2]);
  }));
}
