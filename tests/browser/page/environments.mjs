// The page in other environments: no guard, no way to the shop, no rules.

import assert from "node:assert/strict";
import { test } from "node:test";
import { run, totals, visit } from "./visit.mjs";

export function testEnvironments(world) {
  test("on the shop’s own address the page says that no guard is there, and both lanes order twice", () =>
    visit(world, async (page) => {
      await page.getByText("This is the shop’s own address").waitFor();
      await run(page, "double-click");
      assert.deepEqual(await totals(world, page, "double-click"), [2, 2]);
    }, { address: world.shop }));

  test("where the shop cannot be reached directly, the other lane sends without a key, and says so", () =>
    visit(world, async (page) => {
      await page.getByText("cannot be reached from this browser").waitFor();
      await run(page, "double-click");
      assert.deepEqual(await totals(world, page, "double-click"), [2, 1]);
    }, { before: (context) => context.route(`${world.shop}/**`, (route) => route.abort()) }));

  test("without the compiled rules the scenes run with the browser’s own keys, and the page says so", () =>
    visit(world, async (page) => {
      await page.getByText("did not load").waitFor();
      await run(page, "double-click");
      assert.deepEqual(await totals(world, page, "double-click"), [2, 1]);
    }, { before: (context) => context.route("**/pkg/*.wasm", (route) => route.fulfill({ status: 404 })), mayWarn: /rules in pkg/ }));
}
