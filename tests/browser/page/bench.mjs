// "Try it on your API": the key field, what the page computes, and what came back.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
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

  // As a guard would say it that only watches, that has a resolved record, or whose origin broke off.
  test("what was passed on by a policy that watches, what an operator answered, and what may have been lost, say so", () =>
    visit(world, async (page, context) => {
      const answer = (status, said, problem) => context.route("**/orders?*", (route) => route.fulfill({
        status, headers: { "cache-status": `onlyonce; ${said}` }, contentType: `application/${problem ? "problem+" : ""}json`, body: JSON.stringify(problem ?? {}),
      }));
      // No ledger that would tell.
      await page.getByLabel("URL").fill(`${world.guard}/orders?delay=0`);
      for (const [status, said, problem, sentence, marks] of [
        [201, "fwd=bypass; detail=observe", undefined, "1 passed on: the policy only watches", { on: 0, ring: 0, passed: 1, cross: 0, ways: 1, orders: 0 }],
        [201, `hit; key="${"0".repeat(64)}"; detail=resolved`, undefined, "1 got the answer that an operator gave", { on: 0, ring: 1, passed: 0, cross: 0, ways: 0, orders: 0 }],
        [502, "detail=origin-unreachable", { code: "origin-unreachable", title: "t", detail: "d", status: 502 }, "1 refused by the guard", { on: 0, ring: 0, passed: 0, cross: 0, ways: 0, orders: 0 }],
      ]) {
        await answer(status, said, problem);
        await send(page, 1);
        assert.ok((await summary(page)).startsWith(`1 sent: ${sentence}.`), await summary(page));
        assert.deepEqual(await drawn(page), marks);
        await context.unroute("**/orders?*");
      }
    }));

  test("thirty sends at once under one key are one order, and the table lists each", () =>
    visit(world, async (page) => {
      const ledger = await ledgerOf(page);
      await send(page, 30);
      assert.equal((await readLedger(world.shop, ledger)).total, 1);
      assert.equal(await page.locator(".run tbody tr").count(), 30);
      assert.match(await summary(page), /^30 sent: 1 sent on to the API, \d+ (waited for it|got the stored answer)/);
      assert.equal(await page.locator(".run rect.order").count(), 1, "the ledger's one order is drawn");
    }));

  test("an API without a guard executes each; what it answers is shown as text", () =>
    visit(world, async (page) => {
      const ledger = newLedger();
      await page.getByLabel("URL").fill(`${world.shop}/orders?ledger=${ledger}`);
      await page.getByLabel("Body").fill('{"item": "<img src=x onerror=alert(1)>", "quantity": 1, "price_cents": 1}');
      await send(page, 2);
      assert.equal((await readLedger(world.shop, ledger)).total, 2);
      assert.match(await summary(page), /^2 sent: 2 answered with no word of a guard/);
      assert.equal(await page.locator("main img").count(), 0);
    }));

  test("where the browser gives no answer, the page explains CORS and the policy that helps", () =>
    visit(world, async (page) => {
      await page.getByLabel("URL").fill("http://127.0.0.1:9/orders");
      await send(page, 1);
      const said = await page.locator(".run").first().textContent();
      assert.match(said, /\(CORS\)/);
      assert.ok(said.includes(`origins = ["${world.guard}"]`));
      assert.match(said, /What this page does not know: Whether the send without an answer reached the API/);
    }));

  test("without a key all pass on, drawn as three ways to the API; a changed body under a known key is three crosses and no way", () =>
    visit(world, async (page) => {
      await page.getByLabel("Idempotency-Key").fill("");
      await send(page, 3);
      assert.match(await summary(page), /^3 sent: 3 passed on: no key\./);
      assert.deepEqual(await drawn(page), { on: 0, ring: 0, passed: 3, cross: 0, ways: 3, orders: 3 });

      await page.getByRole("button", { name: "New key" }).click();
      await send(page, 1);
      assert.deepEqual(await drawn(page), { on: 1, ring: 0, passed: 0, cross: 0, ways: 1, orders: 1 });
      await page.getByLabel("Body").fill('{"item": "Coffee beans", "quantity": 3, "price_cents": 1250}');
      await send(page, 3);
      assert.deepEqual(await drawn(page), { on: 0, ring: 0, passed: 0, cross: 3, ways: 0, orders: 0 });
      // In full, once, with what to do.
      const problem = page.locator(".run").first().locator(".problem");
      assert.equal(await problem.count(), 1);
      assert.match(await problem.textContent(), /belongs to another request.* was first sent with another .*; send a new key for a new operation.*key-reused · 422 · Sending it again as it is changes nothing\./);
    }));

  test("while sends are under way their bars grow, the run is busy, and what is not known is said", () =>
    visit(world, async (page) => {
      await page.getByLabel("URL").fill(`${world.guard}/orders?ledger=${newLedger()}&delay=2500`);
      await page.getByLabel("Sends at once").fill("2");
      await page.getByRole("button", { name: "Send", exact: true }).click();
      const run = page.locator(".run").first();
      const width = () => run.locator("rect.bar.waiting").first().evaluate((bar) => Number(bar.getAttribute("width")) / bar.ownerSVGElement.clientWidth);
      const span = () => run.locator(".tick-label").last().textContent();
      assert.equal(await run.getAttribute("aria-busy"), "true");
      await run.locator("rect.key.open").waitFor();
      const before = await span();
      await page.waitForTimeout(1500);
      assert.notEqual(await span(), before, "the picture goes on");
      assert.ok((await width()) > 0.5);
      await run.locator("tbody tr").nth(1).waitFor();
      assert.equal(await run.getAttribute("aria-busy"), null);

      // At another address only an answer can tell.
      await page.getByLabel("URL").fill(`${world.shop}/orders?ledger=${newLedger()}&delay=1500`);
      await page.getByRole("button", { name: "Send", exact: true }).click();
      await page.locator(".run").first().getByText("not known yet").waitFor();
      await page.locator(".run").first().getByText("none in front").waitFor();
    }, { reducedMotion: "no-preference", path: "#bench" }));

  test("four quick presses are four runs", () =>
    visit(world, async (page) => {
      const button = page.getByRole("button", { name: "Send", exact: true });
      for (let press = 0; press < 4; press += 1) await button.click();
      await page.waitForFunction(() => document.querySelectorAll(".run:not([aria-busy]) tbody").length === 4);
      const summaries = await page.locator(".run .caption").allTextContents();
      assert.equal(summaries.filter((text) => /^3 sent: /.test(text)).length, 4);
      assert.equal(summaries.filter((text) => /1 sent on to the API/.test(text)).length, 1);
      for (const rows of await page.locator(".run").evaluateAll((runs) => runs.map((run) => run.querySelectorAll("tbody tr").length))) assert.equal(rows, 3);
    }));

  test("what cannot be sent is said by name, and nothing is sent", () =>
    visit(world, async (page) => {
      const url = await page.getByLabel("URL").inputValue();
      for (const [field, value, sentence] of [
        ["Headers", "Content-Type application/json", 'Header "Content-Type application/json" has no colon: write Name: value.'],
        ["Headers", "X A: b", 'Header name "X A" holds a space, which no name may: write Name: value.'],
        ["Headers", "X-A: b\n c: d", "as a folded line does"],
        ["Headers", "Host: example.com", "Header Host is the browser’s own: it lets no page set it."],
        ["Headers", "Cookie: a=b", "Header Cookie is the browser’s own"],
        ["Headers", "X-A: ключ", 'Header X-A holds "к" (U+043A), which no header can carry as it is'],
        ["Headers", "Idempotency-Key: other", "There is an Idempotency-Key among the headers and another in its own field"],
        ["URL", "ftp://example.com/x", "is not for http: a page can only send to https:// and http://."],
        ["URL", "http://", 'URL "http://" cannot be read'],
        ["URL", "http://a:b@127.0.0.1:9/", "The URL holds a user name or a password"],
      ]) {
        await page.getByLabel("Headers").fill("Content-Type: application/json");
        await page.getByLabel("URL").fill(url);
        await page.getByLabel(field).fill(value);
        await page.getByRole("button", { name: "Send", exact: true }).click();
        await page.locator("[data-part=request-error]").filter({ hasText: sentence }).waitFor();
      }
      assert.equal(await page.locator(".run").count(), 0);
      assert.equal((await readLedger(world.shop, new URL(url).searchParams.get("ledger"))).total, 0);
    }));

  test("the request as curl is the same request", () =>
    visit(world, async (page, context) => {
      await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: world.guard });
      await page.getByLabel("Body").fill(`{"item": "it's", "quantity": 1, "price_cents": 1}`);
      await send(page, 1);
      await page.getByRole("button", { name: "Copy as curl" }).click();
      await page.getByRole("button", { name: "Copied" }).waitFor();
      const command = await page.evaluate(() => navigator.clipboard.readText());
      const answer = execFileSync("/bin/sh", ["-c", command.replace("curl -i", "curl -s -i")], { encoding: "utf8" });
      assert.match(answer, /^HTTP\/1\.1 201 [\s\S]*idempotency-replayed: true/i);
    }));
}

/** What the newest run's picture has: marks at the guard, ways that go on, orders at the shop. */
function drawn(page) {
  return page.locator(".run").first().locator("svg").first().evaluate((svg) => {
    const count = (selector) => svg.querySelectorAll(selector).length;
    const shop = Math.max(...[...svg.querySelectorAll("line.row")].map((line) => Number(line.getAttribute("y1"))));
    const ways = [...svg.querySelectorAll("line.connector:not(.back, .open)")].filter((line) => Number(line.getAttribute("y2")) === shop).length;
    return { on: count(".mark.on"), ring: count("circle.mark:not(.on, .doubt)"), passed: count(".mark.passed"), cross: count(".mark.cross"), ways, orders: count("rect.order") };
  });
}

function summary(page) {
  return page.locator(".run .caption").first().textContent();
}

function part(page, name) {
  return page.locator(`[data-part=${name}]`);
}

async function ledgerOf(page) {
  return new URL(await page.getByLabel("URL").inputValue()).searchParams.get("ledger");
}

async function send(page, times) {
  await page.getByLabel("Sends at once").fill(String(times));
  const runs = await page.locator(".run").count();
  await page.getByRole("button", { name: "Send", exact: true }).click();
  const isDone = ([runs, times]) => {
    const [run] = document.querySelectorAll(".run");
    return (document.querySelectorAll(".run").length > runs || runs === 5) && run.querySelectorAll("tbody tr").length === times;
  };
  await page.waitForFunction(isDone, [runs, times]);
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
