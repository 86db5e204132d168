// Each refusal that a client can meet, as its caller sees it. What was not carried out and may be sent
// again is sent again and carried out; what was carried out is never said to be worth another try; and
// whoever reads more than the status asks once where asking again is no use.
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { AT_ONCE, CLIENTS, newCustomer, newLane, RETRIES } from "./customer.mjs";
import { startGuard } from "./guard.mjs";
import { startOrigin } from "./origin.mjs";
import { checkRefusal } from "./refusal.mjs";
import { openai, openaiApi, prompt } from "./sdk/openai.mjs";
import { stripe, stripeApi } from "./sdk/stripe.mjs";

const STRICT = { key: "required", in_flight: "reject", deadline: "2s", max_request_body: "16KiB", max_stored_response: "1KiB" };
const NARROW = { shards: 1, calls_per_shard: 1 };

const origin = await startOrigin();
// Nobody listens there: 9 is the port of the service "discard".
const nowhere = { url: "http://127.0.0.1:9" };
const [strict, narrow, unavailable, misconfigured, astray] = await Promise.all([
  startGuard(origin, { policy: STRICT }),
  startGuard(origin, { policy: NARROW }),
  startGuard(origin, { config: "tests/workerd/without-objects.toml" }),
  startGuard(origin, { policy: { wait: "soon" } }),
  startGuard(nowhere),
]);
after(async () => {
  origin.stop();
  await Promise.all([strict, narrow, unavailable, misconfigured, astray].map(({ stop }) => stop()));
});

describe("refusals", { concurrency: AT_ONCE }, () => {
  // First, for it takes longest: a request waits ten seconds for a place.
  test("origin-busy: nothing was sent, so all send it again, and each is carried out once", async () => {
    const occupant = newCustomer(stripe, { guard: narrow, origin });
    occupant.script({ delay: 10_700 });
    const first = occupant.order();
    await pause(300);
    const patient = CLIENTS.map((client) => newCustomer(client, { guard: narrow, origin }));
    const giving = CLIENTS.map((client) => newCustomer(client, { guard: narrow, origin }));
    const [done, refused] = await Promise.all([
      Promise.all(patient.map((customer) => customer.order())),
      Promise.all(giving.map((customer) => customer.order({ retries: 0 }))),
    ]);
    assert.equal((await first).resolved, true);
    done.forEach(({ resolved, message }) => assert.equal(resolved, true, message));
    for (const { counts } of patient) {
      const { asked, arrived, executed } = counts();
      assert.ok(asked >= 2, `asked ${asked} times`);
      assert.deepEqual([arrived, executed], [1, 1]);
    }
    CLIENTS.forEach((client, at) => checkRefusal(client, refused[at], { code: "origin-busy", status: 503, retryable: true }));
    for (const { counts } of giving) assert.deepEqual(counts(), { asked: 1, arrived: 0, executed: 0 });
  });

  for (const client of CLIENTS) {
    const newOne = (guard = strict) => newCustomer(client, { guard, origin });
    // What a client that reads the status alone makes of a refusal that is not retryable.
    const asked = (status) => (client.obeysShouldRetry || !client.retries(status) ? 1 : 1 + RETRIES);

    test(`${client.name}: key-reused`, async () => {
      const customer = newOne();
      const first = await customer.order();
      checkRefusal(client, await customer.order({ amount: 900 }), { code: "key-reused", status: 422 });
      assert.deepEqual(customer.counts(), { asked: 2, arrived: 1, executed: 1 });
      assert.equal((await customer.order()).id, first.id, "the first request stands");
    });

    test(`${client.name}: credential-changed, with a token that was renewed in between`, async () => {
      const customer = newOne();
      const [one, other] = [1, 2].map((count) => token({ iss: "login", sub: customer.lane, jti: count }));
      assert.equal((await customer.order({ secret: one })).resolved, true);
      checkRefusal(client, await customer.order({ secret: other }), { code: "credential-changed", status: 409 });
      assert.deepEqual(customer.counts(), { asked: 2, arrived: 1, executed: 1 });
    });

    test(`${client.name}: in-progress`, async () => {
      const customer = newOne();
      customer.script({ delay: 1000 });
      const first = customer.order();
      await pause(300);
      const second = await customer.order();
      if (client.obeysShouldRetry) assert.equal(second.id, (await first).id);
      else checkRefusal(client, second, { code: "in-progress", status: 409, retryable: true });
      const { id } = await first;
      assert.equal((await customer.order()).id, id);
      const { arrived, executed } = customer.counts();
      assert.deepEqual([arrived, executed], [1, 1]);
    });

    test(`${client.name}: outcome-unknown at the deadline, and the late answer`, async () => {
      const customer = newOne();
      customer.script({ delay: 4000 });
      checkRefusal(client, await customer.order(), { code: "outcome-unknown", status: 504 });
      assert.deepEqual(customer.counts(), { asked: asked(504), arrived: 1, executed: 1 });
      await pause(3000);
      assert.equal((await customer.order()).resolved, true);
      assert.deepEqual(customer.counts(), { asked: asked(504) + 1, arrived: 1, executed: 1 });
    });

    test(`${client.name}: response-not-kept`, async () => {
      const customer = newOne();
      customer.script({ text: JSON.stringify({ id: customer.lane, note: "x".repeat(4096) }) });
      assert.equal((await customer.order()).id, customer.lane);
      checkRefusal(client, await customer.order(), { code: "response-not-kept", status: 409 });
      assert.deepEqual(customer.counts(), { asked: 2, arrived: 1, executed: 1 });
    });

    for (const [what, code, status, options] of [
      ["a body over the limit", "body-too-large", 413, { amount: "9".repeat(20_000) }],
      ["a key over the limit", "key-invalid", 400, { key: "x".repeat(256) }],
      ["a programmer's nothing", "key-invalid", 400, { key: "undefined" }],
      // Node writes stripe-node's head as UTF-8, which can be read: it goes out in one piece with the body.
      ...(client === stripe ? [] : [["bytes that are no text", "credential-unreadable", 400, { secret: "caf\u00e9" }]]),
    ]) {
      test(`${client.name}: ${code}, for ${what}`, async () => {
        const customer = newOne();
        checkRefusal(client, await customer.order({ ...options, key: options.key ?? customer.lane }), { code, status });
        assert.deepEqual(customer.counts(), { asked: 1, arrived: 0, executed: 0 });
      });
    }

    test(`${client.name}: guard-unavailable`, async () => {
      const customer = newOne(unavailable);
      checkRefusal(client, await customer.order(), { code: "guard-unavailable", status: 503, retryable: true });
      assert.deepEqual(customer.counts(), { asked: 1 + RETRIES, arrived: 0, executed: 0 });
    });

    test(`${client.name}: misconfigured`, async () => {
      const customer = newOne(misconfigured);
      checkRefusal(client, await customer.order(), { code: "misconfigured", status: 500 });
      assert.deepEqual(customer.counts(), { asked: asked(500), arrived: 0, executed: 0 });
    });
  }

  test("key-missing: openai-node's option `idempotencyKey` sends no key", async () => {
    const lane = newLane();
    const api = openaiApi(strict.url, `sk_${lane}`, { maxRetries: RETRIES });
    const create = api.chat.completions.create(prompt(450), { idempotencyKey: lane });
    await assert.rejects(create, { name: "Error", status: 400, code: "key-missing", type: "idempotency_error" });
    assert.deepEqual([strict.asked(lane).length, origin.lane(lane).arrived], [1, []]);
  });

  test("origin-unreachable: a GET tells its caller that the API is not there, and is not sent again", async () => {
    const lanes = [newLane(), newLane()];
    const charge = stripeApi(astray.url, `sk_${lanes[0]}`, { maxNetworkRetries: RETRIES }).charges.retrieve("ch_1");
    await assert.rejects(charge, { type: "StripeAPIError", statusCode: 502, code: "origin-unreachable" });
    const models = openaiApi(astray.url, `sk_${lanes[1]}`, { maxRetries: RETRIES }).models.list();
    await assert.rejects(models, { status: 502, code: "origin-unreachable" });
    assert.deepEqual(lanes.map((lane) => astray.asked(lane).length), [1, 1]);
  });
});

/** A JSON web token that nobody checks: the guard reads whose it is, and the origin takes any. */
function token(claims) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none" })}.${part(claims)}.${part("signature")}`;
}
