// The page for everybody: axe, keyboard, screen reader, phone, less motion.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { executions, run, scene, settled, totals, visit } from "./visit.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const DOCUMENTS = ["README", "docs/CONFIGURATION", "docs/DEPLOYMENT", "docs/OPERATIONS", "docs/PROOF", "www/client/README"];
const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

export function testAccess(world) {
  test("axe finds nothing, in light, before and after all scenes ran", () =>
    visit(world, async (page) => {
      assert.deepEqual(await violations(page), []);
      await runAll(page);
      assert.deepEqual(await totals(world, page, "unknown"), [2, 1]);
      await useBench(page);
      assert.deepEqual(await violations(page), []);
    }, { colorScheme: "light" }));

  test("axe finds nothing, in dark, before and after scenes ran", () =>
    visit(world, async (page) => {
      assert.deepEqual(await violations(page), []);
      for (const id of ["changed-cart", "unknown"]) await run(page, id);
      await useBench(page);
      assert.deepEqual(await violations(page), []);
      await run(page, "unknown", "Run it left alone");
      await page.getByText("What its policy says").click();
      assert.deepEqual(await violations(page), []);
    }, { colorScheme: "dark" }));

  test("axe finds nothing while scenes and the bench run, and in what is copied and told", () =>
    visit(world, async (page) => {
      for (const id of ["double-click", "fifty-clicks", "unknown"]) await scene(page, id).getByRole("button", { name: /^Run scene/ }).click();
      await page.getByLabel("URL").fill(`${world.shop}/orders?delay=4000`);
      await page.getByRole("button", { name: "Send", exact: true }).click();
      await page.getByRole("button", { name: "Place order" }).click();
      assert.equal(await page.locator(".run[aria-busy], .scene[aria-busy]").count(), 4);
      assert.deepEqual(await violations(page), []);
      for (const id of ["double-click", "fifty-clicks", "unknown"]) await settled(page, id);
    }, { reducedMotion: "no-preference" }));

  test("axe finds nothing in the documents, and on a phone none is wider than the screen", () =>
    visit(world, async (page) => {
      for (const path of DOCUMENTS) {
        await page.goto(`${world.guard}/pkg/docs/${path}.html`);
        assert.deepEqual(await violations(page), [], path);
        assert.ok((await widest(page)) <= 390, `${path}: ${await widest(page)}`);
      }
    }, { viewport: { width: 390, height: 844 }, isMobile: true }));

  test("on a phone with text twice as large the bench stays within the screen", () =>
    visit(world, async (page) => {
      await page.evaluate(() => (document.documentElement.style.fontSize = "200%"));
      const { right } = await page.getByRole("button", { name: "New key" }).evaluate((button) => button.getBoundingClientRect().toJSON());
      assert.ok(right <= 390, `${right}`);
      assert.ok((await widest(page)) <= 390, `${await widest(page)}`);
    }, { viewport: { width: 390, height: 844 }, isMobile: true }));

  test("with text twice as large nothing is cut off, and the pictures' text grows as well", () =>
    visit(world, async (page) => {
      const size = () => scene(page, "lost-answer").locator(".row-label").first().evaluate((text) => text.getBoundingClientRect().height);
      const before = await size();
      await page.evaluate(() => (document.documentElement.style.fontSize = "200%"));
      await run(page, "lost-answer");
      assert.ok((await size()) > 1.8 * before);
      assert.ok((await widest(page)) <= 800);
    }, { viewport: { width: 800, height: 900 } }));

  test("a scene runs by keyboard alone, keeps the focus, and announces what came of it", () =>
    visit(world, async (page) => {
      const button = scene(page, "lost-answer").getByRole("button", { name: "Run scene 2" });
      await tabTo(page, button);
      await page.keyboard.press("Enter");
      await page.keyboard.press("Enter");
      await settled(page, "lost-answer");
      assert.deepEqual(await totals(world, page, "lost-answer"), [2, 1]);
      assert.ok(await button.evaluate((button) => button === document.activeElement));
      const message = (await page.locator("#live").textContent()).replaceAll("\u00a0", " ");
      assert.match(message, /^Without the guard: 2 sends, 2 orders: charged twice\. With the guard: 2 sends, 1 order: charged once\.$/);
    }));

  test("on a phone nothing is wider than the screen, before and after", () =>
    visit(world, async (page) => {
      assert.ok((await widest(page)) <= 360);
      for (const id of ["fifty-clicks", "changed-cart"]) await run(page, id);
      await page.getByRole("button", { name: "Send", exact: true }).tap();
      await page.locator(".run tbody tr").first().waitFor();
      await run(page, "unknown", "Run it left alone");
      await page.getByText("What its policy says").tap();
      assert.ok((await widest(page)) <= 360);
      assert.equal((await executions(world, page, "changed-cart")).with.length, 1);
    }, PHONE));

  test("where less motion is wanted, a picture is drawn only when something happened", () =>
    visit(world, async (page) => {
      await scene(page, "double-click").locator(".picture").first().evaluate((place) => {
        window.drawn = 0;
        new MutationObserver(() => (window.drawn += 1)).observe(place, { childList: true });
      });
      await run(page, "double-click");
      const drawn = await page.evaluate(() => window.drawn);
      assert.ok(drawn > 0 && drawn < 20, `drawn ${drawn} times`);
      assert.deepEqual(await totals(world, page, "double-click"), [2, 1]);
    }, { reducedMotion: "reduce" }));
}

async function runAll(page) {
  await page.getByRole("button", { name: "Run all six" }).click();
  const hasResult = () => [...document.querySelectorAll("#scenes .caption")].every(({ textContent }) => /\d/.test(textContent));
  await page.waitForFunction(hasResult, null, { timeout: 60_000 });
}

/** With answers, and with a key that is none. */
async function useBench(page) {
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.locator(".run tbody tr").first().waitFor();
  await page.locator("summary").first().click();
  await page.getByLabel("Idempotency-Key").fill("two words");
}

export async function violations(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run());
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}

async function tabTo(page, button) {
  for (let presses = 0; presses < 40; presses += 1) {
    await page.keyboard.press("Tab");
    if (await button.evaluate((button) => button === document.activeElement)) return;
  }
  throw new Error("The button is not reached by Tab.");
}

function widest(page) {
  return page.evaluate(() => document.documentElement.scrollWidth);
}
