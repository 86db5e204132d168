// The kit on the real guard: what each profile's rules say of it. A row is a profile, the policy, and what does not
// hold or could not be tried, each with its reason.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ids, report, told } from "./conform.mjs";
import { startGuard } from "./guard.mjs";

const ROWS = [
  { profile: "draft", policy: { key: "required", in_flight: "reject" } },
  // A duplicate waits for the first's answer, and a request without a key passes.
  { profile: "draft", policy: {}, failed: ["in-flight-409"], skipped: ["no-key-400"] },
  { profile: "stripe", policy: { profile: "stripe", in_flight: "reject" } },
  { profile: "stripe", policy: { profile: "stripe" }, failed: ["in-flight-409", "in-flight-code"] },
  // What may have acted is not sent again because it was answered 500.
  { profile: "acp", policy: { profile: "acp", in_flight: "reject" }, failed: ["server-error-fresh"] },
  { profile: "acp", policy: { profile: "acp" }, failed: ["in-flight-409", "server-error-fresh"], skipped: ["in-flight-retry-after"] },
  { profile: "ucp", policy: { profile: "ucp", in_flight: "reject" } },
  { profile: "ucp", policy: { profile: "ucp" } },
];

const AT_ONCE = 4;

describe("the guard", { concurrency: AT_ONCE }, () => {
  for (const { profile, policy, failed = [], skipped = [] } of ROWS) {
    test(`${profile}, under ${JSON.stringify(policy)}`, async () => {
      const guard = await startGuard(policy);
      try {
        const found = await report(guard, profile);
        assert.deepEqual([ids(found, "failed"), ids(found, "skipped")], [failed, skipped], told(found));
        assert.deepEqual([found.code, found.failed.must], [0, 0]);
      } finally {
        await guard.stop();
      }
    });
  }
});
