// What the callers of common clients see when all goes well, and when the network does not: the first
// answer, its retries, lost connections and time-outs. The origin counts what it executed.
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { AT_ONCE, CLIENTS, HASTY, newCustomer, RETRIES, secondRequest } from "./customer.mjs";
import { startGuard } from "./guard.mjs";
import { startOrigin } from "./origin.mjs";
import { checkRefusal } from "./refusal.mjs";
import { stripe, stripeApi } from "./sdk/stripe.mjs";

const origin = await startOrigin();
const guard = await startGuard(origin);
after(() => (origin.stop(), guard.stop()));

const ONCE = { asked: 1, arrived: 1, executed: 1 };
const COOKIE = "cart=empty; Path=/";

describe("answers", { concurrency: AT_ONCE }, () => {
  for (const client of CLIENTS) {
    const newOne = () => newCustomer(client, { guard, origin });

    test(`${client.name}: the first answer is the origin's, and a retry gets the same one`, async () => {
      const customer = newOne();
      customer.script({ headers: { "set-cookie": COOKIE } });
      const first = await customer.order();
      assert.deepEqual([first.resolved, customer.counts()], [true, ONCE], first.message);
      assert.deepEqual(marks(first), { replayed: undefined, cookie: COOKIE });
      const [{ head }] = customer.asked();
      const again = await customer.order();
      assert.deepEqual([again.id, customer.counts()], [first.id, { ...ONCE, asked: 2 }]);
      assert.deepEqual(marks(again), { replayed: "true", cookie: undefined });
      // The origin gives the key back itself, as Stripe's does: it is there once, as the client spelled it.
      const spelled = /^idempotency-key: (.*)$/im.exec(head)[1];
      assert.deepEqual([first, again].map(({ header }) => header("idempotency-key")), [spelled, spelled]);
    });

    for (const [drop, executed] of [["unread", 0], ["executed", 1]]) {
      test(`${client.name}: a connection that breaks, with ${executed} executed, is told as unknown and not sent again`, async () => {
        const customer = newOne();
        customer.script({ drop });
        const asked = client.obeysShouldRetry ? 1 : 1 + RETRIES;
        checkRefusal(client, await customer.order(), { code: "outcome-unknown", status: 502 });
        assert.deepEqual(customer.counts(), { asked, arrived: 1, executed });
        checkRefusal(client, await customer.order({ retries: 0 }), { code: "outcome-unknown", status: 502 });
        assert.deepEqual(customer.counts(), { asked: asked + 1, arrived: 1, executed });
      });
    }

    test(`${client.name}: a time-out's retry joins the first request, and gets its cookie`, async () => {
      const customer = newOne();
      customer.script({ until: () => secondRequest(customer), headers: { "set-cookie": COOKIE } });
      const first = await customer.order({ timeout: HASTY });
      if (!client.retriesTimeouts) assert.deepEqual([first.resolved, first.name], [false, client.timeoutError]);
      const joined = client.retriesTimeouts ? first : await customer.order();
      assert.equal(joined.resolved, true, joined.message);
      assert.deepEqual(marks(joined), { replayed: "true", cookie: COOKIE });
      assert.deepEqual(customer.counts(), { ...ONCE, asked: 2 });
      assert.equal(marks(await customer.order()).cookie, undefined, "a later replay has no cookie");
    });

    test(`${client.name}: a caller who gives up loses nothing`, async () => {
      const customer = newOne();
      customer.script({ delay: HASTY + 1000 });
      const first = await customer.order({ timeout: HASTY, retries: 0 });
      assert.deepEqual([first.resolved, first.name], [false, client.timeoutError]);
      await pause(2000);
      const later = await customer.order();
      assert.deepEqual([later.resolved, marks(later).replayed, customer.counts()], [true, "true", { ...ONCE, asked: 2 }]);
    });
  }

  // Without the member `error` stripe-node would resolve a refusal as if it were the charge.
  test("stripe-node without retries rejects, as it does where it retries", async () => {
    const customer = newCustomer(stripe, { guard, origin });
    customer.script({ drop: "executed" });
    const charge = stripeApi(guard.url, `sk_test_${customer.lane}`, { maxNetworkRetries: 0 }).charges.create(
      { amount: 450, currency: "eur", source: "tok_visa" },
      { idempotencyKey: customer.lane },
    );
    await assert.rejects(charge, {
      type: "StripeAPIError",
      rawType: "idempotency_error",
      statusCode: 502,
      code: "outcome-unknown",
      message: /^Idempotency-Key "lane-.*" may or may not have been carried out: /,
    });
    assert.deepEqual(customer.counts(), ONCE);
  });

  test("stripe-node draws a key for each call that names none, and its own retries are one operation", async () => {
    const customer = newCustomer(stripe, { guard, origin });
    customer.script({ until: () => secondRequest(customer) });
    const first = await customer.order({ key: null, timeout: HASTY });
    assert.deepEqual([first.resolved, customer.counts().executed], [true, 1], first.message);
    assert.match(first.header("idempotency-key"), /^stripe-node-retry-/);
    const second = await customer.order({ key: null });
    assert.notEqual(second.id, first.id);
    assert.equal(customer.counts().executed, 2);
  });

  test("a v2 call of stripe-node, in JSON, rejects with the class that its SDK has for keys", async () => {
    const customer = newCustomer(stripe, { guard, origin });
    const api = stripeApi(guard.url, `sk_test_${customer.lane}`, { maxNetworkRetries: RETRIES });
    const create = (name) => api.rawRequest("POST", "/v2/core/accounts", { name }, { idempotencyKey: customer.lane });
    const { id } = await create("tea");
    assert.equal((await create("tea")).id, id);
    await assert.rejects(create("cake"), { type: "StripeIdempotencyError", code: "key-reused", statusCode: 422 });
    assert.deepEqual(customer.counts(), { asked: 3, arrived: 1, executed: 1 });
  });
});

function marks({ header }) {
  return { replayed: header("idempotent-replayed") ?? header("idempotency-replayed"), cookie: [header("set-cookie")].flat()[0] };
}
