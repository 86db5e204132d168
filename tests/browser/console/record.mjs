// One record: what happened to it, its answer, and what the page makes of what it does not know.

import assert from "node:assert/strict";
import { test } from "node:test";
import { held, loaded, send, visitRecord } from "./visit.mjs";

export function testRecord(world) {
  test("an unknown outcome's time line tells what happened, in its order", async () => {
    const { id, key } = await send(world, "/payments/1");
    await send(world, "/payments/1", key);
    await visitRecord(world, id, async (page) => {
      const titles = await whatHappened(page);
      assert.deepEqual(titles, ["Claimed, and sent to the origin", "The origin answered 500", "Became unknown", "Duplicates", "Now: unknown", "The window ends"]);
      assert.match(await page.locator(".timeline").textContent(), /1 got the stored answer/);
      const exact = await page.locator(".timeline time").first().getAttribute("datetime");
      assert.match(exact, /^20\d\d-\d\d-\d\dT[\d:.]+Z$/);
    });
  });

  test("an answer's body is shown only when it is asked for, and as text whatever it is", async () => {
    const { id } = await send(world, "/payments/1/done");
    await visitRecord(world, id, async (page) => {
      assert.deepEqual(await whatHappened(page), ["Claimed, and sent to the origin", "The origin answered 201", "No duplicate seen", "Now: done", "The window ends"]);
      assert.doesNotMatch(await page.locator("main").textContent(), /planted/);
      await page.getByRole("button", { name: /^Show the body \(\d+\sbytes\)$/ }).click();
      await page.locator("pre.body").waitFor();
      assert.equal(await page.locator("pre.body").textContent(), "<b id=planted>done</b><script>document.title='ran'</script>");
      assert.equal(await page.locator("#planted").count(), 0);
      assert.match(await page.title(), /console$/);
    });
  });

  test("a record that the guard does not have is none", async () => {
    const id = "0".repeat(64);
    await visitRecord(world, id, async (page) => {
      assert.deepEqual(await whatHappened(page), ["Now: no record"]);
      assert.equal(await page.getByRole("button", { name: "Forget this key…" }).count(), 0);
    });
  });

  test("what a later guard says besides is told where it is known, and shown where it is not", async () => {
    const { id } = await send(world, "/payments/1/lost");
    const more = {
      unknown_since: new Date().toISOString(),
      settle: { asked: 3, last_asked_at: new Date().toISOString(), said: "absent", status: 404, next_at: new Date(Date.now() + 600_000).toISOString() },
      constellation: "Lyra",
    };
    const before = (page) => page.route(`**/.onlyonce/records/${id}`, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...(await response.json()), ...more } });
    });
    await visitRecord(world, id, async (page) => {
      assert.deepEqual(await whatHappened(page), ["Claimed, and sent to the origin", "Became unknown", "The origin was asked 3 times", "No duplicate seen", "Now: unknown", "The origin is asked again", "The window ends"]);
      await page.getByText("All that the guard says").click();
      await page.getByText('"constellation": "Lyra"').waitFor();
    }, { before });
  });

  test("a call that is open is told, and its late answer is there when somebody looks again", async () => {
    const { id, answer } = await held(world);
    await visitRecord(world, id, async (page) => {
      assert.deepEqual(await whatHappened(page), ["Claimed, and sent to the origin", "No duplicate seen", "Now: in flight", "Deadline", "The window ends"]);
      world.open();
      await answer;
      await page.getByRole("button", { name: "Look again" }).click();
      await loaded(page);
      assert.match((await whatHappened(page)).join(), /The origin answered 201.*Now: done/);
    });
  });
}

export function whatHappened(page) {
  return page.locator(".timeline .what").allTextContents();
}
