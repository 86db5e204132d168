// Every scene of the page, run from the page.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { until } from "../client/stage.mjs";
import { ADMIN_TOKEN } from "../fixture.mjs";
import { executions, run, scene, settled, totals, visit } from "./visit.mjs";

export function testScenes(world) {
  test("a double click: two orders without the guard, one with it; one more press changes nothing", () =>
    visit(world, async (page) => {
      await run(page, "double-click");
      assert.deepEqual(await totals(world, page, "double-click"), [2, 1]);
      await run(page, "double-click", "Send once more");
      assert.deepEqual(await totals(world, page, "double-click"), [3, 1]);
      // A run of its own: nothing of the one before is in its ledgers.
      await run(page, "double-click");
      assert.deepEqual(await totals(world, page, "double-click"), [2, 1]);
    }));

  test("a lost answer: the retry is a second order, or gets the first one’s answer", () =>
    visit(world, async (page) => {
      await run(page, "lost-answer");
      const { without, with: guarded } = await executions(world, page, "lost-answer");
      assert.deepEqual([without.length, guarded.length], [2, 1]);
      const apart = Date.parse(without[1].executed_at) - Date.parse(without[0].executed_at);
      assert.ok(apart > 400, `${apart} ms between the two orders`);
      const [first, second] = await labels(page, "lost-answer", 1);
      assert.equal(first, "gave up");
      assert.match(second, /^201 (replayed|joined)$/);
    }));

  test("fifty clicks from two pages: fifty orders, or one", () =>
    visit(world, async (page) => {
      await run(page, "fifty-clicks");
      assert.deepEqual(await totals(world, page, "fifty-clicks"), [50, 1]);
      assert.equal(await page.locator("iframe").count(), 0, "the second page is gone");
      // What the browser really did: it has six connections for one address, and lets the rest wait. On a
      // busy machine the six may take as long to leave.
      const waited = (lane) => scene(page, "fifty-clicks").locator(".panel").nth(lane).locator("line.queued").count();
      for (const lane of [0, 1]) await until(async () => (await waited(lane)) >= 44, "44 that waited in the browser");
      // The shop takes 400 ms for each, so that none is a mere dot.
      const widths = await scene(page, "fifty-clicks").locator(".panel").first().locator("rect.bar").evaluateAll((bars) => bars.map((bar) => Number(bar.getAttribute("width"))));
      assert.ok(Math.min(...widths) > 3, widths.join(" "));
      const steps = await scene(page, "fifty-clicks").locator(".steps").nth(1).locator("li").allTextContents();
      assert.ok(steps.length < 40, "equal steps are folded");
      assert.match(steps[0].replaceAll("\u00a0", " "), /^0–\d+ ms \d\d requests leave\.$/);
    }));

  test("fifty clicks from two tabs: the second tab sends its half", () =>
    visit(world, async (page, context) => {
      const tab = await context.newPage();
      await tab.goto(`${world.guard}/tab.html`);
      await tab.getByText("Ready.").waitFor();
      await run(page, "fifty-clicks");
      assert.deepEqual(await totals(world, page, "fifty-clicks"), [50, 1]);
      assert.match(await tab.getByRole("status").textContent(), /^50 requests sent/);
    }));

  test("an offline queue, cut off and crashed: two of three are ordered twice, or each once", () =>
    visit(world, async (page) => {
      await run(page, "offline-queue");
      const { without, with: guarded } = await executions(world, page, "offline-queue");
      assert.deepEqual(without.map(({ item }) => item), ["Coffee", "Coffee", "Filters", "Filters", "A mug"]);
      assert.deepEqual(guarded.map(({ item }) => item), ["Coffee", "Filters", "A mug"]);
      assert.equal(new Set(guarded.map(({ headers }) => headers["idempotency-key"])).size, 3);
    }));

  test("a changed cart under the same key is refused; the same cart respelled is not", () =>
    visit(world, async (page) => {
      await run(page, "changed-cart");
      const { without, with: guarded } = await executions(world, page, "changed-cart");
      assert.deepEqual(without.map(({ quantity }) => quantity), [2, 2, 3]);
      assert.deepEqual(guarded.map(({ quantity }) => quantity), [2]);
      assert.deepEqual(await labels(page, "changed-cart", 1), ["201", "201 replayed", "422 refused"]);
      const [cart, respelled, changed] = await scene(page, "changed-cart").locator(".panel").nth(1).locator("dd").allTextContents();
      assert.equal(cart, respelled);
      assert.notEqual(cart, changed);
    }));

  test("a shop that dies in the middle: the retry is a second order, or the same “unknown”", () =>
    visit(world, async (page) => {
      await run(page, "unknown");
      assert.deepEqual(await totals(world, page, "unknown"), [2, 1]);
      assert.deepEqual(await labels(page, "unknown", 1), ["502 unknown", "502 unknown"]);
      // The ledger proves it of the first, and disproves it of the second.
      assert.equal(await marks(page, "unknown", 1, ".mark.on"), 1);
      assert.equal(await marks(page, "unknown", 1, ".mark.doubt"), 1);
    }));

  test("the operator’s side: what the ledger holds becomes the answer of every retry", () =>
    visit(world, async (page) => {
      assert.equal(new URL(page.url()).hash, "", "the token is taken off the address");
      await run(page, "unknown");
      const side = scene(page, "unknown").locator(".operator");
      await side.getByRole("button", { name: "Look at the ledger and resolve it" }).click();
      await side.getByText("The ledger has the order (number 1)").waitFor();
      await page.waitForFunction(() => document.querySelectorAll("#unknown .panel:nth-child(2) .label.inside, #unknown .panel:nth-child(2) .label.beside:not(.quiet)").length === 3);
      await settled(page, "unknown");
      assert.deepEqual(await labels(page, "unknown", 1), ["502 unknown", "502 unknown", "201 resolved"]);
      assert.deepEqual(await totals(world, page, "unknown"), [2, 1]);
      assert.match(await side.locator(".commands li").nth(1).textContent(), /^curl \S+\/resolve [^]*\$ADMIN_TOKEN/);
    }, { path: `#operator=${ADMIN_TOKEN}` }));

  test("left alone, the guard asks the shop itself: the retry gets the order that was placed", () =>
    visit(world, async (page) => {
      await run(page, "unknown", "Run it left alone");
      assert.deepEqual(await totals(world, page, "unknown"), [2, 1]);
      assert.deepEqual(await labels(page, "unknown", 1), ["502 unknown", "200 settled"]);
      const side = scene(page, "unknown").locator(".operator");
      await side.getByText("Nobody did anything. The guard asked the shop, with GET /orders-by-key?idempotency_key=").waitFor();
      const { settle } = JSON.parse(await readFile(new URL("../../../demo/settle.json", import.meta.url), "utf8"));
      const shown = await side.locator("pre").textContent();
      for (const value of Object.values(settle)) assert.ok(shown.includes(JSON.stringify(value).replaceAll(",", ", ")), JSON.stringify(value));
      await run(page, "unknown", "Send once more");
      assert.deepEqual(await labels(page, "unknown", 1), ["502 unknown", "200 settled", "200 settled"]);
      assert.deepEqual(await totals(world, page, "unknown"), [3, 1]);
      // The scene itself is as it was.
      await run(page, "unknown");
      assert.deepEqual(await labels(page, "unknown", 1), ["502 unknown", "502 unknown"]);
      await side.getByRole("button", { name: "Look at the ledger and resolve it" }).waitFor();
    }));

  test("a guard that may not ask leaves it unknown, and the page says why", () =>
    visit(world, async (page) => {
      await run(page, "unknown", "Run it left alone");
      assert.deepEqual(await labels(page, "unknown", 1), ["502 unknown", "502 unknown"]);
      await scene(page, "unknown").getByText("says “unknown”: its policy has no settle for /orders-by-key").waitFor();
    }, { before: (context) => context.route(/\/orders-by-key\?/, (route) => route.continue({ url: route.request().url().replace("/orders-by-key", "/orders") })) }));

  test("the operator’s side with a wrong token says so, and takes the right one", () =>
    visit(world, async (page) => {
      await run(page, "unknown");
      const side = scene(page, "unknown").locator(".operator");
      await side.getByLabel("ADMIN_TOKEN").fill("wrong");
      await side.getByRole("button").click();
      await side.getByText("The guard answered 401").waitFor();
      await side.getByLabel("ADMIN_TOKEN").fill(ADMIN_TOKEN);
      await side.getByRole("button").click();
      await side.getByText("The ledger has the order (number 1)").waitFor();
      await settled(page, "unknown");
    }));
}

function marks(page, id, lane, selector) {
  return scene(page, id).locator(".panel").nth(lane).locator(`svg ${selector}`).count();
}

/** The label of each attempt in the picture of a lane. */
function labels(page, id, lane) {
  return scene(page, id).locator(".panel").nth(lane).locator(".label:not(.quiet)").allTextContents();
}
