// fetchOnce in a real browser, with the guard in front of the shop. What was executed is asked of
// the shop's own port.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { newLedger, startAll } from "../fixture.mjs";
import { startCuttingProxy } from "./cutting-proxy.mjs";
import { startGuardFor } from "./guard.mjs";
import { BEANS, executed, keysExecuted, onStage, pause, untilExecuted } from "./stage.mjs";

const world = await startAll();
after(world.stop);

test("a time-out, then a retry that joins: one execution, one key", () =>
  onStage(world, async ({ page, orders, ledger, sent }) => {
    const { status, body, reports } = await once(page, orders("&delay=1500"), { timeout: 700, baseDelay: 100 });
    assert.equal(status, 201);
    assert.deepEqual([reports[0].error, reports[0].outcome], ["TimeoutError", "unknown"]);
    assert.deepEqual([reports.at(-1).replayed, reports.at(-1).outcome], [true, "final"]);
    assert.deepEqual(reports.map(({ attempt }) => attempt), reports.map((_, index) => index + 1));
    assert.equal(new Set(sent.map(({ key }) => key)).size, 1);
    assert.equal(sent.length, reports.length);
    assert.deepEqual(await keysExecuted(world, ledger), [sent[0].key]);
    assert.equal(body.number, 1);
  }));

test("Retry-After is obeyed", () =>
  onStage(world, async ({ page, orders, ledger, sent }) => {
    const { status, reports } = await once(page, orders("&status=429&retry_after=2&execute=1"), { attempts: 2, baseDelay: 10 });
    assert.equal(status, 429);
    assert.ok(sent[1].at - sent[0].at >= 2000, `${sent[1].at - sent[0].at} ms`);
    assert.deepEqual(reports.map(({ retryIn }) => retryIn), [2000, null]);
    assert.equal(await executed(world, ledger), 2, "the guard frees the key on 429, so each attempt arrived");
  }));

test("an answer that breaks off in the middle of its body is asked for again", async () => {
  const network = await startCuttingProxy(world.guard);
  try {
    await onStage(world, async ({ page, orders, ledger }) => {
      const { status, body, reports } = await once(page, orders(), { baseDelay: 10 });
      assert.deepEqual([status, body.number], [201, 1]);
      assert.deepEqual(reports.map(({ outcome, replayed }) => [outcome, replayed]), [["unknown", false], ["final", true]]);
      assert.equal(await executed(world, ledger), 1);
    }, { site: network.url });
  } finally {
    await network.stop();
  }
});

test("a Retry-After that is too long ends it", () =>
  onStage(world, async ({ page, orders, ledger, sent }) => {
    const { status } = await once(page, orders("&status=429&retry_after=300"));
    assert.deepEqual([status, sent.length, await executed(world, ledger)], [429, 1, 0]);
  }));

test("a problem's retryable beats its status: an unknown outcome is not sent again", () =>
  onStage(world, async ({ page, orders, ledger, sent }) => {
    const { status, reports } = await once(page, orders("&drop=after"));
    assert.deepEqual([status, reports[0].code, reports[0].outcome], [502, "outcome-unknown", "unknown"]);
    assert.deepEqual([sent.length, await executed(world, ledger)], [1, 1]);
  }));

test("a problem's retryable beats its status: a 409 in progress is sent again", async () => {
  const guard = await startGuardFor(world.shop, { in_flight: "reject" });
  try {
    await onStage(world, async ({ page, orders, ledger }) => {
      const { status, reports } = await once(page, orders("&delay=1500"), { timeout: 600, baseDelay: 100 });
      assert.equal(status, 201);
      assert.ok(reports.some(({ status, code }) => status === 409 && code === "in-progress"));
      assert.equal(await executed(world, ledger), 1);
    }, { site: guard.url });
  } finally {
    await guard.stop();
  }
});

test("a 503 is sent again, a replayed 503 never", () =>
  onStage(world, async ({ page, orders, ledger, sent }) => {
    const { status, reports } = await once(page, orders("&status=503&execute=1"), { baseDelay: 10 });
    assert.equal(status, 503);
    assert.deepEqual(reports.map(({ replayed }) => replayed), [false, true]);
    assert.deepEqual([sent.length, await executed(world, ledger)], [2, 1]);
  }));

test("a 429 after a time-out does not make the outcome known", () =>
  onStage(world, async ({ page, context, orders, ledger }) => {
    let posts = 0;
    await context.route("**/orders*", (route) => (++posts === 1 ? route.continue() : route.fulfill({ status: 429 })));
    const { reports } = await once(page, orders("&delay=1500"), { timeout: 700, attempts: 2, baseDelay: 10 });
    assert.deepEqual(reports.map(({ outcome }) => outcome), ["unknown", "unknown"]);
    assert.equal(await executed(world, ledger), 1);
  }));

test("lost answers end in NoAnswer, whose key makes a later attempt the same operation", () =>
  onStage(world, async ({ page, context, orders, ledger, sent }) => {
    await context.route("**/orders*", async (route) => (await route.fetch(), route.abort("connectionreset")));
    const { error } = await once(page, orders(), { attempts: 2, baseDelay: 10 });
    assert.deepEqual([error.name, error.attempts], ["NoAnswer", 2]);
    assert.match(error.message, new RegExp(`^POST http.* may have been carried out.*"${error.key}"`));
    await context.unroute("**/orders*");
    const { status, reports } = await once(page, orders(), { key: error.key });
    assert.deepEqual([status, reports[0].replayed, sent.length], [201, true, 3]);
    assert.equal(await executed(world, ledger), 1);
  }));

for (const [when, query, options, wait] of [
  ["in mid-attempt", "&delay=3000", {}, 500],
  ["in the last attempt", "&delay=3000", { attempts: 1 }, 500],
  ["between attempts", "&status=429&retry_after=5", {}, 700],
]) {
  test(`the caller's abort ${when} ends everything`, () =>
    onStage(world, async ({ page, orders, ledger, sent }) => {
      const { error, ms } = await once(page, orders(query), { ...options, abortAfter: wait });
      assert.equal(error.message, "changed my mind");
      assert.ok(ms < wait + 1500, `${ms} ms`);
      await pause(1000);
      assert.equal(sent.length, 1);
      assert.equal(await executed(world, ledger), query.includes("delay") ? 1 : 0);
    }));
}

test("a listener that throws loses no answer", () =>
  onStage(world, async ({ page, orders, ledger }) => {
    const status = await page.evaluate(async ([url, body]) => {
      addEventListener("error", (event) => event.preventDefault());
      const init = { method: "POST", headers: { "content-type": "application/json" }, body };
      const onAttempt = () => { throw new Error("a mistake"); };
      return (await fetchOnce(url, init, { onAttempt })).status;
    }, [orders(), JSON.stringify(BEANS)]);
    assert.deepEqual([status, await executed(world, ledger)], [201, 1]);
  }));

test("in Node, too, and one that is async", async () => {
  const code = `import { fetchOnce } from "${new URL("../../../www/client/index.js", import.meta.url)}";
    const init = { method: "POST", headers: { "content-type": "application/json" }, body: process.argv[2] };
    const onAttempt = process.argv[3] === "async" ? async () => { throw new Error("a mistake"); } : () => { throw new Error("a mistake"); };
    console.log((await fetchOnce(process.argv[1], init, { onAttempt })).status);`;
  for (const kind of ["async", "sync"]) {
    const ledger = newLedger();
    const args = ["--input-type=module", "-e", code, `${world.guard}/orders?ledger=${ledger}`, JSON.stringify(BEANS), kind];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args);
    assert.deepEqual([stdout.trim(), await executed(world, ledger)], ["201", 1]);
    assert.match(stderr, /a mistake/);
  }
});

test("the origin's 408 is sent again, and arrives there", () =>
  onStage(world, async ({ page, orders, ledger, sent }) => {
    const { status, reports } = await once(page, orders("&status=408&execute=1"), { attempts: 2, baseDelay: 10 });
    assert.equal(status, 408);
    assert.deepEqual(reports.map(({ outcome }) => outcome), ["not-processed", "not-processed"]);
    assert.equal(sent.length, 2);
    // Chromium sends a request that was answered 408 again by itself, which is no attempt of the client's.
    assert.ok((await executed(world, ledger)) >= 2);
    assert.equal(new Set(await keysExecuted(world, ledger)).size, 1);
  }));

test("keys come from another generator, from a Request, from the platform's random bits", () =>
  onStage(world, async ({ page, orders, ledger }) => {
    await page.evaluate(async ([url, body]) => {
      const init = { method: "POST", headers: { "content-type": "application/json" }, body };
      await fetchOnce(new Request(url, init), undefined, { generateKey: () => 'say "one"' });
      // As on http:// in the local network, which is no secure context.
      Object.defineProperty(crypto, "randomUUID", { value: undefined });
      await fetchOnce(url, init);
    }, [orders(), JSON.stringify(BEANS)]);
    const [fromGenerator, random] = await keysExecuted(world, ledger);
    assert.equal(fromGenerator, '"say \\"one\\""');
    assert.match(random, /^"[0-9a-f]{32}"$/);
  }));

for (const [name, init, options, message] of [
  ["a key in the headers", { headers: { "Idempotency-Key": "x" } }, {}, /Idempotency-Key: x is set already: use the option "key"\./],
  ["no-cors", { mode: "no-cors" }, {}, /"no-cors" drops the Idempotency-Key: use "cors"\./],
  ["an empty key", {}, { key: "" }, /Idempotency-Key "" is not 1 to 255 ASCII characters/],
  ["a key with an umlaut", {}, { key: "schlüssel" }, /Idempotency-Key "schlüssel" is not 1 to 255 ASCII characters/],
]) {
  test(`${name} is refused before anything is sent`, () =>
    onStage(world, async ({ page, orders, ledger, sent }) => {
      const { error } = await once(page, orders(), options, init);
      assert.equal(error.name, "TypeError");
      assert.match(error.message, message);
      assert.deepEqual([sent.length, await executed(world, ledger)], [0, 0]);
    }));
}

test("fifty at once with one key from two tabs: one execution", () =>
  onStage(world, async ({ page, open, orders, ledger }) => {
    const pages = [page, await open()];
    const many = (page) => page.evaluate(async ([url, body]) => {
      const init = { method: "POST", headers: { "content-type": "application/json" }, body };
      const answers = await Promise.all(Array.from({ length: 25 }, () => fetchOnce(url, init, { key: "shared" })));
      return Promise.all(answers.map((answer) => answer.text()));
    }, [orders("&delay=500"), JSON.stringify(BEANS)]);
    const texts = (await Promise.all(pages.map(many))).flat();
    assert.equal(new Set(texts).size, 1);
    await untilExecuted(world, ledger, 1);
  }));

/** Calls fetchOnce in the page; what it gave comes back as data. */
function once(page, url, options = {}, init = {}) {
  return page.evaluate(async ({ url, order, init, options: { abortAfter, ...options } }) => {
    const reports = [];
    const onAttempt = ({ attempt, ms, response, problem, outcome, replayed, error, retryIn }) => {
      reports.push({ attempt, ms, status: response?.status, code: problem?.code, outcome, replayed, error: error?.name, retryIn });
    };
    const controller = new AbortController();
    if (abortAfter) setTimeout(() => controller.abort(new Error("changed my mind")), abortAfter);
    const started = performance.now();
    const ms = () => Math.round(performance.now() - started);
    const request = { method: "POST", body: JSON.stringify(order), signal: controller.signal, ...init, headers: { "content-type": "application/json", ...init.headers } };
    try {
      const answer = await fetchOnce(url, request, { ...options, onAttempt });
      return { status: answer.status, body: await answer.json(), reports, ms: ms() };
    } catch ({ name, message, key, attempts }) {
      return { error: { name, message, key, attempts }, reports, ms: ms() };
    }
  }, { url, order: BEANS, init, options });
}
