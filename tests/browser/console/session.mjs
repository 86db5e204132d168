// Who is signed in, and for how long: wrong tokens, and what a deployment changes while the page is open.

import assert from "node:assert/strict";
import { test } from "node:test";
import { CONSOLE_TOKEN } from "../fixture.mjs";
import { loaded, rows, send, signIn, visit, visitRecord } from "./visit.mjs";

const OTHER_TOKEN = "another-token-of-the-console";

export function testSession(world) {
  test("without a token, or with a wrong one, nothing is shown", () =>
    visit(world, async (page) => {
      const press = () => page.getByRole("button", { name: "Sign in" }).click();
      await press();
      assert.equal(await page.getByLabel("Operator’s token").evaluate((field) => field.validity.valueMissing), true);
      for (const wrong of ["wrong", `${CONSOLE_TOKEN}x`, "  "]) {
        await page.getByLabel("Operator’s token").fill(wrong);
        await press();
        await page.getByText("That is not the token of this guard.").waitFor();
        assert.equal(await page.getByLabel("Operator’s token").inputValue(), "");
        assert.equal(await page.getByRole("navigation").count(), 0);
      }
      await signIn(page, CONSOLE_TOKEN);
    }, { token: null }));

  test("a link to a record asks for the token first, and leads there then", async () => {
    const { id } = await send(world, "/payments/linked");
    await visitRecord(world, id, async (page) => assert.equal(await page.locator(".id").textContent(), id));
  });

  test("a guard that cannot be reached is said in words, and asked again at a press", () =>
    visit(world, async (page) => {
      await loaded(page);
      await page.route("**/.onlyonce/unknown?*", (route) => route.abort());
      await page.getByRole("button", { name: "Older" }).click();
      await page.getByText("The guard cannot be reached from this browser").waitFor();
      await page.unroute("**/.onlyonce/unknown?*");
      await page.route("**/.onlyonce/unknown?*", (route) => route.fulfill({ status: 503, json: { error: "guard-unavailable", detail: "the record's object could not be reached; ask again in a moment" } }));
      await page.getByRole("button", { name: "Try again" }).click();
      await page.getByText("The guard says: the record's object could not be reached; ask again in a moment.").waitFor();
      await page.unroute("**/.onlyonce/unknown?*");
      await page.getByRole("button", { name: "Try again" }).click();
      await loaded(page);
      assert.equal((await rows(page)).length, 50);
    }));

  test("a token that is revoked while the page is open ends the session, and takes away what was shown", async () => {
    const { id } = await send(world, "/payments/revoked");
    await visitRecord(world, id, async (page) => {
      await page.getByRole("button", { name: "Forget this key…" }).click();
      await world.redeploy(OTHER_TOKEN);
      await page.getByRole("button", { name: "Forget the key" }).click();
      await page.getByText("The guard does not take the token any more").waitFor();
      assert.equal(await page.getByRole("dialog").count(), 0);
      assert.equal(await page.locator(".timeline, .id").count(), 0);
      await signIn(page, OTHER_TOKEN);
      await page.locator(".timeline").waitFor();
      assert.equal(await page.locator(".state").textContent(), "Unknown");

      await world.redeploy(null);
      await page.getByRole("button", { name: "Look again" }).click();
      await page.getByText("the secret ADMIN_TOKEN is not set").waitFor();
      assert.equal(await page.locator(".timeline, .id").count(), 0);
      await page.getByLabel("Operator’s token").fill(OTHER_TOKEN);
      await page.keyboard.press("Enter");
      await page.getByText("This guard has no operator: the secret ADMIN_TOKEN is not set.").waitFor();
      assert.equal((await page.goto(`${world.guard}/.onlyonce/console`)).status(), 404);
    });
  });
}
