// Where the token, a key and a credential never are, and what the page cannot be made to do.

import assert from "node:assert/strict";
import { test } from "node:test";
import { CONSOLE_TOKEN } from "../fixture.mjs";
import { CALLER, send, visit } from "./visit.mjs";

export function testSecrecy(world) {
  test("after use nothing is stored, and no address, header or element holds the token or a key", async () => {
    const { key } = await send(world, "/payments/secret/lost");
    const urls = [];
    const before = (page) => page.on("request", (request) => urls.push(request.url()));
    await visit(world, async (page, context) => {
      await page.getByRole("link", { name: "Search" }).click();
      await page.getByLabel("Value").fill(CALLER);
      await page.getByLabel("Idempotency key").fill(key);
      await page.getByRole("button", { name: "Find the record" }).click();
      await page.locator(".timeline").waitFor();
      await page.getByRole("button", { name: "It was not processed…" }).click();
      await page.getByRole("button", { name: "Free the key" }).click();
      await page.getByText("Resolved as not processed").waitFor();
      await page.getByRole("link", { name: "Last hour" }).click();
      await page.locator("table").waitFor();
      const kept = await page.evaluate(async () => ({
        local: { ...localStorage }, session: { ...sessionStorage }, cookie: document.cookie, name: window.name, state: history.state,
        databases: await indexedDB.databases(), caches: await caches.keys(), document: document.documentElement.outerHTML,
        fields: [...document.querySelectorAll("input, textarea")].map(({ value }) => value),
      }));
      const { document, ...stored } = kept;
      assert.deepEqual(stored, { local: {}, session: {}, cookie: "", name: "", state: null, databases: [], caches: [], fields: [] });
      assert.deepEqual(await context.cookies(), []);
      for (const secret of [CONSOLE_TOKEN, key, CALLER]) {
        assert.ok(!document.includes(secret), secret);
        assert.ok(urls.every((url) => !decodeURIComponent(url).includes(secret)), secret);
      }
    }, { before });
  });

  test("a page that is left or loaded again knows no token", () =>
    visit(world, async (page) => {
      await page.goto("about:blank");
      await page.goBack();
      await page.getByLabel("Operator’s token").waitFor();
      assert.equal(await page.getByLabel("Operator’s token").inputValue(), "");
      assert.equal(await page.locator("a.record").count(), 0);
    }));

  test("signing out leaves nothing of what was shown", () =>
    visit(world, async (page) => {
      await page.locator("a.record").first().waitFor();
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.getByText("You are signed out.").waitFor();
      assert.equal(await page.locator("a.record").count(), 0);
      await page.evaluate(() => (location.hash = "#outcomes"));
      await page.getByLabel("Operator’s token").waitFor();
    }));

  test("a planted script does not run, text makes no markup, and nothing leaves for elsewhere", async () => {
    const context = await world.browser.newContext();
    try {
      const page = await context.newPage();
      await page.route("**/.onlyonce/console", plantInline);
      await page.goto(`${world.guard}/.onlyonce/console`);
      const found = await page.evaluate(async (elsewhere) => {
        const blocked = [];
        addEventListener("securitypolicyviolation", ({ effectiveDirective }) => blocked.push(effectiveDirective));
        const plant = (tag, attributes) => document.body.append(Object.assign(document.createElement(tag), attributes));
        plant("img", { src: `${elsewhere}/image.png` });
        plant("iframe", { src: elsewhere });
        const refused = (act) => {
          try {
            return act(), null;
          } catch (error) {
            return error.name;
          }
        };
        const markup = refused(() => (document.body.innerHTML += "<img src=x onerror='window.ran = true'>"));
        // Behind the turn of the debugger, which may run text.
        const code = await new Promise((resolve) => setTimeout(() => resolve(refused(() => new Function("window.ran = true")()))));
        const sent = await fetch(elsewhere).then(() => "sent", (error) => error.name);
        await new Promise((resolve) => setTimeout(resolve, 200));
        return { ran: window.ran ?? false, markup, code, sent, blocked: [...new Set(blocked)].sort() };
      }, "http://127.0.0.1:9");
      assert.equal(found.ran, false);
      assert.equal(found.markup, "TypeError");
      assert.match(found.code, /^(EvalError|TypeError)$/);
      assert.equal(found.sent, "TypeError");
      for (const directive of ["connect-src", "frame-src", "img-src", "require-trusted-types-for"]) assert.ok(found.blocked.includes(directive), `${directive} in ${found.blocked}`);
    } finally {
      await context.close();
    }
  });

  test("no page that opened it reaches into it, of the same origin either", async () => {
    const context = await world.browser.newContext();
    try {
      const page = await context.newPage();
      await page.goto(`${world.guard}/.onlyonce/problems`);
      const opened = context.waitForEvent("page");
      await page.evaluate(() => void (window.console_ = open("/.onlyonce/console")));
      await (await opened).getByLabel("Operator’s token").waitFor();
      assert.equal(await page.evaluate(() => window.console_.closed), true);
    } finally {
      await context.close();
    }
  });
}

// The page as the guard serves it, with a script in it that is not the page's own.
async function plantInline(route) {
  const response = await route.fetch();
  const page = await response.text();
  await route.fulfill({ response, body: page.replace("</main>", "</main><script>window.ran = true</script>") });
}
