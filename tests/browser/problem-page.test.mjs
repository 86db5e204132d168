// A form that the browser submits by itself, and a refusal of the guard's as its answer.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { startGuardFor } from "./client/guard.mjs";
import { launchBrowser } from "./fixture.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PHONE = { viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true };

const POLICY = {
  key: "derive",
  // Two submissions of one form are one operation for as long as a test takes.
  derive_window: "10m",
  wait: "1s",
  routes: [{ path: "/strict/**", key: "required" }],
};

let world;

before(async () => {
  const origin = await startOrigin();
  const guard = await startGuardFor(origin.url, POLICY);
  world = { origin, guard, browser: await launchBrowser() };
});

after(async () => {
  await world.browser.close();
  await world.guard.stop();
  await origin().stop();
});

const origin = () => world.origin;

/** A shop whose pages are one form; `received` are the bodies of the orders that reached it. */
async function startOrigin() {
  const received = [];
  let open = () => {};
  const server = createServer(async (request, response) => {
    if (request.method !== "POST") return response.writeHead(200, { "content-type": "text/html" }).end(form(request.url));
    const body = Buffer.concat(await Array.fromAsync(request)).toString();
    received.push(body);
    if (request.url === "/lost") return request.socket.destroy();
    if (request.url === "/slow") await new Promise((resolve) => (open = resolve));
    response.writeHead(200, { "content-type": "text/html" }).end("<title>Bought</title><h1>Bought</h1>");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const stop = () => new Promise((resolve) => (server.closeAllConnections(), server.close(resolve)));
  return { url: `http://127.0.0.1:${server.address().port}`, received, open: () => open(), stop };
}

function form(url) {
  const action = new URL(url, "http://shop").searchParams.get("to");
  return `<!doctype html><html lang="en"><title>Buy</title><form method="post" action="${action}">
    <input name="item" value="tea"><button>Buy</button></form></html>`;
}

/** Opens the form that is sent to `to`, and calls `act(page)`; whatever the browser complains of fails the test. */
async function visit(to, act, profile = {}) {
  const context = await world.browser.newContext(profile);
  await context.addCookies([{ name: "sid", value: `s${Math.random()}`, url: world.guard.url }]);
  const complaints = [];
  try {
    const page = await context.newPage();
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => /Content Security Policy|Refused/.test(message.text()) && complaints.push(message.text()));
    await page.goto(`${world.guard.url}/form?to=${to}&a=1`);
    await act(page, context);
    assert.deepEqual(complaints, []);
  } finally {
    await context.close();
  }
}

/** Presses the button; the answer that the browser shows. */
async function submit(page) {
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.request().isNavigationRequest()),
    page.getByRole("button", { name: "Buy" }).click(),
  ]);
  await page.waitForLoadState();
  return answer;
}

test("a refused form says what happened in words for people, and leads back to the form", () =>
  visit("/strict/orders", async (page) => {
    const answer = await submit(page);
    assert.equal(answer.status(), 400);
    assert.equal((await answer.allHeaders())["cache-status"], "onlyonce; detail=key-missing");
    await page.getByRole("heading", { level: 1, name: "This form could not be accepted" }).waitFor();
    assert.equal(await page.title(), "This form could not be accepted");
    assert.equal(await page.getByText("has no key in Idempotency-Key").isVisible(), false);
    await page.getByText("For those who run this site").click();
    assert.ok(await page.getByText("has no key in Idempotency-Key").isVisible());
    await page.getByRole("link", { name: "Back to the page before" }).click();
    await page.getByRole("button", { name: "Buy" }).waitFor();
    assert.equal(page.url(), `${world.guard.url}/form?to=/strict/orders&a=1`);
    assert.deepEqual(origin().received, []);
  }));

test("after a lost answer it says not to send it again, and a reload sends nothing", () =>
  visit("/lost", async (page) => {
    const before = origin().received.length;
    assert.equal((await submit(page)).status(), 502);
    const heading = page.getByRole("heading", { level: 1, name: "Nobody knows yet whether this was carried out" });
    await heading.waitFor();
    await page.getByText("Do not send it again.").waitFor();
    await page.reload();
    await heading.waitFor();
    assert.equal(origin().received.length, before + 1);
  }));

test("while the first is at work it says to wait, and the reload shows its answer", () =>
  visit("/slow", async (page, context) => {
    const before = origin().received.length;
    const first = submit(page);
    const second = await context.newPage();
    await second.goto(page.url());
    while (origin().received.length === before) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal((await submit(second)).status(), 409);
    await second.getByRole("heading", { level: 1, name: "This is still being worked on" }).waitFor();
    await second.getByText("say yes: it is carried out once").waitFor();
    origin().open();
    await first;
    await second.reload();
    await second.getByRole("heading", { name: "Bought" }).waitFor();
    assert.equal(origin().received.length, before + 1);
  }));

for (const colorScheme of ["light", "dark"]) {
  test(`axe finds nothing on it, ${colorScheme}`, () =>
    visit("/strict/orders", async (page) => {
      await submit(page);
      await page.getByText("For those who run this site").click();
      await page.evaluate(axe);
      const { violations } = await page.evaluate("axe.run()");
      assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]), []);
    }, { colorScheme }));
}

test("on a phone nothing is wider than the screen", () =>
  visit("/lost", async (page) => {
    await submit(page);
    await page.getByText("For those who run this site").click();
    assert.ok((await page.evaluate("document.documentElement.scrollWidth")) <= 320);
  }, PHONE));

test("the page that explains the codes runs nothing either", () =>
  visit("/strict/orders", async (page) => {
    await page.goto(`${world.guard.url}/.onlyonce/problems#outcome-unknown`);
    await page.evaluate(axe);
    const { violations } = await page.evaluate("axe.run()");
    assert.deepEqual(violations.map(({ id }) => id), []);
    assert.equal(await page.evaluate("getComputedStyle(document.body).maxWidth"), "640px");
  }));
