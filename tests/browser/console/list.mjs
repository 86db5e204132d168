// The list of unknown outcomes: two thousand of them, in pages and filtered.

import assert from "node:assert/strict";
import { test } from "node:test";
import { loaded, pathOf, rows, visit } from "./visit.mjs";

const TOTAL = 2000;
const numbers = Array.from({ length: TOTAL }, (_, number) => pathOf(number));
const LOST = numbers.filter((path) => path.endsWith("/lost")).length;
const ORDERS = numbers.filter((path) => path.startsWith("/orders/")).length;

export function testList(world) {
  test("two thousand unknown outcomes are on its pages, each once, and the way back leads over the same ones", () =>
    visit(world, async (page) => {
      await page.getByLabel("A page").selectOption("200");
      await page.getByRole("button", { name: "Filter" }).click();
      const pages = await allPages(page);
      const shown = pages.flat();
      assert.equal(new Set(shown).size, TOTAL);
      assert.equal(shown.length, TOTAL);
      assert.match(await page.locator(".summary").textContent(), /^\d+\sunknown outcomes?, page \d+\.$/);
      await page.getByRole("button", { name: "Newer" }).click();
      await loaded(page);
      assert.deepEqual(await rows(page), pages.at(-2));
    }));

  test("it is filtered by route, reason and age", () =>
    visit(world, async (page) => {
      const counted = async (choose) => {
        await page.getByRole("button", { name: "Show all" }).click();
        await loaded(page);
        await page.getByLabel("A page").selectOption("200");
        await choose();
        await page.getByRole("button", { name: "Filter" }).click();
        return (await allPages(page)).flat().length;
      };
      assert.equal(await counted(() => page.getByLabel("Route’s pattern").fill("/orders/**")), ORDERS);
      assert.match(await page.locator("tbody tr").first().textContent(), /POST \/orders\/\*\*/);
      assert.equal(await counted(() => page.getByLabel("Reason").selectOption("connection-lost")), LOST);
      assert.match(await page.locator("tbody tr").first().textContent(), /the connection to the origin broke/);
      assert.equal(await counted(() => page.getByLabel("Older than").selectOption("1d")), 0);
      await page.getByText("No outcome is unknown that fits.").first().waitFor();
    }));

  test("who comes back from a record finds the list as it was left", () =>
    visit(world, async (page) => {
      await page.getByLabel("Reason").selectOption("connection-lost");
      await page.getByRole("button", { name: "Filter" }).click();
      await loaded(page);
      await page.getByRole("button", { name: "Older" }).click();
      await loaded(page);
      const before = await rows(page);
      await page.locator("a.record").nth(3).click();
      await page.locator(".timeline").waitFor();
      await page.goBack();
      await loaded(page);
      assert.deepEqual(await rows(page), before);
      assert.equal(await page.getByLabel("Reason").inputValue(), "connection-lost");
    }));

  test("of two questions the later counts, whichever is answered first", () =>
    visit(world, async (page) => {
      await loaded(page);
      let answerFirst;
      const released = new Promise((resolve) => (answerFirst = resolve));
      await page.route("**/.onlyonce/unknown?*reason=connection-lost*", async (route) => {
        const response = await route.fetch();
        await released;
        await route.fulfill({ response }).catch(() => {});
      });
      await page.getByLabel("Reason").selectOption("connection-lost");
      await page.getByRole("button", { name: "Filter" }).click();
      await page.getByLabel("Reason").selectOption("deadline-passed");
      await page.getByRole("button", { name: "Filter" }).click();
      await page.locator(".summary", { hasText: "No outcome is unknown that fits." }).waitFor();
      answerFirst();
      await page.waitForTimeout(300);
      assert.deepEqual(await rows(page), []);
    }));

  test("shards that could not be reached are named, and may be asked again", () =>
    visit(world, async (page) => {
      await page.getByText("2 shards could not be reached: what they hold is missing here.").waitFor();
      await page.getByText("Which", { exact: true }).click();
      await page.getByText("shard/000001, shard/101010").waitFor();
      await page.unroute("**/.onlyonce/unknown?*");
      await page.getByRole("button", { name: "Ask again" }).click();
      await loaded(page);
      assert.equal(await page.getByText("could not be reached").count(), 0);
    }, { before: withoutTwoShards }));
}

// The guard's own answer, as it is where two shards are out of reach.
async function withoutTwoShards(page) {
  await page.route("**/.onlyonce/unknown?*", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), unreachable: ["shard/000001", "shard/101010"] } });
  });
}

async function allPages(page) {
  const pages = [];
  for (;;) {
    await loaded(page);
    pages.push(await rows(page));
    const older = page.getByRole("button", { name: "Older" });
    if (await older.isDisabled()) return pages;
    await older.click();
  }
}
