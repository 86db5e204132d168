// The demo shop over plain HTTP: it executes whatever reaches it, refuses bad
// orders by name, and has the faults that it is asked for.

import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { after, test } from "node:test";
import { newLedger, readLedger, startShop } from "./fixture.mjs";

const BEANS = { item: "beans", quantity: 2, price_cents: 1250 };
const world = await startShop();
after(world.stop);

function post(ledger, instructions = "", { body = JSON.stringify(BEANS), type = "application/json", key = '"same"' } = {}) {
  const headers = { "content-type": type, "idempotency-key": key };
  return fetch(`${world.shop}/orders?ledger=${ledger}${instructions}`, { method: "POST", headers, body });
}

async function executed(ledger) {
  return (await readLedger(world.shop, ledger)).total;
}

test("every order is executed, the same key or not", async () => {
  const ledger = newLedger();
  const answers = [await post(ledger), await post(ledger)];
  const orders = await Promise.all(answers.map((answer) => answer.json()));
  assert.deepEqual(orders.map(({ number }) => number), [1, 2]);
  assert.equal(answers[0].headers.get("location"), `${world.shop}/orders/${orders[0].id}?ledger=${ledger}`);
  const again = await fetch(answers[0].headers.get("location"));
  assert.deepEqual(await again.json(), orders[0]);
  assert.deepEqual((await readLedger(world.shop, ledger)).orders, [{ ...BEANS, executed: 2 }]);
});

test("orders are found by the key that their requests carried, in either spelling, the newest last", async () => {
  const ledger = newLedger();
  const order = async (key, item) => (await post(ledger, "", { key, body: JSON.stringify({ ...BEANS, item }) })).json();
  const [first, , bare, escaped] = [await order('"k"', "a"), await order('"other"', "b"), await order("k", "c"), await order('"a\\"b"', "d")];
  for (const asked of ["k", '"k"']) assert.deepEqual(await byKey(ledger, asked), [200, { data: [first, bare] }]);
  for (const asked of ['a"b', '"a\\"b"']) assert.deepEqual(await byKey(ledger, asked), [200, { data: [escaped] }]);
  assert.deepEqual(await byKey(ledger, "nobody's"), [200, { data: [] }]);
  assert.deepEqual(await byKey(newLedger(), "k"), [200, { data: [] }]);
});

test("at /orders-by-key an order is found by its key alone, each key apart", async () => {
  const [key, other] = [newLedger(), newLedger()];
  const send = (key) => fetch(`${world.shop}/orders-by-key`, { method: "POST", headers: { "content-type": "application/json", "idempotency-key": key }, body: JSON.stringify(BEANS) });
  const placed = await (await send(`"${key}"`)).json();
  await send(other);
  const found = await (await fetch(`${world.shop}/orders-by-key?idempotency_key=${key}`)).json();
  assert.deepEqual([found.data, await executed(key), await executed(other)], [[placed], 1, 1]);
  assert.equal((await fetch(`${world.shop}/orders-by-key`)).status, 400);
});

test("a look-up has the faults that it is asked for, and wants a key", async () => {
  const ledger = newLedger();
  await post(ledger);
  assert.equal((await byKey(ledger, "same", "&status=503"))[0], 503);
  await assert.rejects(byKey(ledger, "same", "&drop=after"), { message: "fetch failed" });
  for (const asked of ["", '""']) {
    const [status, { error }] = await byKey(ledger, asked);
    assert.deepEqual([status, error.code, error.detail], [400, "key-missing", `idempotency_key "${asked}" names no order's key: write for example idempotency_key=8e03978e-40d5.`]);
  }
  assert.equal((await fetch(`${world.shop}/orders?ledger=${ledger}`)).status, 400);
  assert.equal(await executed(ledger), 1);
});

async function byKey(ledger, key, instructions = "") {
  const answer = await fetch(`${world.shop}/orders?ledger=${ledger}&idempotency_key=${encodeURIComponent(key)}${instructions}`);
  return [answer.status, await answer.json()];
}

test("ledgers are apart, filtered, limited and emptied", async () => {
  const [mine, other] = [newLedger(), newLedger()];
  await post(mine);
  await post(mine, "", { body: JSON.stringify({ ...BEANS, item: "tea" }) });
  assert.equal(await executed(other), 0);
  const tea = await (await fetch(`${world.shop}/ledger?ledger=${mine}&item=tea`)).json();
  assert.deepEqual([tea.total, tea.matching, tea.executions.length], [2, 1, 1]);
  const last = await (await fetch(`${world.shop}/ledger?ledger=${mine}&limit=1`)).json();
  assert.deepEqual(last.executions.map(({ item }) => item), ["tea"]);
  await fetch(`${world.shop}/ledger?ledger=${mine}`, { method: "DELETE" });
  assert.equal(await executed(mine), 0);
});

test("the last 1,000 executions are kept and all are counted", async () => {
  const ledger = newLedger();
  for (let sent = 0; sent < 1020; sent += 20) {
    await Promise.all(Array.from({ length: 20 }, () => post(ledger).then((answer) => answer.text())));
  }
  const { total, matching, orders, executions } = await readLedger(world.shop, ledger);
  assert.deepEqual([total, matching, orders[0].executed], [1020, 1000, 1000]);
  assert.deepEqual([executions[0].number, executions.at(-1).number], [921, 1020]);
});

for (const [instructions, status, total] of [
  ["&status=200", 200, 1],
  ["&status=204", 204, 1],
  ["&status=503", 503, 0],
  ["&status=503&execute=1", 503, 1],
  ["&status=201&execute=0", 201, 0],
  ["&status=402&retry_after=2", 402, 0],
]) {
  test(`${instructions} answers ${status} and executes ${total}`, async () => {
    const ledger = newLedger();
    const answer = await post(ledger, instructions);
    assert.equal(answer.status, status);
    assert.equal(answer.headers.get("retry-after"), instructions.includes("retry_after") ? "2" : null);
    assert.equal(await executed(ledger), total);
  });
}

for (const [drop, total] of [["before", 0], ["after", 1]]) {
  test(`drop=${drop} breaks the connection without a status and executes ${total}`, async () => {
    const ledger = newLedger();
    await assert.rejects(post(ledger, `&drop=${drop}`), { message: "fetch failed" });
    assert.equal(await executed(ledger), total);
  });
}

test("drop=body breaks the connection after half of the body", async () => {
  const ledger = newLedger();
  const { status, promised, received } = await postRaw(`${world.shop}/orders?ledger=${ledger}&drop=body`);
  assert.equal(status, 201);
  assert.ok(received > 0 && received < promised, `${received} of ${promised} bytes`);
  assert.equal(await executed(ledger), 1);
});

// fetch throws away what came before the break; node:http tells.
async function postRaw(url) {
  const call = request(url, { method: "POST", headers: { "content-type": "application/json" } });
  call.end(JSON.stringify(BEANS));
  const [answer] = await once(call, "response");
  let received = 0;
  answer.on("data", (chunk) => { received += chunk.length; });
  await assert.rejects(once(answer, "end"), { code: "ECONNRESET" });
  return { status: answer.statusCode, promised: Number(answer.headers["content-length"]), received };
}

test("delay executes at once and answers later, also for a caller who is gone", async () => {
  const ledger = newLedger();
  const gone = AbortSignal.timeout(300);
  const call = fetch(`${world.shop}/orders?ledger=${ledger}&delay=5000`, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(BEANS), signal: gone,
  });
  await assert.rejects(call, { name: "TimeoutError" });
  assert.equal(await executed(ledger), 1);
});

for (const [name, body, status, message] of [
  ["no item", { quantity: 1, price_cents: 1 }, 400, /^item \(missing\) is not text/],
  ["half a piece", { ...BEANS, quantity: 1.5 }, 400, /^quantity 1\.5 is not a whole number from 1 to 1000/],
  ["a price as text", { ...BEANS, price_cents: "9" }, 400, /^price_cents "9" is not a whole number/],
  ["a list", [BEANS], 400, /is not a JSON object/],
  ["64 KiB and more", { ...BEANS, note: "x".repeat(64 * 1024) }, 413, /more than the 65536 allowed/],
]) {
  test(`${name} is refused by name and not executed`, async () => {
    const ledger = newLedger();
    const answer = await post(ledger, "", { body: JSON.stringify(body) });
    assert.equal(answer.status, status);
    assert.match((await answer.json()).error.detail, message);
    assert.equal(await executed(ledger), 0);
  });
}

for (const instructions of [
  "&delay=150001", "&status=199", "&status=600", "&drop=maybe", "&execute=yes",
  "&drop=before&execute=1", "&drop=after&execute=0", "&drop=body&status=204",
]) {
  test(`${instructions} is refused and not executed`, async () => {
    const ledger = newLedger();
    const answer = await post(ledger, instructions);
    assert.equal(answer.status, 400);
    assert.equal((await answer.json()).error.code, "instruction-invalid");
    assert.equal(await executed(ledger), 0);
  });
}

test("text that is not JSON, and another content type, are refused", async () => {
  const ledger = newLedger();
  assert.equal((await post(ledger, "", { body: "{" })).status, 400);
  assert.equal((await post(ledger, "", { type: "text/plain" })).status, 415);
  const put = await fetch(`${world.shop}/orders`, { method: "PUT" });
  assert.deepEqual([put.status, put.headers.get("allow")], [405, "GET, POST"]);
  assert.equal((await fetch(`${world.shop}/ledger?ledger=a%20b`)).status, 400);
});

test("the shop tells its own address and the time it has", async () => {
  const asked = Date.now();
  const { address, time } = await (await fetch(`${world.shop}/shop`)).json();
  assert.equal(address, world.shop);
  assert.ok(Math.abs(Date.parse(time) - asked) < 5000, time);
  assert.equal((await fetch(`${world.shop}/shop`, { method: "POST" })).status, 405);
});

test("any page may call the shop, and read its refusals too", async () => {
  const ledger = newLedger();
  const asked = await fetch(`${world.shop}/orders?ledger=${ledger}`, { method: "OPTIONS" });
  assert.equal(asked.status, 204);
  assert.equal(asked.headers.get("access-control-allow-headers"), "content-type, idempotency-key");
  for (const answer of [await post(ledger), await post(ledger, "", { body: "{" })]) {
    assert.equal(answer.headers.get("access-control-allow-origin"), "*");
  }
  assert.equal(await executed(ledger), 1);
});
