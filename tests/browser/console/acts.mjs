// Resolve and forget: the second look, what it says, and what became of the key.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, focused, held, loaded, recordOf, send, visitRecord } from "./visit.mjs";
import { whatHappened } from "./record.mjs";

export function testActs(world) {
  test("not processed: the second look changes nothing, the act frees the key", async () => {
    const { id, key } = await send(world, "/payments/act/lost");
    await visitRecord(world, id, async (page) => {
      const opener = page.getByRole("button", { name: "It was not processed…" });
      await opener.click();
      const dialog = page.getByRole("dialog", { name: "Say that it was not processed?" });
      assert.match(await dialog.textContent(), /POST on \/payments\/\*\*.*The key is free at once.*a customer may pay twice/);
      assert.equal(await focused(page), "Leave it unknown");
      await page.keyboard.press("Escape");
      assert.equal(await dialog.count(), 0);
      assert.equal(await focused(page), "It was not processed…");
      assert.equal((await recordOf(world, id)).state, "unknown");

      await opener.click();
      await page.getByRole("button", { name: "Free the key" }).click();
      await page.getByText("Resolved as not processed").waitFor();
      assert.match(await focused(page), /^Resolved as not processed/);
      assert.deepEqual(await whatHappened(page), ["Now: no record"]);
    });
    const before = world.executed.length;
    await send(world, "/payments/act/lost", key);
    assert.equal(world.executed.length, before + 1);
  });

  test("an answer that an operator gives is what retries get, and the record says whose it is", async () => {
    const { id, key } = await send(world, "/payments/act");
    await visitRecord(world, id, async (page) => {
      await page.getByText("It was processed: give the answer…").click();
      await page.getByLabel("Status").fill("201");
      await page.getByLabel("Headers").fill("content-type: application/json\nx-found no");
      await page.getByLabel("Body").fill('{"payment":"ü"}');
      await page.getByRole("button", { name: "Give this answer…" }).click();
      await page.getByText("“x-found no” is no header").waitFor();
      await page.getByLabel("Headers").fill("content-type: application/json\nx-found: ledger:7");
      await page.getByRole("button", { name: "Give this answer…" }).click();
      const dialog = page.getByRole("dialog", { name: "Give every retry this answer?" });
      assert.match((await dialog.textContent()).replaceAll("\u00a0", " "), /status 201, 2 headers and 16 bytes of body/);
      assert.equal(await focused(page), "Leave it unknown");
      await page.getByRole("button", { name: "Give this answer", exact: true }).click();
      await page.getByText("every retry gets the answer that you gave").waitFor();
      assert.match((await whatHappened(page)).join(), /Resolved by an operator,.*Now: done/);
    });
    const before = world.executed.length;
    const retry = await send(world, "/payments/act", key);
    assert.equal(world.executed.length, before);
    assert.deepEqual([retry.status, retry.text, retry.headers.get("x-found")], [201, '{"payment":"ü"}', "ledger:7"]);
  });

  test("forget: the record is forgotten, and shown so", async () => {
    const { id } = await send(world, "/payments/act/done");
    await visitRecord(world, id, async (page) => {
      await page.getByRole("button", { name: "Forget this key…" }).click();
      const dialog = page.getByRole("dialog", { name: "Forget this key?" });
      assert.match(await dialog.textContent(), /If this operation was carried out, it is carried out again/);
      assert.equal(await focused(page), "Keep the record");
      await page.getByRole("button", { name: "Forget the key" }).click();
      await page.getByText("the key is free again in about two minutes").waitFor();
      assert.equal((await whatHappened(page))[0], "Now: forgotten");
    });
    assert.equal((await recordOf(world, id)).state, "forgotten");
  });

  test("what the record's state refuses is said in words, and nothing is changed", async () => {
    const { id, answer } = await held(world);
    await visitRecord(world, id, async (page) => {
      await page.getByRole("button", { name: "Forget this key…" }).click();
      await page.getByRole("button", { name: "Forget the key" }).click();
      await page.getByText("Nothing was changed: a call to the origin is still open.").waitFor();
      assert.equal(await page.getByRole("button", { name: "Forget the key" }).count(), 0);
      assert.equal(await focused(page), "Close");
      await page.keyboard.press("Enter");
      assert.equal(await page.getByRole("dialog").count(), 0);
    });
    world.open();
    assert.equal((await answer).status, 201);
  });

  test("what somebody else has resolved meanwhile is not resolved again", async () => {
    const { id } = await send(world, "/payments/act/lost");
    await visitRecord(world, id, async (page) => {
      await page.getByRole("button", { name: "It was not processed…" }).click();
      const { claim } = await recordOf(world, id);
      await ask(world, `records/${id}/resolve`, { method: "POST", body: JSON.stringify({ claim, outcome: "answer", status: 204 }) });
      await page.getByRole("button", { name: "Free the key" }).click();
      await page.getByText("Nothing was changed: the outcome is not unknown under this claim any more.").waitFor();
      await page.getByRole("button", { name: "Close" }).click();
      await page.getByRole("button", { name: "Look again" }).click();
      await loaded(page);
      assert.match((await whatHappened(page)).join(), /Resolved by an operator/);
    });
  });
}
