// "Try it on your API": the key field, what the page computes, and what came back.

import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../client/stage.mjs";
import { newLedger, readLedger } from "../fixture.mjs";
import { visit } from "./visit.mjs";

const BAD_KEYS = ["two words", "a,b", '"open', "x".repeat(256)];
const JWT = `e30.${Buffer.from('{"iss":"a","sub":"b"}').toString("base64url")}.x`;

export function testBench(world) {
  test("the key field says at once what is wrong, in the sentence that the edge answers with", () =>
    visit(world, async (page) => {
      const field = page.getByLabel("Idempotency-Key");
      for (const key of BAD_KEYS) {
        await field.fill(key);
        assert.equal(await part(page, "key-message").textContent(), (await refusal(world, key)).detail);
        assert.equal(await field.getAttribute("aria-invalid"), "true");
      }
      // A browser does not even send this one.
      await field.fill("ключ");
      assert.match(await part(page, "key-message").textContent(), /^Idempotency-Key "ключ" holds U\+043A at character 1/);
      await page.getByRole("button", { name: "New key" }).click();
      assert.match(await field.inputValue(), /^[0-9a-f]{32}$/);
      assert.equal(await field.getAttribute("aria-invalid"), "false");
    }));

  test("the record id is the one that the edge names, whoever the key belongs to", () =>
    visit(world, async (page) => {
      await page.getByLabel("Idempotency-Key").fill('"quoted \\"key\\""');
      const seen = new Set();
      for (const owner of ["", "X-Api-Key: k-1", "Authorization: Bearer opaque", `Authorization: Bearer ${JWT}`]) {
        await page.getByLabel("Headers").fill(`Content-Type: application/json\n${owner}`);
        const response = page.waitForResponse((response) => response.request().method() === "POST");
        await send(page, 1);
        const [, named] = /key="([0-9a-f]{64})"/.exec((await response).headers()["cache-status"]);
        assert.equal(await part(page, "record").textContent(), named, owner);
        seen.add(named);
      }
      assert.equal(seen.size, 4, "each owner has a record of its own");
    }));

  test("two requests have one fingerprint where the edge takes them for one, however the body is read", () =>
    visit(world, async (page) => {
      const multipart = (boundary, value) => [`multipart/form-data; boundary=${boundary}`, `--${boundary}\r\nContent-Disposition: form-data; name="a"\r\n\r\n${value}\r\n--${boundary}--\r\n`];
      for (const [first, same, other] of [
        [["application/json; charset=utf-8", '{"b": 1, "a": [1.50, "\\u00e9"]}'], ["application/json", '{"a":[1.50,"é"],"b":1}'], ["application/json", '{"a":[1.5,"é"],"b":1}']],
        [["application/json", "{broken"], ["application/json", "{broken"], ["application/json", "{broken "]],
        [["text/plain", "é\n"], ["text/plain", "é\n"], ["text/plain", "e\n"]],
        [multipart("x", 1), multipart("x", 1), multipart("x", 2)],
      ]) {
        await page.getByRole("button", { name: "New key" }).click();
        const computed = [];
        for (const [type, body] of [first, same, other]) {
          await page.getByLabel("Headers").fill(`Content-Type: ${type}`);
          await page.getByLabel("Body").fill(body);
          computed.push(await identified(page));
          await send(page, 1);
        }
        const [one, two, three] = computed.map(({ fingerprint }) => fingerprint);
        assert.equal(two, one, first[1]);
        assert.notEqual(three, one, first[1]);
        assert.deepEqual(await logged(world, computed[0].record, 3), ["first", "replayed", "key-reused"], first[1]);
      }
    }));

  test("thirty sends at once under one key are one order, and the table lists each", () =>
    visit(world, async (page) => {
      const ledger = await ledgerOf(page);
      await send(page, 30);
      assert.equal((await readLedger(world.shop, ledger)).total, 1);
      assert.equal(await page.locator("#bench tbody tr").count(), 30);
      assert.match(await part(page, "summary").textContent(), /^30 sent: 1 reached the API/);
    }));

  test("an API without a guard executes each; what it answers is shown as text", () =>
    visit(world, async (page) => {
      const ledger = newLedger();
      await page.getByLabel("URL").fill(`${world.shop}/orders?ledger=${ledger}`);
      await page.getByLabel("Body").fill('{"item": "<img src=x onerror=alert(1)>", "quantity": 1, "price_cents": 1}');
      await send(page, 2);
      assert.equal((await readLedger(world.shop, ledger)).total, 2);
      assert.match(await part(page, "summary").textContent(), /^2 sent: 2 answered without the guard/);
      assert.equal(await page.locator("main img").count(), 0);
    }));

  test("where the browser gives no answer, the page explains CORS and the policy that helps", () =>
    visit(world, async (page) => {
      await page.getByLabel("URL").fill("http://127.0.0.1:9/orders");
      await send(page, 1);
      assert.match(await part(page, "explanation").textContent(), /\(CORS\)/);
      assert.ok((await part(page, "explanation").textContent()).includes(`origins = ["${world.guard}"]`));
    }));

  test("what cannot be sent is said by name, and nothing is sent", () =>
    visit(world, async (page) => {
      await page.getByLabel("Headers").fill("Content-Type application/json");
      await page.getByRole("button", { name: "Send", exact: true }).click();
      await page.getByText('Header "Content-Type application/json" has no colon: write Name: value.').first().waitFor();
      assert.equal((await readLedger(world.shop, await ledgerOf(page))).total, 0);
    }));
}

function part(page, name) {
  return page.locator(`[data-part=${name}]`);
}

async function ledgerOf(page) {
  return new URL(await page.getByLabel("URL").inputValue()).searchParams.get("ledger");
}

async function send(page, times) {
  await page.getByLabel("Sends at once").fill(String(times));
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.locator("#bench tbody tr").nth(times - 1).waitFor();
}

// The page computes while one types on: once it has done so twice alike, it is done.
async function identified(page) {
  const read = async () => ({ record: await part(page, "record").textContent(), fingerprint: await part(page, "fingerprint").textContent() });
  for (let before = await read(); ; ) {
    await page.waitForTimeout(100);
    const now = await read();
    if (now.record === before.record && now.fingerprint === before.fingerprint) return now;
    before = now;
  }
}

/** What became of a record's requests, by the guard's log. */
async function logged(world, record, count) {
  const lines = () => world.log.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  const found = () => lines().filter((line) => line.record === record.slice(0, 16));
  await until(() => found().length >= count, "the guard has logged the requests");
  return found().map(({ outcome, code }) => code ?? outcome);
}

async function refusal(world, key) {
  const headers = { "content-type": "application/json", "idempotency-key": key };
  const answer = await fetch(`${world.guard}/orders`, { method: "POST", headers, body: "{}" });
  return answer.json();
}
