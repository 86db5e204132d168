// What goes wrong around a scene: told, and not passed off as something else.

import assert from "node:assert/strict";
import { test } from "node:test";
import { executions, run, scene, settled, totals, visit } from "./visit.mjs";

const MOTION = { reducedMotion: "no-preference" };

export function testTroubles(world) {
  test("where the ledger cannot be read, the page says what was sent and what it does not know", () =>
    visit(world, async (page, context) => {
      await context.route("**/ledger?*", (route) => route.fulfill({ status: 500 }));
      await run(page, "double-click");
      for (const caption of await scene(page, "double-click").locator(".caption").allTextContents()) {
        assert.match(caption, /^2.sends\. The shop’s ledger could not be read/);
      }
      assert.deepEqual(await scene(page, "double-click").locator(".panel.good").count(), 0);
      assert.match(await page.locator("#score-unread").textContent(), /^2.ledgers could not be read/);
    }));

  test("a second tab that is closed in the middle: what it had sent is shown, and that it was closed", () =>
    visit(world, async (page, context) => {
      const tab = await context.newPage();
      await tab.goto(`${world.guard}/tab.html`);
      await tab.getByText("Ready.").waitFor();
      // What it sends arrives, and it is closed before it has an answer, however slow the machine closes it.
      await tab.route("**/orders?*", (route) => void route.fetch().catch(() => {}));
      await scene(page, "fifty-clicks").getByRole("button", { name: /^Run scene/ }).click();
      await page.waitForFunction(() => [...document.querySelectorAll("#fifty-clicks .row-label")].some(({ textContent }) => textContent === "50 sends"));
      await tab.close();
      await settled(page, "fifty-clicks");
      const [without, guarded] = await scene(page, "fifty-clicks").locator(".caption").allTextContents();
      assert.match(without, /^50.sends, \d+.orders.* It stopped half-way: The second page was closed before it had finished\./);
      assert.match(guarded, /^50.sends, 1.order: charged once\. It stopped half-way/);
      assert.equal((await executions(world, page, "fifty-clicks")).with.length, 1);
    }));

  test("a reload in the middle of scene 4 leaves nothing in the browser's storage", () =>
    visit(world, async (page) => {
      await scene(page, "offline-queue").getByRole("button", { name: /^Run scene/ }).click();
      const kept = () => page.evaluate(async () => [...Object.keys(localStorage), ...(await indexedDB.databases()).map(({ name }) => name)].filter((name) => name.includes("page-")));
      while ((await kept()).length < 2) await page.waitForTimeout(50);
      await page.reload();
      await page.waitForSelector("html[data-ready]");
      await page.waitForTimeout(300);
      assert.deepEqual(await kept(), []);
      await run(page, "offline-queue");
      assert.deepEqual(await totals(world, page, "offline-queue"), [5, 3]);
      assert.deepEqual(await kept(), []);
    }));

  test("all six run once at a time, can be stopped, and do not pull back who has scrolled away", () =>
    visit(world, async (page) => {
      const button = page.locator("#all");
      await button.click();
      assert.equal(await button.textContent(), "Stop");
      await page.waitForSelector("#double-click[aria-busy]");
      await scrolledTo(page, "double-click");
      await page.mouse.move(400, 300);
      await page.mouse.wheel(0, -20_000);
      await page.waitForSelector("#lost-answer[aria-busy]", { timeout: 20_000 });
      await page.waitForTimeout(300);
      assert.equal(await page.evaluate(() => document.querySelectorAll("[aria-busy=true]").length), 1);
      assert.ok((await page.evaluate(() => scrollY)) < 200, "the page stays where it was put");
      await button.click();
      await page.waitForSelector("#all:text-is('Run all six')", { timeout: 20_000 });
      assert.equal(await scene(page, "fifty-clicks").locator(".caption").first().textContent(), "Not run yet.");
    }, MOTION));
}

/** The page moves smoothly: it is there when it has come to rest. */
async function scrolledTo(page, id) {
  const top = () => scene(page, id).evaluate((node) => node.getBoundingClientRect().top);
  for (let before = await top(); ; ) {
    await page.waitForTimeout(150);
    const now = await top();
    if (now === before && now < 200) return;
    before = now;
  }
}
