// Forms with `data-onlyonce` that the browser submits by itself, in front of an origin that renders
// pages. The table in www/client/README.md ("What a person sees") has a test for each of its rows
// here. What was executed is read from the origin's own ledger.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { after, test } from "node:test";
import { launchBrowser } from "../fixture.mjs";
import { startCuttingProxy } from "./cutting-proxy.mjs";
import { startFormShop } from "./form-shop.mjs";
import { startGuardFor } from "./guard.mjs";
import { startHoldingProxy } from "./holding-proxy.mjs";
import { pause, until } from "./stage.mjs";

const FORM_KEYS = { key_from: ["header:idempotency-key", "form:idempotency-key"] };

/** The guard's pages. */
const UNSURE = "Nobody knows yet whether this was carried out";
const REUSED = "This form was sent before, with other entries";
/** What the form says when somebody wants to start over. */
const FENCED = /^What was sent will not be carried out\./;
const REFUSED = /^What was sent was refused\./;
const DONE = /^It was carried out\..* start over once more\.$/;
const STILL_UNKNOWN = /^It may have been carried out;.* start over once more\.$/;

const shop = await startFormShop();
const guard = await startGuardFor(shop.url, FORM_KEYS);
const checkout = await startCheckout();
const browser = await launchBrowser();
// Browsers keep a page that was left as it is. Playwright turns that off.
const keeping = await launchBrowser(["--disable-back-forward-cache"]);
after(async () => {
  await Promise.all([browser.close(), keeping.close()]);
  await guard.stop();
  await shop.stop();
  checkout.close();
});

test("201 with a page: it is shown; a double click is one purchase, in the bytes of the form itself", () =>
  onForm("then=created&delay=400", async ({ page, bought }) => {
    await page.getByRole("button", { name: "Buy" }).dblclick();
    await shows(page, "Bought");
    const [{ body, type, key }, ...more] = bought();
    assert.deepEqual(more, []);
    const sent = new URLSearchParams(body);
    assert.match(sent.get("idempotency-key"), /^[0-9a-f-]{36}$/);
    assert.equal(key, sent.get("idempotency-key"), "the origin gets it as a header as well");
    assert.deepEqual([sent.get("item"), sent.get("note"), sent.get("via")], ["täglich", "a\r\nb", "button"]);
    assert.equal(type, "application/x-www-form-urlencoded");
  }));

for (const [how, options] of [["loaded again", {}], ["kept alive", { browser: keeping }]]) {
  test(`201, then Back to a page that is ${how}: pressed again the same page is shown, edited it is another purchase`, () =>
    onForm("then=created&site", async ({ page, bought, back }) => {
      await buy(page, "Bought");
      await back();
      await says(page, /^Sent\./);
      await buy(page, "Bought");
      assert.equal(bought().length, 1);
      await back();
      await edit(page);
      await buy(page, "Bought");
      assert.equal(new Set(bought().map(({ key }) => key)).size, 2);
    }, options));
}

// Nobody saw the status: the page had no script, was another site's, the guard's or the browser's.
for (const [what, query, title, told] of [
  ["201, its page without the script", "then=created", "Bought", DONE],
  ["402, its page without the script", "then=declined", "Declined", REFUSED],
  ["500, its page without the script", "then=failed", "Failed", STILL_UNKNOWN],
  ["303 to a page without the script", "then=receipt", "Receipt", DONE],
  ["303 to another site", `then=away&to=${encodeURIComponent(checkout.url)}`, "Checkout", DONE],
  ["an answer that the guard lost", "then=lost", UNSURE, STILL_UNKNOWN],
]) {
  test(`${what}: Back, edited it is refused and nothing is done twice, until somebody starts over`, () =>
    onForm(query, async ({ page, bought, back }) => {
      await buy(page, title);
      await back();
      await says(page, /^Sent\./);
      await buy(page, title);
      await back();
      await edit(page);
      await buy(page, REUSED);
      assert.equal(bought().length, 1);
      await back();
      await startOver(page, told);
      await press(page);
      await until(() => new Set(bought().map(({ key }) => key)).size === 2, "another purchase");
      await leaves(page);
    }));

  test(`${what}: the form opened anew says that nobody knows, and keeps its key, edited or not`, () =>
    onForm(query, async ({ page, open, bought }) => {
      await buy(page, title);
      await open();
      await saysUnknown(page);
      await buy(page, title);
      await open();
      await saysUnknown(page);
      await edit(page);
      await buy(page, REUSED);
      assert.equal(bought().length, 1);
      await open();
      await startOver(page, told);
      await press(page);
      await until(() => new Set(bought().map(({ key }) => key)).size === 2, "another purchase");
      await leaves(page);
    }));
}

test("an answer that the guard lost: by the link on its page the form says that nobody knows, and keeps its key", () =>
  onForm("then=lost", async ({ page, bought }) => {
    await buy(page, UNSURE);
    await page.getByRole("link", { name: "Back to the page before" }).click();
    await saysUnknown(page);
    await buy(page, UNSURE);
    assert.equal(bought().length, 1);
  }));

for (const [what, query, title] of [
  ["201, its page with the script", "then=created&site", "Bought"],
  ["303 to a page with the script", "then=receipt&site", "Receipt"],
]) {
  test(`${what}: the form opened anew is another purchase, whatever else was sent before it`, () =>
    onForm(query, async ({ page, open, bought }) => {
      await buy(page, title);
      await page.goto(page.url().replace(/\/(buy|receipt).*/, `/form?${query}&for=other`));
      await buy(page, title);
      await open();
      await page.waitForFunction(() => document.querySelector("form").submit !== HTMLFormElement.prototype.submit);
      await says(page, /^$/);
      await buy(page, title);
      assert.equal(new Set(bought().map(({ key }) => key)).size, 2);
    }));
}

for (const policy of ["no-referrer", "origin"]) {
  test(`201 under the Referrer-Policy ${policy}: its page is seen all the same`, () =>
    onForm(`then=created&site&referrer=${policy}`, async ({ page, open, bought }) => {
      await buy(page, "Bought");
      await open();
      await says(page, /^$/);
      await buy(page, "Bought");
      assert.equal(bought().length, 2);
    }));
}

for (const name of ["order[_token]", "order[csrf]", "_xsrf", "csrf", "csrf_test_name", "__VIEWSTATE", "__VIEWSTATEGENERATOR", "__EVENTVALIDATION", "javax.faces.ViewState"]) {
  test(`${name}, drawn anew for each load: Back, and the button pressed again is the same purchase`, () =>
    onForm(`then=created&token=${encodeURIComponent(name)}`, async ({ page, bought, back }) => {
      await buy(page, "Bought");
      await back();
      await buy(page, "Bought");
      assert.equal(bought().length, 1);
    }));
}

test("402, its page with the script: Back, and the next press is a new attempt", () =>
  onForm("then=declined&site", async ({ page, bought, back }) => {
    await buy(page, "Declined");
    await back();
    await says(page, /^$/);
    await buy(page, "Bought");
    assert.equal(new Set(bought().map(({ key }) => key)).size, 2);
  }));

test("422 with the form: it is shown with its complaint, mended it is a new attempt", () =>
  onForm("then=invalid&item=", async ({ page, bought }) => {
    await page.getByRole("button", { name: "Buy" }).click();
    await page.getByText("Name an item.").waitFor();
    assert.equal(await page.getByRole("button", { name: "Start over" }).isVisible(), false);
    await page.locator("[name=item]").fill("beans");
    await buy(page, "Bought");
    assert.equal(new Set(bought().map(({ key }) => key)).size, 2);
  }));

test("303 to a page of the same site: it is loaded once, with its message", () =>
  onForm("then=receipt&delay=300", async ({ page, bought }) => {
    const before = shop.views.filter(({ pathname }) => pathname === "/receipt").length;
    await page.getByRole("button", { name: "Buy" }).dblclick();
    await shows(page, "Receipt");
    await page.getByText("Thank you").waitFor();
    assert.equal(shop.views.filter(({ pathname }) => pathname === "/receipt").length - before, 1);
    assert.equal(bought().length, 1);
  }));

test("303 to the form's own page: the next press is another purchase", () =>
  onForm("then=same", async ({ page, bought }) => {
    for (const count of [1, 2, 3]) {
      await Promise.all([page.waitForEvent("domcontentloaded"), page.getByRole("button", { name: "Buy" }).click()]);
      await says(page, /^$/);
      await until(() => bought().length === count, `bought ${count}`);
    }
    assert.equal(new Set(bought().map(({ key }) => key)).size, 3);
  }));

test("303 to another site: the browser lands there", () =>
  onForm(`then=away&to=${encodeURIComponent(checkout.url)}&delay=300`, async ({ page, bought }) => {
    await page.getByRole("button", { name: "Buy" }).dblclick();
    await shows(page, "Checkout");
    assert.equal(page.url(), checkout.url);
    assert.equal(bought().length, 1);
  }));

test("500, its page with the script: it is shown; Back, nobody knows, and the key stays until somebody starts over", () =>
  onForm("then=failed&site", async ({ page, bought, back }) => {
    await buy(page, "Failed");
    await back();
    await says(page, /^Perhaps carried out\./);
    await buy(page, "Failed");
    assert.equal(bought().length, 1);
    await back();
    await says(page, /^Perhaps carried out\./);
    await startOver(page, STILL_UNKNOWN);
    await buy(page, "Failed");
    assert.equal(new Set(bought().map(({ key }) => key)).size, 2);
  }));

test("a lost answer: the browser's own page; Back or opened anew, edited or not, nothing is done twice", async () => {
  const network = await startCuttingProxy(guard.url, { whole: true });
  try {
    await onForm("then=created", async ({ page, open, bought, back }) => {
      await press(page);
      await until(() => page.url().startsWith("chrome-error:"), "the browser says that it got no answer");
      assert.equal(bought().length, 1);
      network.mend();
      await back();
      await says(page, /^Sent\./);
      await edit(page);
      await buy(page, REUSED);
      await open();
      await saysUnknown(page);
      await buy(page, "Bought");
      assert.equal(bought().length, 1);
    }, { site: network.url });
  } finally {
    await network.stop();
  }
});

for (const [how, leave] of [
  // Playwright takes the submission's end for the reload's.
  ["reloaded", (page) => page.reload().catch(() => {})],
  ["left by a link and come back to by another", async (page) => {
    await page.goto(page.url().replace("/form", "/elsewhere"));
    await page.goto(page.url().replace("/elsewhere", "/form"));
  }],
]) {
  test(`${how} in mid-submission: nobody knows; pressed again, edited or not, it is the same purchase`, () =>
    onForm("then=created&delay=1500", async ({ page, bought }) => {
      await press(page);
      await until(() => bought().length === 1, "the first has arrived");
      await leave(page);
      await says(page, /^Perhaps carried out\./);
      assert.equal(await page.getByRole("button", { name: "Start over" }).isVisible(), true);
      await buy(page, "Bought");
      assert.equal(bought().length, 1);
    }));
}

test("the answer's page reloaded: the browser sends it again, and nothing is done twice", () =>
  onForm("then=created", async ({ page, bought }) => {
    await buy(page, "Bought");
    await page.reload();
    await shows(page, "Bought");
    assert.equal(bought().length, 1);
  }));

test("a download is one; the page stays, and its button can be pressed again for the same file", () =>
  onForm("then=file", async ({ page, bought }) => {
    await page.clock.install();
    const files = [];
    page.on("download", (download) => files.push(download.suggestedFilename()));
    await page.getByRole("button", { name: "Buy" }).click();
    await until(() => files.length === 1, "a file");
    await page.clock.runFor(11_000);
    await says(page, /^Sent\./);
    assert.equal(await page.getByRole("button", { name: "Buy" }).isEnabled(), true);
    await page.getByRole("button", { name: "Buy" }).click();
    await until(() => files.length === 2, "the file again");
    assert.deepEqual([files, bought().length], [["invoice.pdf", "invoice.pdf"], 1]);
    await page.clock.runFor(11_000);
    await edit(page);
    await buy(page, REUSED);
    assert.equal(bought().length, 1);
  }));

test("another target gets the answer", () =>
  onForm("then=created&target=_blank&delay=300", async ({ page, context, bought }) => {
    const opened = context.waitForEvent("page");
    await page.getByRole("button", { name: "Buy" }).dblclick();
    await shows(await opened, "Bought");
    assert.equal(bought().length, 1);
  }));

test("under Trusted Types it works all the same", () =>
  onForm("then=created&trusted", async ({ page, bought }) => {
    await buy(page, "Bought");
    assert.equal(bought().length, 1);
  }));

test("a multipart form keeps its files", () =>
  onForm("then=created&enctype=multipart/form-data&delay=300", async ({ page, bought }) => {
    await page.locator("[name=photo]").setInputFiles({ name: "a.txt", mimeType: "text/plain", buffer: Buffer.from("hello") });
    await page.getByRole("button", { name: "Buy" }).dblclick();
    await shows(page, "Bought");
    const [{ body, key }, ...more] = bought();
    assert.deepEqual(more, []);
    assert.match(body, /filename="a.txt"\r\nContent-Type: text\/plain\r\n\r\nhello\r\n/);
    assert.ok(body.includes(`name="idempotency-key"\r\n\r\n${key}\r\n`));
  }));

test("another button of the form is another operation", () =>
  onForm("then=created&site", async ({ page, bought, back }) => {
    await page.getByRole("button", { name: "Save draft" }).click();
    await shows(page, "Bought");
    await back();
    await buy(page, "Bought");
    assert.equal(new Set(bought().map(({ key }) => key)).size, 2);
  }));

test("a key that the server wrote is the first one, with the script and without", async () => {
  await onForm("then=created&written=from-the-server", async ({ page, bought, back }) => {
    await buy(page, "Bought");
    await back();
    await startOver(page, DONE);
    await buy(page, "Bought");
    const [first, second] = bought().map(({ key }) => key);
    assert.equal(first, "from-the-server");
    assert.match(second, /^[0-9a-f-]{36}$/);
  });
  await onForm("then=created&written=without-a-script", async ({ page, bought, back }) => {
    await buy(page, "Bought");
    await back();
    await buy(page, "Bought");
    assert.deepEqual(bought().map(({ key }) => key), ["without-a-script"]);
  }, { javaScriptEnabled: false });
});

test("what the page's own script cancels is not sent; submit() by a script is guarded", () =>
  onForm("then=created&delay=500", async ({ page, bought }) => {
    await page.evaluate(() => addEventListener("submit", (event) => event.preventDefault(), { once: true }));
    await page.getByRole("button", { name: "Buy" }).click();
    await pause(300);
    assert.deepEqual([bought().length, await page.getByRole("button", { name: "Buy" }).isEnabled()], [0, true]);
    await page.evaluate(() => (buy.submit(), buy.submit(), buy.requestSubmit()));
    await shows(page, "Bought");
    assert.equal(bought().length, 1);
    assert.match(bought()[0].key, /^[0-9a-f-]{36}$/);
  }));

test("while it is under way the button is disabled, the form busy, and a sentence says so", () =>
  onForm("then=created&delay=1000", async ({ page }) => {
    // Written down by the page itself: Playwright waits for the navigation.
    await page.evaluate(() => addEventListener("onlyonce", ({ target, detail }) => setTimeout(() => {
      const said = target.querySelector("[role=status]").textContent;
      const seen = [target.id, detail.state, target.getAttribute("aria-busy"), target.elements.via[0].disabled, said];
      sessionStorage.seen = JSON.stringify(seen);
    }, 100)));
    await buy(page, "Bought");
    assert.deepEqual(JSON.parse(await page.evaluate(() => sessionStorage.seen)), ["buy", "sending", "true", true, "Einen Moment"]);
  }));

test("a purchase that is stuck on its way: started over it is fenced, arrives late and is not carried out; the next one is", async () => {
  const network = await startHoldingProxy(guard.url);
  try {
    await onForm("then=created", async ({ page, open, bought }) => {
      await press(page);
      await until(() => network.held.length === 1, "it is on its way");
      await open();
      await saysUnknown(page);
      await page.evaluate(() => addEventListener("onlyonce", ({ detail }) => (window.states = [...(window.states ?? []), detail.state])));
      await page.getByRole("button", { name: "Start over" }).dblclick();
      await says(page, FENCED);
      assert.deepEqual(await page.evaluate(() => states), ["asking", "fenced"]);
      assert.equal(await page.getByRole("button", { name: "Start over" }).isVisible(), false);
      const [late] = await network.release();
      assert.deepEqual([late.status, bought().length], [409, 0]);
      await press(page);
      await until(() => network.held.length === 1, "the next is on its way");
      await network.release();
      await shows(page, "Bought");
      assert.equal(bought().length, 1);
    }, { site: network.url });
  } finally {
    await network.stop();
  }
});

test("start over, of what is at the origin: it says so, however often; then the answer is there, and a double click insists on nothing", () =>
  onForm("then=created&delay=2500", async ({ page, open, bought }) => {
    await press(page);
    await until(() => bought().length === 1, "the first has arrived");
    await open();
    await page.getByRole("button", { name: "Start over" }).click();
    await says(page, /^It is being carried out right now\./);
    await pause(1100);
    await page.getByRole("button", { name: "Start over" }).click();
    await says(page, /^It is being carried out right now\./);
    await pause(1500);
    await page.getByRole("button", { name: "Start over" }).dblclick();
    await says(page, DONE);
    await pause(300);
    await says(page, DONE);
    await buy(page, "Bought");
    assert.equal(bought().length, 1, "the key has stayed");
  }));

test("start over, where nobody can be asked: it says so, and the key stays until somebody insists", () =>
  onForm("then=created", async ({ page, context, back, bought }) => {
    await buy(page, "Bought");
    await back();
    await context.route("**/.onlyonce/key*", (route) => route.abort());
    await page.getByRole("button", { name: "Start over" }).click();
    await says(page, /^Nobody could be asked/);
    await pause(1100);
    await context.unroute("**/.onlyonce/key*");
    await page.getByRole("button", { name: "Start over" }).click();
    await says(page, DONE);
    await buy(page, "Bought");
    assert.equal(bought().length, 1, "what was read is not what is told now");
    await back();
    await context.route("**/.onlyonce/key*", (route) => route.abort());
    await startOver(page, /^Nobody could be asked/);
    await buy(page, "Bought");
    assert.equal(bought().length, 2);
  }));

test("a form that comes later is guarded too, and one that cannot be spoils none", () =>
  onForm("then=created&delay=300", async ({ page, bought, errors }) => {
    await page.evaluate(() => {
      const copy = buy.cloneNode(true);
      buy.remove();
      document.body.insertAdjacentHTML("afterbegin", "<form name=search data-onlyonce></form>");
      setTimeout(() => document.body.append(copy), 100);
    });
    await page.locator("#buy").waitFor();
    await page.getByRole("button", { name: "Buy" }).dblclick();
    await shows(page, "Bought");
    assert.match(bought()[0].key, /^[0-9a-f-]{36}$/);
    assert.equal(bought().length, 1);
    assert.deepEqual(errors.splice(0), ['The form "search" has method="get": write method="post".']);
  }));

async function onForm(query, act, { site = guard.url, browser: chosen = browser, ...options } = {}) {
  const context = await chosen.newContext(options);
  context.setDefaultTimeout(10_000);
  const id = randomUUID();
  const errors = [];
  context.on("weberror", (error) => errors.push(error.error().message));
  const page = await context.newPage();
  const open = () => page.goto(`${site}/form?for=${id}&${query}`);
  const bought = () => shop.ledger.filter((entry) => entry.for === id);
  const back = async () => {
    // Playwright waits for a load, and a page that was kept alive is not loaded again.
    await (chosen === keeping ? page.evaluate(() => history.back()) : page.goBack());
    await until(() => page.url().includes("/form?"), "the form's page is back");
    await page.getByRole("button", { name: "Buy" }).waitFor();
  };
  try {
    await open();
    await act({ page, context, open, bought, back, errors });
    assert.deepEqual(errors, []);
  } finally {
    await context.close();
  }
}

/** Presses the button without waiting for what comes of it. */
function press(page) {
  return page.getByRole("button", { name: "Buy" }).click({ noWaitAfter: true });
}

/** Presses it, and where something is told that has to be read, once more. */
async function startOver(page, told) {
  await page.getByRole("button", { name: "Start over" }).click();
  await says(page, told);
  if (told === REFUSED) return;
  await pause(1100);
  await page.getByRole("button", { name: "Start over" }).click();
  await says(page, /^$/);
}

function edit(page) {
  return page.locator("[name=item]").fill("another");
}

/** A browser that is closed while it goes to another page may hang. */
async function leaves(page) {
  await page.getByRole("button", { name: "Buy" }).waitFor({ state: "detached" });
  await page.waitForLoadState();
}

async function saysUnknown(page) {
  await says(page, /^Perhaps carried out\./);
  assert.equal(await page.getByRole("button", { name: "Start over" }).isVisible(), true);
}

async function buy(page, title) {
  await page.getByRole("button", { name: "Buy" }).click();
  await shows(page, title);
}

/** Waits for the page, and for the script that it may have. */
async function shows(page, title) {
  await page.getByRole("heading", { name: title }).waitFor();
  await page.waitForLoadState();
}

function says(page, pattern) {
  return until(async () => pattern.test(await page.getByRole("status").textContent().catch(() => "…")), `the status says ${pattern}`);
}

/** A site of somebody else's, which knows nothing of CORS. */
async function startCheckout() {
  const server = createServer((_, response) => response.writeHead(200, { "content-type": "text/html" }).end("<h1>Checkout</h1>"));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://localhost:${server.address().port}/pay`, close: () => (server.closeAllConnections(), server.close()) };
}
