// The client in Firefox: what browsers do each in their own way. Reload keeps what was entered and
// pressed, Back may bring a page back alive, forms are sent natively, and IndexedDB and locks are
// others. Skipped, with a word, where there is no Firefox.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { firefoxIsMissing, startFirefox } from "./firefox.mjs";
import { startFormShop } from "./form-shop.mjs";
import { startGuardFor } from "./guard.mjs";
import { pause, until } from "./stage.mjs";

describe("Firefox", { skip: firefoxIsMissing }, () => {
  let shop, guard, firefox;
  before(async () => {
    shop = await startFormShop();
    guard = await startGuardFor(shop.url, { key_from: ["header:idempotency-key", "form:idempotency-key"] });
    firefox = await startFirefox();
  });
  after(async () => {
    await firefox?.stop();
    await guard?.stop();
    await shop?.stop();
  });

  test("a double click is one purchase; Back, and pressed again the same page is shown", () =>
    onForm("then=created&delay=300", async ({ tab, bought }) => {
      await tab.click("button", 2);
      await shows(tab, "Bought");
      assert.equal(bought().length, 1);
      assert.match(bought()[0].key, /^[0-9a-f-]{36}$/);
      await back(tab);
      await says(tab, /^Sent\./);
      assert.equal(await isDisabled(tab), false);
      await tab.click("button");
      await shows(tab, "Bought");
      assert.equal(bought().length, 1);
    }));

  test("402, its page with the script: Back, and the next press is a new attempt", () =>
    onForm("then=declined&site", async ({ tab, bought }) => {
      await tab.click("button");
      await shows(tab, "Declined");
      await back(tab);
      await tab.click("button");
      await shows(tab, "Bought");
      assert.equal(new Set(bought().map(({ key }) => key)).size, 2);
    }));

  test("303 to the form's own page: the next press is another purchase", () =>
    onForm("then=same", async ({ tab, bought }) => {
      for (const count of [1, 2]) {
        const loaded = await tab.evaluate(() => performance.timeOrigin);
        await tab.click("button");
        await until(() => tab.evaluate((loaded) => performance.timeOrigin !== loaded && document.readyState === "complete", loaded).catch(() => false), "the page is loaded again");
        assert.equal(bought().length, count);
      }
      assert.equal(new Set(bought().map(({ key }) => key)).size, 2);
    }));

  test("reloaded in mid-submission, with the button disabled: it can be pressed, and is the same purchase", () =>
    onForm("then=created&delay=3000", async ({ tab, bought }) => {
      await tab.click("button");
      await until(() => bought().length === 1, "the first has arrived");
      assert.equal(await isDisabled(tab), true);
      await tab.reload();
      await says(tab, /^Perhaps carried out\./);
      assert.equal(await isDisabled(tab), false);
      await tab.click("button");
      await shows(tab, "Bought");
      assert.equal(bought().length, 1);
    }));

  test("guardForm: reloaded in mid-submission it can be pressed, and is the same purchase", () =>
    onForm("then=text&delay=3000", async ({ tab, bought }) => {
      await tab.evaluate(guardInPage);
      await tab.click("button");
      await until(() => bought().length === 1, "the first has arrived");
      assert.equal(await isDisabled(tab), true);
      await tab.reload();
      await tab.evaluate(guardInPage);
      assert.deepEqual(await tab.evaluate(() => window.states), ["unknown"]);
      assert.equal(await isDisabled(tab), false);
      await tab.click("button");
      await until(() => tab.evaluate(() => window.states.at(-1) === "final"), "the answer is there");
      assert.equal(bought().length, 1);
    }, "/plain"));

  test("the outbox: 1000 items of 64 KB within 5 s, another tab's upgrade, and each is sent once", () =>
    onForm("then=text", async ({ tab, bought, id }) => {
      const ms = await tab.evaluate(async () => {
        const { Outbox } = await import("/client/index.js");
        window.outbox = new Outbox({ name: "many", health: "/nowhere", onProblem() {} });
        const started = performance.now();
        for (let number = 0; number < 1000; number++) await outbox.enqueue("/buy", { method: "POST", body: "x".repeat(64 * 1024) });
        return Math.round(performance.now() - started);
      });
      console.log(`1000 items of 64 KB: ${ms} ms`);
      assert.ok(ms <= 5_000, `${ms} ms`);
      const states = await tab.evaluate(async (url) => {
        const { Outbox } = await import("/client/index.js");
        window.outbox = new Outbox({ name: "few" });
        await outbox.enqueue(url, { method: "POST", body: "1" });
        await new Promise((resolve) => (indexedDB.open(outbox.name, 7).onsuccess = ({ target }) => (target.result.close(), resolve())));
        await outbox.enqueue(url, { method: "POST", body: "2" });
        await outbox.flush();
        return (await outbox.items()).map(({ state, durable }) => [state, durable]);
      }, `/buy?then=text&for=${id}`);
      assert.deepEqual(states, [["synced", true], ["synced", true]]);
      assert.deepEqual(bought().map(({ body }) => body), ["1", "2"]);
    }));

  async function onForm(query, act, path = "/form") {
    const id = randomUUID();
    const tab = await firefox.newTab(`${guard.url}${path}?for=${id}&${query}`);
    try {
      await act({ tab, id, bought: () => shop.ledger.filter((entry) => entry.for === id) });
    } finally {
      await tab.close();
    }
  }
});

async function guardInPage() {
  const { guardForm } = await import("/client/index.js");
  window.states = [];
  window.guarded = guardForm(document.forms[0], { onState: ({ state }) => states.push(state) });
}

function shows(tab, title) {
  return until(() => tab.evaluate((title) => document.querySelector("h1")?.textContent === title && document.readyState === "complete", title).catch(() => false), title);
}

function says(tab, pattern) {
  return until(async () => pattern.test(await tab.evaluate(() => document.querySelector("[role=status]").textContent)), `the status says ${pattern}`);
}

async function back(tab) {
  await tab.back();
  await until(() => tab.evaluate(() => document.forms.length === 1).catch(() => false), "the form is back");
  await pause(200);
}

function isDisabled(tab) {
  return tab.evaluate(() => document.querySelector("button").disabled);
}
