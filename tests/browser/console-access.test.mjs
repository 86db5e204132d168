// The operator's console behind Cloudflare Access: nobody is asked for a token, everybody sees who they are, and who may
// only read has nothing to press. What was changed is asked of the guard's log and of the API, never of the page.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, test } from "node:test";
import { startBehindAccess } from "./fixture.mjs";
import { whatHappened } from "./console/record.mjs";
import { focused, loaded, send } from "./console/visit.mjs";

const world = await startBehindAccess();
after(world.stop);

/** Calls `act(page, context)` on the console, in whose browser somebody has signed in to Access. */
async function visit(email, hash, act) {
  const context = await world.browser.newContext({ viewport: { width: 1200, height: 900 } });
  const errors = [];
  try {
    const page = await context.newPage();
    page.on("pageerror", (error) => errors.push(error.message));
    await world.access.signIn(context, email);
    await page.goto(`${world.access.url}/.onlyonce/console${hash}`);
    await act(page, context);
    assert.deepEqual(errors, []);
  } finally {
    await context.close();
  }
}

const acts = () => world.log.filter((line) => line.includes('"outcome":"operator"'));

async function logged(id, operator) {
  const deadline = Date.now() + 10_000;
  while (!acts().some((line) => line.includes(id.slice(0, 16)) && line.includes(`"operator":"${operator}"`))) {
    assert.ok(Date.now() < deadline, acts().join("\n"));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test("who is on the list acts without a token, and the log has the name", async () => {
  const { id, key } = await send(world, "/payments/lost");
  await visit("alice@acme.com", "", async (page) => {
    await page.locator(`a[href="#record/${id}"]`).click();
    await page.locator(".timeline").waitFor();
    assert.equal(await page.locator("#who").textContent(), "alice@acme.com");
    assert.equal(await page.getByLabel("Operator’s token").count(), 0);
    await page.getByRole("button", { name: "It was not processed…" }).click();
    await page.getByRole("button", { name: "Free the key" }).click();
    await page.getByText("Resolved as not processed").waitFor();
    assert.match(await focused(page), /^Resolved/);
  });
  await logged(id, "alice@acme.com");
  const before = world.executed.length;
  await send(world, "/payments/lost", key);
  assert.equal(world.executed.length, before + 1);
});

test("who is not on the list reads everything, and has nothing to press", async () => {
  const { id } = await send(world, "/payments/held-by-nobody");
  await visit("bob@acme.com", `#record/${id}`, async (page) => {
    await page.locator(".timeline").waitFor();
    assert.equal(await page.locator("#who").textContent(), "bob@acme.com, reading only");
    await page.getByText("You are bob@acme.com, who may read and not act.").waitFor();
    for (const name of [/not processed/, /Forget/, /Give this answer/]) assert.equal(await page.getByRole("button", { name }).count(), 0);
    assert.equal(await page.getByText("It was processed").count(), 0);
    await page.getByRole("button", { name: /^Show the body/ }).click();
    await page.locator("pre.body").waitFor();
    await page.getByRole("link", { name: "Last hour" }).click();
    await page.locator("table").waitFor();
    // Nor does what the page could have sent do anything.
    const refused = await page.evaluate(async (id) => {
      const answer = await fetch(`/.onlyonce/records/${id}`, { method: "DELETE" });
      return [answer.status, (await answer.json()).error];
    }, id);
    assert.deepEqual(refused, [403, "read-only"]);
    await page.goBack();
    await page.locator(".timeline").waitFor();
    assert.match((await whatHappened(page)).join(), /Now: unknown/);
  });
});

test("a page of another origin cannot have an operator's browser act", async () => {
  const { id } = await send(world, "/payments/foreign/lost");
  const foreign = createServer((request, response) => response.writeHead(200, { "content-type": "text/html" }).end("<h1>Foreign</h1>"));
  await once(foreign.listen(0, "127.0.0.1"), "listening");
  try {
    await visit("alice@acme.com", "", async (page) => {
      await loaded(page);
      const claim = await page.evaluate(async (id) => (await (await fetch(`/.onlyonce/records/${id}`)).json()).claim, id);
      // Another port is another origin, and the same site: the browser sends the cookie along.
      await page.goto(`http://127.0.0.1:${foreign.address().port}/`);
      const answered = page.waitForResponse((response) => response.url().endsWith("/resolve"));
      await page.evaluate(([url, claim]) => fetch(url, { method: "POST", mode: "no-cors", credentials: "include", body: JSON.stringify({ claim, outcome: "not-processed" }) }), [`${world.access.url}/.onlyonce/records/${id}/resolve`, claim]);
      // Without the cookie it would have been led to the sign-in page.
      assert.equal((await answered).status(), 403);
      // With the same words the guard's own page is heard.
      await page.goto(`${world.access.url}/.onlyonce/console#record/${id}`);
      await page.locator(".timeline").waitFor();
      assert.match((await whatHappened(page)).join(), /Now: unknown/);
      const own = await page.evaluate(async ([id, claim]) => (await fetch(`/.onlyonce/records/${id}/resolve`, { method: "POST", body: JSON.stringify({ claim, outcome: "not-processed" }) })).status, [id, claim]);
      assert.equal(own, 200);
    });
  } finally {
    foreign.close().closeAllConnections();
  }
});

test("a session of Access that has ended is said in words, and what was shown goes", async () => {
  const { id } = await send(world, "/payments/ended/lost");
  await visit("alice@acme.com", `#record/${id}`, async (page, context) => {
    await page.locator(".timeline").waitFor();
    await context.clearCookies();
    await page.getByRole("button", { name: "Look again" }).click();
    await page.getByText("as Cloudflare Access does where it wants you to sign in. Load this page again. Nothing was lost.").waitFor();
    assert.equal(await page.locator(".timeline, .id").count(), 0);
    await page.reload();
    await page.getByRole("heading", { name: "Sign in to acme" }).waitFor();
  });
});

test("an assertion that has expired is told from a token that is wrong", () =>
  visit("alice@acme.com", "", async (page, context) => {
    await loaded(page);
    await world.access.signIn(context, "alice@acme.com", -60);
    await page.getByRole("link", { name: "Last hour" }).click();
    await page.getByText("The guard says: the Access assertion has expired; sign in to Access again.").waitFor();
    assert.equal(await page.locator("table").count(), 0);
    await page.reload();
    await page.getByText("the Access assertion has expired").waitFor();
  }));

test("signing out ends Access's own session", () =>
  visit("bob@acme.com", "", async (page) => {
    await loaded(page);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Signed out of acme" }).waitFor();
    await page.goto(`${world.access.url}/.onlyonce/console`);
    await page.getByRole("heading", { name: "Sign in to acme" }).waitFor();
  }));

test("where the guard is met past Access, nobody is signed in", async () => {
  const context = await world.browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(`${world.guard}/.onlyonce/console`);
    await page.getByText("The guard says: the request names no operator; come through the Access application in front of this path").waitFor();
    await page.getByLabel("Operator’s token").waitFor();
  } finally {
    await context.close();
  }
});
