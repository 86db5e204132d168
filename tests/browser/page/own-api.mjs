// The page beside a guard in front of somebody's own API: its bench, and nothing that the visitor did
// not send.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startOwnApi } from "../fixture.mjs";
import { violations } from "./access.mjs";
import { visit } from "./visit.mjs";

export function testOwnApi(world) {
  test("an API of one's own gets what the visitor sends, once, and nothing else of the page", async () => {
    const own = await startOwnApi();
    try {
      await visit(world, async (page) => {
        assert.equal(await page.getByLabel("URL").inputValue(), `${own.guard}/`);
        await page.getByLabel("URL").fill(`${own.guard}/payments`);
        await page.getByRole("button", { name: "Send", exact: true }).click();
        const caption = page.locator(".run:not([aria-busy]) .caption");
        await caption.waitFor();
        assert.match(await caption.textContent(), /^2 sent: 1 sent on to the API, 1 (waited for it|got the stored answer).* The edge named the record as computed here\.$/);
        assert.deepEqual(await violations(page), []);
        await page.getByRole("link", { name: "Configuration" }).click();
        await page.getByRole("heading", { name: "Configuration", level: 1 }).waitFor();
        assert.deepEqual(own.seen, ["POST /payments"]);
      }, { address: own.guard, path: ".onlyonce/page/" });
    } finally {
      await own.stop();
    }
  });
}
