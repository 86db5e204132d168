// What a client's caller sees of a refusal. Rules:
// 1. It rejects, with the guard's code and the sentence that says value, reason and cure.
// 2. What says whether it may be sent again says the same everywhere, and Retry-After is there where it may.
import assert from "node:assert/strict";

/** `status` and `code` of the refusal; `retryable` whether the same request may be sent again. */
export function checkRefusal(client, outcome, { code, status, retryable = false }) {
  assert.equal(outcome.resolved, false, `${client.name} resolved what the guard had refused`);
  assert.deepEqual([outcome.name, outcome.status, outcome.code], [client.errorName(status), status, code], outcome.message);
  if (outcome.message !== undefined) assert.match(outcome.message, / .* /, "a sentence");
  const header = (name) => outcome.header(name);
  const said = [header("stripe-should-retry"), header("x-should-retry"), header("retry-after") !== undefined];
  assert.deepEqual(said, [String(retryable), String(retryable), retryable], `whether ${code} may be sent again`);
}
