// Search by id and by key, and the last hour's outcomes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { CALLER, loaded, send, visit } from "./visit.mjs";

export function testSearch(world) {
  test("a record is found by its key and scope, and by whatever holds its id", async () => {
    const { id, key } = await send(world, "/orders/9/done");
    await visit(world, async (page) => {
      await page.getByLabel("Value").fill(CALLER);
      await page.getByLabel("Idempotency key").fill(key);
      await page.getByRole("button", { name: "Find the record" }).click();
      await page.locator(".timeline").waitFor();
      assert.equal(await page.locator(".id").textContent(), id);
      assert.match(await page.locator(".facts").textContent(), /Done.*POST \/orders\/\*\*/);

      await page.getByRole("link", { name: "Search" }).click();
      assert.equal(await page.getByLabel("Idempotency key").inputValue(), "");
      await page.getByLabel("Record id").fill("onlyonce; hit");
      await page.getByRole("button", { name: "Show the record" }).click();
      await page.getByText("There are no 64 hex digits in it.").waitFor();
      await page.getByLabel("Record id").fill(`onlyonce; hit; key="${id}"`);
      await page.keyboard.press("Enter");
      await page.locator(".timeline").waitFor();
      assert.equal(await page.locator(".id").textContent(), id);
    }, { hash: "#search" });
  });

  test("a scope has as many sources as the policy, and one may have been absent", () =>
    visit(world, async (page) => {
      const asked = page.waitForRequest("**/.onlyonce/find");
      await page.getByLabel("Realm").fill("api.example.com");
      await page.getByLabel("was absent").check();
      await page.getByRole("button", { name: "Add a source" }).click();
      await page.getByLabel("Source", { exact: true }).nth(1).fill("cookie:sid");
      await page.getByLabel("Value").nth(1).fill("42");
      await page.getByLabel("Idempotency key").fill("k 1");
      await page.getByRole("button", { name: "Find the record" }).click();
      const question = { realm: "api.example.com", scope: { "header:authorization": null, "cookie:sid": "42" }, key: "k 1" };
      assert.deepEqual((await asked).postDataJSON(), question);
      await page.locator(".timeline").waitFor();
      await page.getByRole("link", { name: "Search" }).click();
      await page.getByLabel("Source", { exact: true }).fill("hat:size");
      await page.getByLabel("Idempotency key").fill("k 1");
      await page.getByRole("button", { name: "Find the record" }).click();
      await page.getByText(/The guard says: "scope" is not a scope/).waitFor();
    }, { hash: "#search" }));

  test("the last hour's outcomes are counted by route, and lead to the unknown ones", async () => {
    const { key } = await send(world, "/later/1/done");
    await send(world, "/later/1/done", key);
    await visit(world, async (page) => {
      await loaded(page);
      const row = page.locator("tbody tr", { hasText: "/later/**" });
      const cell = (column) => row.locator(`[data-column="${column}"]`).textContent();
      assert.equal(Number(await cell("2xx")) >= 1, true);
      assert.equal(await cell("Unknown"), "0");
      const unknown = page.getByRole("link", { name: "unknown on /orders/**" });
      assert.equal((await unknown.textContent()).split(" ")[0], "667");
      await unknown.click();
      await loaded(page);
      assert.equal(await page.getByLabel("Route’s pattern").inputValue(), "/orders/**");
      assert.match(await page.locator("tbody tr").first().textContent(), /\/orders\/\*\*/);
    }, { hash: "#outcomes" });
  });

  test("what is only a sample says so, and pages of shards add up", () =>
    visit(world, async (page) => {
      await page.getByText("This is a sample").waitFor();
      const row = page.locator("tbody tr", { hasText: "/a" });
      assert.deepEqual(await row.locator("td").allTextContents(), ["7", "0", "0", "0", "0", "0", "0", "2", "0", "0"]);
    }, { hash: "#outcomes", before: inTwoPages }));
}

// What a guard with more than 256 shards says.
async function inTwoPages(page) {
  const first = { since: "", routes: [{ route: "/a", "2xx": 3, joined: 2 }], records_read: 5, complete: true, next: "256" };
  const second = { since: "", routes: [{ route: "/a", "2xx": 4 }], records_read: 9, complete: false };
  await page.route("**/.onlyonce/outcomes*", (route) => route.fulfill({ json: route.request().url().endsWith("?after=256") ? second : first }));
}
