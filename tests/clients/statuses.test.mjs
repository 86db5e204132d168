// What becomes of an answer of the origin that is no success, by what each client does with it.
// What was not processed frees the key, so that whoever sends it again is carried out; any other is
// kept, and whoever sends it again gets it again.
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { AT_ONCE, CLIENTS, newCustomer, RETRIES } from "./customer.mjs";
import { startGuard } from "./guard.mjs";
import { startOrigin } from "./origin.mjs";

const origin = await startOrigin();
const guard = await startGuard(origin);
after(() => (origin.stop(), guard.stop()));

const AFTER_A_SECOND = { "retry-after": "1" };
const NOT_PROCESSED = [
  { status: 401 },
  { status: 403 },
  { status: 408 },
  { status: 409, headers: AFTER_A_SECOND },
  { status: 411 },
  { status: 417 },
  { status: 421 },
  { status: 423, headers: AFTER_A_SECOND },
  { status: 425 },
  { status: 426 },
  { status: 428 },
  { status: 429 },
  { status: 429, headers: AFTER_A_SECOND },
  { status: 431 },
  { status: 503, headers: AFTER_A_SECOND },
  { status: 511 },
];
const KEPT = [{ status: 400 }, { status: 402 }, { status: 404 }, { status: 409 }, { status: 423 }, { status: 500 }, { status: 502 }, { status: 503 }, { status: 504 }];

describe("statuses", { concurrency: AT_ONCE }, () => {
  for (const client of CLIENTS) {
    for (const step of NOT_PROCESSED) {
      test(`${client.name}: ${named(step)} is not processed`, async () => {
        const customer = newCustomer(client, { guard, origin });
        customer.script(step);
        const first = await customer.order();
        if (client.retries(step.status)) {
          if (step.headers && client.obeysRetryAfter) checkGap(customer.asked());
        } else {
          assert.deepEqual([first.resolved, first.status], [false, step.status]);
          assert.deepEqual(customer.counts(), { asked: 1, arrived: 1, executed: 0 });
        }
        const done = client.retries(step.status) ? first : await customer.order();
        assert.equal(done.resolved, true, done.message);
        assert.deepEqual(customer.counts(), { asked: 2, arrived: 2, executed: 1 });
      });
    }

    for (const step of KEPT) {
      test(`${client.name}: ${named(step)} is kept`, async () => {
        const customer = newCustomer(client, { guard, origin });
        customer.script({ ...step, execute: true });
        const asked = client.retries(step.status) ? 1 + RETRIES : 1;
        for (const times of [1, 2]) {
          const outcome = await customer.order();
          assert.deepEqual([outcome.resolved, outcome.status], [false, step.status]);
          assert.deepEqual(customer.counts(), { asked: times * asked, arrived: 1, executed: 1 });
        }
      });
    }

    for (const status of [307, 308]) {
      for (const [what, location] of [["a path", (path) => `${path}/`], ["the origin's own address", (path) => `${origin.url}${path}/`]]) {
        test(`${client.name}: ${status} to ${what} is followed, or told, and carried out once`, async () => {
          const customer = newCustomer(client, { guard, origin });
          customer.script({ status, headers: { location: location(pathOf(client)) } });
          const outcome = await customer.order();
          if (client.followsRedirects) {
            assert.equal(outcome.resolved, true, outcome.message);
            assert.deepEqual(customer.counts(), { asked: 2, arrived: 2, executed: 1 });
          } else {
            assert.deepEqual([outcome.resolved, outcome.status], [false, status]);
            assert.deepEqual(customer.counts(), { asked: 1, arrived: 1, executed: 0 });
          }
          // The key went with the client to the new path, and the old one is another request since.
          const again = await customer.order();
          assert.deepEqual([again.resolved, again.code], client.followsRedirects ? [false, "key-reused"] : [true, undefined]);
          assert.equal(customer.counts().executed, 1);
        });
      }
    }
  }
});

function named({ status, headers }) {
  return headers ? `${status} with Retry-After` : `${status}`;
}

// One second, less what a clock and a timer may differ by.
function checkGap([first, second]) {
  const waited = second.at - first.at;
  assert.ok(waited >= 950, `sent again after ${waited} ms`);
}

function pathOf({ name }) {
  return { "stripe-node": "/v1/charges", "openai-node": "/v1/chat/completions" }[name] ?? "/orders";
}
