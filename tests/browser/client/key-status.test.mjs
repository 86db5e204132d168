// What became of a key, and giving one up, from a page and from Node.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startAll } from "../fixture.mjs";
import { giveUp, statusOf } from "../../../www/client/index.js";
import { BEANS, executed, onStage, untilExecuted } from "./stage.mjs";

const world = await startAll();
after(world.stop);

/** Calls one of the client's functions in the page; what it gave comes back as data. */
function ask(page, name, url, key) {
  return page.evaluate(async ([name, url, key]) => {
    try {
      return await window[name](url, key);
    } catch ({ message, problem }) {
      return { message, code: problem?.code };
    }
  }, [name, url, key]);
}

function order(page, url, key) {
  return page.evaluate(async ([url, key, body]) => {
    const answer = await fetchOnce(url, { method: "POST", headers: { "content-type": "application/json" }, body }, { key });
    const problem = await problemOf(answer);
    return { status: answer.status, code: problem?.code, outcome: outcomeOf(answer, problem) };
  }, [url, key, JSON.stringify(BEANS)]);
}

test("a key is absent, then done, and asking changes nothing", () =>
  onStage(world, async ({ page, orders, ledger }) => {
    const absent = await ask(page, "statusOf", orders(), "one");
    assert.deepEqual([absent.state, absent.expires_at], ["absent", undefined]);
    assert.match(absent.record, /^[0-9a-f]{64}$/);
    await order(page, orders(), "one");
    const done = await ask(page, "statusOf", orders(), "one");
    assert.deepEqual([done.state, done.status, done.record], ["done", 201, absent.record]);
    assert.ok(Date.parse(done.expires_at) > Date.now());
    assert.equal((await ask(page, "giveUp", orders(), "one")).state, "done");
    assert.equal(await executed(world, ledger), 1);
  }));

test("what was given up is never carried out, and that is no doubt", () =>
  onStage(world, async ({ page, orders, ledger, sent }) => {
    assert.equal((await ask(page, "giveUp", orders(), "given up")).state, "fenced");
    const answer = await order(page, orders(), "given up");
    assert.deepEqual(answer, { status: 409, code: "key-fenced", outcome: "not-processed" });
    assert.deepEqual([sent.length, await executed(world, ledger)], [1, 0]);
    assert.equal((await ask(page, "statusOf", orders(), "given up")).state, "fenced");
  }));

test("what is at the origin cannot be called back", () =>
  onStage(world, async ({ page, open, orders, ledger }) => {
    const sending = order(page, orders("&delay=1500"), "under way");
    const other = await open();
    let state = "absent";
    while (state === "absent") ({ state } = await ask(other, "statusOf", orders("&delay=1500"), "under way"));
    assert.equal(state, "in-progress");
    assert.equal((await ask(other, "giveUp", orders("&delay=1500"), "under way")).state, "in-progress");
    assert.equal((await sending).status, 201);
    await untilExecuted(world, ledger, 1);
  }));

test("who cannot be asked, or does not tell, is an error", () =>
  onStage(world, async ({ page, orders, context }) => {
    const malformed = await ask(page, "statusOf", orders(), "schlüssel");
    assert.match(malformed.message, /is not 1 to 255 ASCII characters/);
    const refused = await ask(page, "statusOf", orders(), "undefined");
    assert.equal(refused.code, "key-invalid");
    assert.match(refused.message, /undefined/);
    // A site without a guard answers with a page of its own.
    await context.route("**/.onlyonce/key*", (route) => route.fulfill({ status: 200, contentType: "text/html", body: "<p>Hello" }));
    assert.match((await ask(page, "statusOf", orders(), "k")).message, /does not tell what became of a key: 200/);
    assert.match((await ask(page, "giveUp", orders(), "k")).message, /does not tell/);
  }));

test("from Node, by the credential that the key is sent with", async () => {
  const url = `${world.guard}/orders?ledger=node`;
  const alice = { headers: { authorization: "Bearer alice" } };
  assert.equal((await giveUp(url, "from node", alice)).state, "fenced");
  assert.equal((await statusOf(new URL(url), "from node", alice)).state, "fenced");
  assert.equal((await statusOf(url, "from node", { headers: { authorization: "Bearer bob" } })).state, "absent");
  await assert.rejects(statusOf("http://127.0.0.1:9/orders", "k"), TypeError);
});
