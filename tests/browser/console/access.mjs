// The console for everybody: axe, keyboard, screen reader, phone, dark.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { CONSOLE_TOKEN } from "../fixture.mjs";
import { focused, loaded, send, visit } from "./visit.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

export function testAccess(world) {
  for (const [name, profile] of Object.entries({ light: { colorScheme: "light" }, dark: { colorScheme: "dark" }, "a phone": PHONE })) {
    test(`axe finds nothing in any view, and nothing is wider than the screen: ${name}`, () =>
      // axe is no script of the page's own.
      visit(world, (page) => tour(world, page), { ...profile, token: null, bypassCSP: true }));
  }

  test("all of it works by keyboard, and the focus goes where one looks", async () => {
    const { id } = await send(world, "/payments/keys/lost");
    await visit(world, async (page) => {
      await page.locator("input[type=password]:focus").waitFor();
      await page.keyboard.type("wrong");
      await page.keyboard.press("Enter");
      await page.getByText("That is not the token").waitFor();
      assert.equal(await page.evaluate(() => document.activeElement.type), "password");
      await page.keyboard.type(CONSOLE_TOKEN);
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "Unknown outcomes" }).waitFor();
      assert.equal(await focused(page), "Unknown outcomes");
      await loaded(page);
      await tabTo(page, `a[href="#record/${id}"]`);
      await page.keyboard.press("Enter");
      await page.locator(".timeline").waitFor();
      assert.match(await focused(page), /^Record /);
      await tabTo(page, "button", "It was not processed…");
      await page.keyboard.press("Enter");
      assert.equal(await focused(page), "Leave it unknown");
      await page.keyboard.press("Tab");
      assert.equal(await focused(page), "Free the key");
      await page.keyboard.press("Enter");
      await page.getByText("Resolved as not processed").waitFor();
      assert.match(await focused(page), /^Resolved/);
    }, { token: null });
  });

  test("the first Tab offers to skip what stands above, without leaving the view", () =>
    visit(world, async (page) => {
      await page.locator(".skip").focus();
      await page.keyboard.press("Enter");
      assert.equal(await page.evaluate(() => document.activeElement.id), "main");
      assert.match(page.url(), /console#search$/);
      await page.getByRole("heading", { name: "Search" }).waitFor();
    }, { hash: "#search" }));

  test("who turns a page stays at the list, and hears what is on it", () =>
    visit(world, async (page) => {
      await loaded(page);
      await page.getByRole("button", { name: "Older" }).focus();
      await page.keyboard.press("Enter");
      await loaded(page);
      assert.equal(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), "Unknown outcomes");
      assert.match((await page.locator("#live").textContent()).replaceAll("\u00a0", " "), /^50 unknown outcomes, page 2; more follow\.$/);
    }));
}

async function tour(world, page) {
  const { id } = await send(world, "/payments/tour");
  await page.getByLabel("Operator’s token").waitFor();
  await check(page, "sign-in");
  await page.getByLabel("Operator’s token").fill("wrong");
  await page.keyboard.press("Enter");
  await page.getByText("That is not the token").waitFor();
  await check(page, "sign-in, refused");
  await page.getByLabel("Operator’s token").fill(CONSOLE_TOKEN);
  await page.keyboard.press("Enter");
  await page.locator("a.record").first().waitFor();
  await check(page, "list");
  await page.getByRole("link", { name: "Last hour" }).click();
  await page.locator("table").waitFor();
  await check(page, "last hour");
  await page.getByRole("link", { name: "Search" }).click();
  await page.getByRole("button", { name: "Add a source" }).click();
  await check(page, "search");
  await page.evaluate((id) => (location.hash = `#record/${id}`), id);
  await page.locator(".timeline").waitFor();
  await page.getByRole("button", { name: /^Show the body/ }).click();
  await page.locator("pre.body").waitFor();
  for (const summary of await page.locator("summary").all()) await summary.click();
  await check(page, "record");
  await page.getByRole("button", { name: "Forget this key…" }).click();
  await check(page, "dialog");
}

async function check(page, view) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).slice(0, 3).join(" ")}`), [], view);
  // Not the window's own width: a phone's grows with what is too wide.
  const [wide, screen] = [await page.evaluate(() => document.documentElement.scrollWidth), page.viewportSize().width];
  assert.ok(wide <= screen, `${view}: ${wide} of ${screen}`);
}

async function tabTo(page, selector, text = "") {
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press("Tab");
    const there = ([selector, text]) => document.activeElement.matches(selector) && document.activeElement.textContent.includes(text);
    if (await page.evaluate(there, [selector, text])) return;
  }
  throw new Error(`Tab does not reach ${selector} ${text}.`);
}
