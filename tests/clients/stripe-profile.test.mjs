// stripe-node in front of a guard that speaks its protocol (profile = "stripe"): its own error classes, its
// own keys with DELETE, and its own retries.
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { AT_ONCE, newCustomer } from "./customer.mjs";
import { startGuard } from "./guard.mjs";
import { startOrigin } from "./origin.mjs";
import { stripe } from "./sdk/stripe.mjs";

const origin = await startOrigin();
const policy = { profile: "stripe", in_flight: "reject", key: "required" };
const guard = await startGuard(origin, { policy });
after(async () => {
  origin.stop();
  await guard.stop();
});

const newOne = () => newCustomer(stripe, { guard, origin });

describe("stripe-node under its own profile", { concurrency: AT_ONCE }, () => {
  test("another order under a known key is its StripeIdempotencyError, and is not sent again", async () => {
    const customer = newOne();
    const first = await customer.order();
    const other = await customer.order({ amount: 900 });
    assert.deepEqual([other.resolved, other.name, other.status, other.code], [false, "StripeIdempotencyError", 400, "key_reused"]);
    assert.match(other.message, /was first sent with another .*; send a new key/);
    assert.deepEqual(customer.counts(), { asked: 2, arrived: 1, executed: 1 });
    assert.equal((await customer.order()).id, first.id, "the first request stands");
  });

  test("a duplicate beside the first is idempotency_key_in_use, which it sends again until it has the answer", async () => {
    const customer = newOne();
    customer.script({ delay: 1500 });
    const first = customer.order();
    while (customer.counts().arrived < 1) await pause(20);
    const refused = await customer.order({ retries: 0 });
    assert.deepEqual([refused.name, refused.status, refused.code], ["StripeAPIError", 409, "idempotency_key_in_use"]);
    const [one, again] = await Promise.all([first, customer.order({ retries: 5 })]);
    assert.deepEqual([one.resolved, again.id], [true, one.id]);
    assert.equal(customer.counts().executed, 1);
  });

  test("a replay says so in the header that it looks for", async () => {
    const customer = newOne();
    const first = await customer.order();
    const again = await customer.order();
    assert.deepEqual([again.id, first.header("idempotent-replayed"), again.header("idempotent-replayed")], [first.id, undefined, "true"]);
  });

  test("an outcome that nobody knows is not sent again", async () => {
    const customer = newOne();
    customer.script({ drop: "executed" });
    const outcome = await customer.order();
    assert.deepEqual([outcome.resolved, outcome.status, outcome.code], [false, 502, "outcome_unknown"]);
    assert.equal(customer.counts().arrived, 1);
  });
});
