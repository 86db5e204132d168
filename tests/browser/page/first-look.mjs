// The first seconds of a visit: what is said, how soon it is there, that nothing jumps, and that the
// button does what it says.

import assert from "node:assert/strict";
import { test } from "node:test";
import { readLedger } from "../fixture.mjs";
import { run, scene, settled, totals, visit } from "./visit.mjs";

const MAX_REQUESTS = 12;
const MAX_SHIFT = 0.1;
const READY_WITHIN = 1_000;
const MOTION = { reducedMotion: "no-preference" };

export function testFirstLook(world) {
  test("the page says what it is, and is there after a few requests, within a second", () =>
    visit(world, async (page) => {
      // Once more, so that it is the page that is measured and not the runtime's first answer.
      const requests = [];
      page.on("request", (request) => requests.push(request.url()));
      await page.reload();
      await page.waitForSelector("html[data-ready]");
      const { painted, ready } = await page.evaluate(() => ({
        painted: performance.getEntriesByName("first-contentful-paint")[0].startTime,
        ready: performance.now(),
      }));
      assert.ok(requests.length <= MAX_REQUESTS, requests.join("\n"));
      assert.ok(ready < READY_WITHIN && painted < READY_WITHIN, `painted after ${painted} ms, ready after ${ready} ms`);
      assert.match(await page.locator(".lead").textContent(), /a Cloudflare Worker in front of the API that you have: every POST happens once.* Your code stays as it is\./);
    }));

  test("two presses of the button are two orders straight to the shop, and one through the guard", () =>
    visit(world, async (page) => {
      const orders = page.waitForRequest((request) => request.method() === "POST");
      const button = page.getByRole("button", { name: "Place order" });
      await button.click();
      await button.click();
      const counter = (id, text) => page.waitForFunction(([id, text]) => document.getElementById(id).textContent === text, [id, text]);
      await counter("count-without", "2");
      await counter("count-with", "1");
      await page.getByText(/Pressed 2.times: 2.orders without Onlyonce, 1.order with it\./).first().waitFor();
      const ledger = new URL((await orders).url()).searchParams.get("ledger");
      assert.ok([1, 2].includes((await readLedger(world.shop, ledger)).total));
      await counter("score-sends", "4");
      await counter("score-without", "1");
      await counter("score-with", "0");
      await page.getByRole("button", { name: "Begin a new order" }).click();
      await counter("count-without", "0");
      await button.click();
      await counter("count-with", "1");
    }));

  test("scene 1 runs when it comes into view, once, and not where less motion is wanted", async () => {
    await visit(world, async (page) => {
      await page.waitForTimeout(300);
      assert.equal(await scene(page, "double-click").getAttribute("aria-busy"), null, "not before it is seen");
      await scene(page, "double-click").locator(".lanes").scrollIntoViewIfNeeded();
      await page.waitForSelector("#double-click[aria-busy]");
      await settled(page, "double-click");
      assert.deepEqual(await totals(world, page, "double-click"), [2, 1]);
      await page.evaluate(() => scrollTo(0, 0));
      await scene(page, "double-click").locator(".lanes").scrollIntoViewIfNeeded();
      await page.waitForTimeout(300);
      assert.equal(await scene(page, "double-click").getAttribute("aria-busy"), null);
    }, MOTION);
    await visit(world, async (page) => {
      await scene(page, "double-click").locator(".lanes").scrollIntoViewIfNeeded();
      await page.waitForTimeout(500);
      assert.equal(await scene(page, "double-click").getAttribute("aria-busy"), null);
    });
  });

  for (const profile of [{}, { viewport: { width: 360, height: 740 } }]) {
    test(`nothing jumps, while it loads and while scenes run (${profile.viewport?.width ?? 1280} wide)`, () =>
      visit(world, async (page) => {
        await page.reload();
        await page.waitForSelector("html[data-ready]");
        await page.getByRole("button", { name: "Run all six" }).click();
        await page.waitForSelector("#all:text-is('Stop')");
        await page.waitForSelector("#all:text-is('Run all six')", { timeout: 60_000 });
        const shifts = await page.evaluate(() => new Promise((resolve) => {
          new PerformanceObserver((list) => resolve(list.getEntries().filter(({ hadRecentInput }) => !hadRecentInput).map(({ value, sources }) => ({ value, nodes: sources.map(({ node }) => node?.outerHTML?.slice(0, 80)) })))).observe({ type: "layout-shift", buffered: true });
          setTimeout(resolve, 500, []);
        }));
        const sum = shifts.reduce((total, { value }) => total + value, 0);
        assert.ok(sum < MAX_SHIFT, `${sum}: ${JSON.stringify(shifts, null, 1)}`);
      }, { ...profile, ...MOTION }));
  }

  test("an address with a scene's name leads there", () =>
    visit(world, async (page) => {
      const top = await page.waitForFunction(() => {
        const { top } = document.getElementById("unknown").getBoundingClientRect();
        return Math.abs(top) < 200 && top;
      });
      assert.ok(top);
    }, { path: "#unknown" }));

  test("what can be copied is copied, and every link leads somewhere", () =>
    visit(world, async (page, context) => {
      await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: world.guard });
      await page.getByRole("button", { name: "Copy: start it in front of your API" }).click();
      assert.equal(await page.evaluate(() => navigator.clipboard.readText()), "ORIGIN=http://127.0.0.1:9100 npm start");
      const links = await page.locator("a[href]").evaluateAll((links) => [...new Set(links.map(({ href }) => href.split("#")[0]))]);
      for (const name of ["README", "DEPLOYMENT", "client/README", "LICENSE-MIT", "LICENSE-APACHE"]) assert.ok(links.some((link) => link.includes(name)), name);
      const seen = new Set();
      for (const link of links.filter((link) => link.startsWith(world.guard))) await follow(link, seen);
      assert.ok(seen.size > 10);
    }));

  test("what the page prints for a browser runs as it is printed, and once for one order", () =>
    visit(world, async (page) => {
      const sample = (await page.locator("#use-key").textContent()).replace(/^await /m, "window.answer = await ");
      const answers = [];
      for (let time = 0; time < 2; time += 1) {
        await page.evaluate(() => delete window.answer);
        await page.addScriptTag({ type: "module", content: `const order = { item: "tea", quantity: 1, price_cents: 450, key: "sample-of-the-page" };\n${sample}` });
        await page.waitForFunction(() => window.answer);
        answers.push(await page.evaluate(async () => [answer.status, answer.headers.get("idempotency-replayed"), await answer.text()]));
      }
      const [first, again] = answers;
      assert.deepEqual(first.slice(0, 2), [201, null], first[2]);
      assert.deepEqual(again, [201, "true", first[2]]);
    }));

  test("the pages of the demo say what they are when they are opened by themselves", () =>
    visit(world, async (page, context) => {
      const alone = await context.newPage();
      const errors = [];
      alone.on("pageerror", (error) => errors.push(error.message));
      await alone.goto(`${world.guard}/queue.html`);
      await alone.getByText("By itself it does nothing.").waitFor();
      await alone.getByRole("link", { name: "Scene 4 is here" }).click();
      await alone.waitForSelector("html[data-ready]");
      assert.equal(new URL(alone.url()).hash, "#offline-queue");
      assert.deepEqual(errors, []);
      await run(page, "double-click");
    }));
}

// The documents link to each other, so they are all seen.
async function follow(link, seen) {
  if (seen.has(link)) return;
  seen.add(link);
  const answer = await fetch(link);
  assert.equal(answer.status, 200, link);
  if (!link.includes("/docs/") || !answer.headers.get("content-type").startsWith("text/html")) return;
  for (const [, href] of (await answer.text()).matchAll(/<a href="([^"#]+)/g)) {
    const next = new URL(href, answer.url).href;
    if (next.startsWith(new URL(link).origin)) await follow(next, seen);
  }
}
