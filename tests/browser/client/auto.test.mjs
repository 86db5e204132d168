// A plain form with `data-onlyonce`, in front of an origin that takes plain forms. What was
// executed is read from that origin's own ledger.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { chromium } from "playwright-core";
import { startFormShop } from "./form-shop.mjs";
import { startGuardFor } from "./guard.mjs";
import { onStage, pause, until } from "./stage.mjs";

const shop = await startFormShop();
const guard = await startGuardFor(shop.url);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
const world = { guard: guard.url, browser };
after(async () => {
  await browser.close();
  await guard.stop();
  await shop.stop();
});

const FORM = (then, attributes = "") => `
  <form id="buy" method="post" action="/buy?then=${then}&for=${Math.random()}&delay=400" data-onlyonce ${attributes}>
    <input name="item" value="täglich"> <textarea name="note">a\nb</textarea>
    <button name="via" value="button">Buy</button>
    <button type="button" data-onlyonce-start-over hidden>Start over</button>
  </form>
  <script type="module" src="/client/auto.js"></script>`;

test("a double click is one purchase, in the bytes that the browser itself would send; a redirect is followed", () =>
  onPlain("redirect", async ({ page, bought }) => {
    await page.getByRole("button", { name: "Buy" }).dblclick();
    await page.waitForURL("**/receipt");
    const [{ body, type, key }, ...more] = bought();
    assert.deepEqual(more, []);
    assert.equal(body, "item=t%C3%A4glich&note=a%0D%0Ab&via=button");
    assert.match(type, /^application\/x-www-form-urlencoded/);
    assert.match(key, /^"[0-9a-f-]{36}"$/);
  }));

test("a page as the answer takes the place of the form", () =>
  onPlain("page", async ({ page, bought }) => {
    await page.getByRole("button", { name: "Buy" }).dblclick();
    await page.getByRole("heading", { name: "Bought" }).waitFor();
    assert.equal(bought().length, 1);
  }));

test("anything else is said in a status line, in the page's own words where it has some", () =>
  onPlain("text", async ({ page, bought }) => {
    const status = page.getByRole("status");
    assert.equal(await status.textContent(), "");
    await page.getByRole("button", { name: "Buy" }).click();
    assert.equal(await status.textContent(), "Sending …");
    await until(async () => (await status.textContent()) === "Danke!", "thanks are said");
    assert.equal(bought().length, 1);
  }, 'data-onlyonce-done="Danke!"'));

test("a refusal is said", () =>
  onPlain("400", async ({ page, bought }) => {
    await page.getByRole("button", { name: "Buy" }).click();
    await page.getByText("Refused.").waitFor();
    assert.equal(bought().length, 1);
  }));

/** Keeps every text that the status line has from now on. */
function recordStatus(page) {
  return page.evaluate(() => {
    globalThis.statuses = [];
    const status = document.querySelector("[role=status]");
    const record = () => globalThis.statuses.push(status.textContent);
    new MutationObserver(record).observe(status, { childList: true, characterData: true, subtree: true });
  });
}

test("an unknown outcome is said, shows how to start over, and survives a reload", () =>
  onPlain("lost", async ({ page, bought }) => {
    const over = page.getByRole("button", { name: "Start over" });
    await page.getByRole("button", { name: "Buy" }).click();
    await over.waitFor();
    assert.match(await page.getByRole("status").textContent(), /^Perhaps carried out\./);
    await page.reload();
    await over.waitFor();
    await recordStatus(page);
    await page.getByRole("button", { name: "Buy" }).click();
    await page.waitForFunction(() => globalThis.statuses.length > 1);
    await over.waitFor();
    // It is said for as long as a replay takes: a look from outside may come too late.
    assert.equal((await page.evaluate(() => globalThis.statuses))[0], "Sending …");
    assert.equal(bought().length, 1, "the same key");
    await over.click();
    assert.equal(await over.isVisible(), false);
    await page.getByRole("button", { name: "Buy" }).click();
    await over.waitFor();
    assert.equal(new Set(bought().map(({ key }) => key)).size, 2);
  }));

test("a form that comes later is guarded too; multipart bodies keep their files", () =>
  onStage(world, async ({ page }) => {
    const before = shop.ledger.length;
    await page.evaluate((html) => (document.body.innerHTML = html), FORM("text", 'enctype="multipart/form-data"').replace("<textarea", '<input type="file" name="photo"> <textarea'));
    await page.locator("[name=photo]").setInputFiles({ name: "a.txt", mimeType: "text/plain", buffer: Buffer.from("hello") });
    await page.getByRole("button", { name: "Buy" }).dblclick();
    await page.getByText("Done.").waitFor();
    assert.equal(shop.ledger.length - before, 1);
    assert.match(shop.ledger.at(-1).body, /filename="a.txt"\r\nContent-Type: text\/plain\r\n\r\nhello\r\n/);
  }, { html: '<script type="module" src="/client/auto.js"></script>' }));

test("the states are events on the form", () =>
  onPlain("text", async ({ page, bought }) => {
    await page.evaluate(() => {
      window.seen = [];
      addEventListener("onlyonce", ({ target, detail }) => seen.push([target.id, detail.state]));
    });
    await page.getByRole("button", { name: "Buy" }).click();
    await page.getByText("Done.").waitFor();
    assert.deepEqual(await page.evaluate(() => seen), [["buy", "sending"], ["buy", "final"]]);
    assert.equal(bought().length, 1);
  }));

test("HTML of another origin is never written into the page", () =>
  onPlain("text", async ({ page, context, bought }) => {
    await context.route("**/foreign", (route) => route.fulfill({
      contentType: "text/html", headers: { "access-control-allow-origin": "*", "access-control-allow-headers": "*" }, body: "<script>window.owned = true</script>",
    }));
    await page.evaluate(() => (buy.action = "http://other.test/foreign"));
    await page.getByRole("button", { name: "Buy" }).click();
    await page.getByText("Done.").waitFor();
    await pause(200);
    assert.equal(await page.evaluate(() => window.owned), undefined);
    assert.equal(bought().length, 0);
  }));

function onPlain(then, act, attributes) {
  const before = shop.ledger.length;
  return onStage(world, (stage) => act({ ...stage, bought: () => shop.ledger.slice(before) }), { html: FORM(then, attributes) });
}
