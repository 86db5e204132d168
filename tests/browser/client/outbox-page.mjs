// What the tests of the outbox do in their pages.

import { BEANS, until } from "./stage.mjs";

/** Makes `window.outbox`, not yet started; `window.problems` are what it reported. */
export function makeOutbox(page, options = {}) {
  return page.evaluate((options) => {
    window.problems = [];
    window.changes = [];
    window.outbox = new Outbox({
      baseDelay: 50, maxDelay: 200, ...options,
      onProblem: ({ message }) => problems.push(message),
      onChange: ({ key, state, durable }) => changes.push({ key, state, durable }),
    });
  }, options);
}

export function start(page) {
  return page.evaluate(() => void outbox.start());
}

/** Enqueues an order of that quantity; resolves with its key when it is kept. */
export function enqueue(page, url, quantity = 2, options = {}) {
  return page.evaluate(async ([url, body, options]) => {
    const item = await outbox.enqueue(url, { method: "POST", headers: { "content-type": "application/json" }, body }, options);
    return item.key;
  }, [url, JSON.stringify({ ...BEANS, quantity }), options]);
}

/** The items as they are now, without their bodies. */
export function items(page) {
  return page.evaluate(async () => (await outbox.items()).map(({ body, ...item }) => item));
}

export async function states(page) {
  return (await items(page)).map(({ state }) => state);
}

export function untilStates(page, wanted, within) {
  return until(async () => (await states(page)).join() === wanted.join(), `the items are ${wanted}`, within);
}

export function problems(page) {
  return page.evaluate(() => window.problems);
}

/** Lets time pass for a stored item: moves what it wrote down about its first attempt. */
export function age(page, ms) {
  return page.evaluate((ms) => new Promise((resolve, reject) => {
    const request = indexedDB.open(outbox.name);
    request.onerror = reject;
    request.onsuccess = () => {
      const transaction = request.result.transaction("items", "readwrite");
      const cursor = transaction.objectStore("items").openCursor();
      cursor.onsuccess = () => {
        if (!cursor.result) return;
        const item = cursor.result.value;
        if (item.firstAttemptAt !== null) item.firstAttemptAt -= ms;
        cursor.result.update(item);
        cursor.result.continue();
      };
      transaction.oncomplete = () => (request.result.close(), resolve());
    };
  }), ms);
}

/** Loses the answers: the request arrives and is executed, and nobody hears of it. */
export async function loseAnswers(context) {
  await context.route("**/orders*", async (route) => {
    await route.fetch().catch(() => {});
    await route.abort("connectionreset").catch(() => {});
  });
  return () => context.unroute("**/orders*");
}
