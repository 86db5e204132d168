// What the kit finds on small servers: nothing on a right one in each dialect, and exactly what is wrong on
// one with a flaw.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PROFILES } from "../../scripts/lib/conform/profiles.mjs";
import { ids, report, told } from "./conform.mjs";
import { startServer } from "./server.mjs";

const AT_ONCE = 10;
const NOTHING = { must: [], should: [], may: [] };

async function reportOn(profile, flaw, { count = true, more } = {}) {
  const server = await startServer({ dialect: profile, flaw });
  try {
    return await report(count ? server : { ...server, count: undefined }, profile, more);
  } finally {
    server.stop();
  }
}

function failedOf(found) {
  return Object.fromEntries(["must", "should", "may"].map((level) => [level, ids(found, "failed", level)]));
}

describe("a server without a flaw", { concurrency: AT_ONCE }, () => {
  for (const profile of ["draft", "stripe", "acp", "ucp"]) {
    for (const count of [true, false]) {
      test(`${profile}, told by ${count ? "a count" : "the answers"}: everything passes, and nothing is skipped`, async () => {
        const found = await reportOn(profile, undefined, { count });
        assert.deepEqual([found.code, failedOf(found), ids(found, "skipped")], [0, NOTHING, []], told(found));
      });
    }
  }
});

// It carries out whatever comes, each time.
const EACH_TIME = [
  "retry-executes-once", "concurrent-executes-once", "in-flight-executes-once", "hang-up-executes-once", "reuse-not-executed", "other-caller-keeps-first",
];
const ERRORS_AGAIN = ["server-error-executes-once", "client-error-executes-once"];
const OTHER_ERRORS = ["server-error-same-answer", "client-error-same-answer"];

const FLAWS = [
  ["draft", "does nothing", { must: [...EACH_TIME, ...ERRORS_AGAIN], should: ["retry-same-bytes", "in-flight-409", "reuse-422", "bad-key-400", ...OTHER_ERRORS], may: ["bare-spelling"] }],
  // Where these two do not hold, nothing else would prove anything.
  ["draft", "makes nothing", { must: ["first-executes", "other-key-executes"] }],
  ["draft", "one key", { must: ["other-key-executes"] }],
  ["draft", "refuses what is there", {
    must: EACH_TIME,
    should: ["retry-same-bytes", "reuse-422", "bad-key-400", "refusal-problem", "refusal-link", "other-caller-executes", ...OTHER_ERRORS],
    may: ["bare-spelling"],
  }, undefined, ["--body", '{"name":"{unique}"}', "--timeout", "2s"]],
  ["draft", "race", { must: ["concurrent-executes-once"] }],
  ["draft", "runs beside", { must: ["concurrent-executes-once", "in-flight-executes-once", "hang-up-executes-once"], should: ["in-flight-409"] }],
  ["draft", "leaks", { must: ["other-caller-no-leak"], should: ["other-caller-executes"] }],
  ["draft", "forgets errors", { must: ERRORS_AGAIN, should: OTHER_ERRORS }],
  ["draft", "forgets who hung up", { must: ["hang-up-executes-once"] }],
  ["draft", "any body", { must: ["other-endpoint-no-mixup"], should: ["reuse-422"] }],
  ["draft", "runs other bodies", { must: ["reuse-not-executed"], should: ["reuse-422"] }],
  ["draft", "any key", { should: ["bad-key-400"], may: ["bare-spelling"] }],
  ["draft", "no key needed", {}, ["no-key-400"]],
  ["draft", "bare refusals", { should: ["refusal-problem", "refusal-link"] }],
  ["draft", "other bytes", { should: ["retry-same-bytes", ...OTHER_ERRORS] }],
  ["stripe", "race", { must: ["concurrent-executes-once"] }],
  ["stripe", "leaks", { must: ["other-caller-no-leak"], should: ["other-caller-executes"] }],
  ["stripe", "no mark", { must: ["retry-replayed-header"] }],
  ["stripe", "short keys", { must: ["long-key"] }],
  ["stripe", "any key", { should: ["too-long-key-400"] }],
  ["stripe", "bare refusals", { must: ["reuse-400-idempotency-error", "refusal-envelope"], should: ["in-flight-code", "other-endpoint-400"] }],
  ["stripe", "forgets errors", { must: ["server-error-executes-once", "server-error-same-answer", "client-error-executes-once"], should: ["client-error-same-answer"] }],
  ["acp", "does nothing", {
    must: [...EACH_TIME.slice(0, 1), "retry-same-bytes", "concurrent-executes-once", "in-flight-executes-once", "hang-up-executes-once", "reuse-not-executed", "reuse-422", "same-json-replayed", "no-key-400", "long-key", "other-caller-keeps-first", "client-error-executes-once", "client-error-same-answer"],
    should: ["retry-replayed-header", "in-flight-409", "too-long-key-400"],
  }, ["in-flight-retry-after", "refusal-shape"]],
  ["acp", "no key needed", { must: ["no-key-400"] }],
  ["acp", "leaks", { must: ["other-caller-no-leak", "other-caller-executes"] }],
  ["acp", "one for all paths", { must: ["other-endpoint-executes"] }],
  ["acp", "keeps errors", { should: ["server-error-fresh"] }],
  ["acp", "no mark", { should: ["retry-replayed-header"] }],
  ["acp", "no echo", { should: ["key-echoed"] }],
  ["acp", "no hint", { should: ["in-flight-retry-after"] }],
  ["acp", "by bytes", { must: ["same-json-replayed"] }],
  ["acp", "bare refusals", { must: ["reuse-422", "no-key-400", "refusal-shape"], should: ["in-flight-409", "in-flight-retry-after"] }],
  ["ucp", "any body", { must: ["reuse-409", "rewritten-json-409", "other-endpoint-no-mixup"] }],
  ["ucp", "bare refusals", { should: ["refusal-shape"] }],
];

describe("a server with a flaw, by a count", { concurrency: AT_ONCE }, () => {
  for (const [profile, flaw, wrong, skipped, more] of FLAWS) {
    test(`${profile}, ${flaw}: it fails what is wrong, and nothing else`, async () => {
      const found = await reportOn(profile, flaw, { more });
      assert.deepEqual(failedOf(found), { ...NOTHING, ...wrong }, told(found));
      assert.equal(found.code, wrong.must ? 1 : 0);
      if (skipped) assert.deepEqual(ids(found, "skipped"), skipped);
    });
  }
});

test("each check fails on some server", () => {
  const all = ["draft", "stripe", "acp", "ucp"].flatMap((name) => PROFILES[name].checks.map(({ id }) => id));
  const failed = FLAWS.flatMap(([, , wrong]) => Object.values(wrong).flat());
  assert.deepEqual([...new Set(all)].filter((id) => !failed.includes(id)), []);
});

// What nobody saw is not said to be right.
describe("a server with a flaw, by its answers alone", { concurrency: AT_ONCE }, () => {
  for (const [flaw, must, skipped] of [
    ["does nothing", EACH_TIME, ["no-key-400", "refusal-problem", "refusal-link", "server-error-executes-once", "client-error-executes-once"]],
    ["race", ["concurrent-executes-once"], []],
    ["leaks", ["other-caller-no-leak"], []],
    ["forgets errors", [], ["server-error-executes-once", "client-error-executes-once"]],
    ["forgets who hung up, and marks nothing", [], ["hang-up-executes-once", "server-error-executes-once", "client-error-executes-once"]],
  ]) {
    test(flaw, async () => {
      const found = await reportOn("draft", flaw, { count: false });
      assert.deepEqual([ids(found, "failed", "must"), ids(found, "skipped")], [must, skipped], told(found));
    });
  }
});
