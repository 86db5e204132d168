// npm run soak: that its judge finds what it is there to find, and that the command runs. How a guard does
// under load is no test's business here: these seconds say that every part is in its place.
import assert from "node:assert/strict";
import { test } from "node:test";
import { soakArguments } from "../../scripts/lib/soak/arguments.mjs";
import { judgeHostile } from "../../scripts/lib/soak/hostile.mjs";
import { growthOf, judgeSoak } from "../../scripts/lib/soak/judge.mjs";
import { judgeFlood, LIMIT } from "../../scripts/lib/soak/new-keys.mjs";
import { run } from "./script.mjs";

const MINUTES = 30;
const RATE = 400;
const MB = 1_000_000;

/** A soak that held; memory rises and falls by a tenth every minute, as a garbage collector has it. */
function held() {
  const requests = RATE * MINUTES * 60;
  const figures = (count) => ({ requests: count, p50_us: 2_000, p99_us: 9_000 });
  const memory = Array.from({ length: MINUTES * 60 }, (_, seconds) => ({ seconds, bytes: (400 + ((seconds * 7) % 60)) * MB + filling(seconds) }));
  return {
    rate: RATE,
    seconds: MINUTES * 60,
    minutes: Array.from({ length: MINUTES }, () => ({ seconds: 60, all: figures(RATE * 60) })),
    total: { errors: 0, failures: [], keys: 1_000, seconds: MINUTES * 60, all: figures(requests), kinds: { first: figures(requests - 10), rare: { ...figures(10), p99_us: 90_000 } } },
    counts: { calls: 1_000, doubled: 0 },
    memory,
  };
}

// It fills up in the first five minutes.
function filling(seconds) {
  return -200 * MB * Math.max(0, 1 - seconds / 300);
}

test("a guard that held has nothing against it", () => {
  assert.deepEqual(judgeSoak(held()), []);
});

test("memory that grows after the fifth minute is found, and before it is not", () => {
  const soak = held();
  // A hundred bytes a request.
  soak.memory = soak.memory.map(({ seconds, bytes }) => ({ seconds, bytes: bytes + 100 * RATE * seconds }));
  assert.match(judgeSoak(soak).join(), /^memory grew by \d+\.\d % from minute 5 on, and may by 5\.0 %$/);
  soak.seconds = 9 * 60;
  assert.deepEqual(judgeSoak(soak), [], "a short soak says nothing of memory");
});

test("the growth of a straight line is its rise by its mean", () => {
  const line = [0, 10, 20].map((seconds) => ({ seconds, bytes: 90 + seconds }));
  assert.ok(Math.abs(growthOf(line) - 0.2) < 1e-9);
});

const PLANTED = [
  ["a wrong answer", (soak) => Object.assign(soak.total, { errors: 1, failures: ["replay: 502 outcome-unknown"] }), /^1 of 720000 answers were wrong or missing, such as replay: 502 outcome-unknown$/],
  ["no answer at all", (soak) => Object.assign(soak.total.all, { requests: 0 }), /^no request was answered$/],
  ["a key that came twice", (soak) => Object.assign(soak.counts, { doubled: 1 }), /^1 keys reached the origin more than once$/],
  ["a call that nobody heard of", (soak) => Object.assign(soak.counts, { calls: 1_001 }), /^the origin had 1001 calls for 1000 keys that were answered$/],
  ["a long tail", (soak) => Object.assign(soak.total.kinds.first, { p99_us: 10_100 }), /^first: p99 is 5\.0 times p50, and may be 5 times$/],
  ["a guard that fell behind", (soak) => Object.assign(soak.minutes[7].all, { requests: 0.9 * RATE * 60 }), /^after stretch 8 it was 6\.0 s behind what was due$/],
];

for (const [what, plant, finding] of PLANTED) {
  test(`${what} is found`, () => {
    const soak = held();
    plant(soak);
    const [found, ...others] = judgeSoak(soak);
    assert.match(found ?? "nothing", finding);
    assert.deepEqual(others, []);
  });
}

test("a customer's error, a doubled key and a guard that is not well are found beside something hostile", () => {
  const seen = (errors) => ({ errors, failures: errors ? ["first: no whole answer: timed out"] : [], all: { requests: 100 } });
  const good = { customer: { alone: seen(0), beside: seen(0), after: seen(0) }, counts: { calls: 7, doubled: 0 }, well: true };
  assert.deepEqual(judgeHostile(good), []);
  const bad = { customer: { ...good.customer, beside: seen(2) }, counts: { calls: 7, doubled: 1 }, well: false };
  assert.match(judgeHostile(bad).join("\n"), /^the customer, beside: 2 of 100 [^\n]+\n1 keys [^\n]+\nthe guard is not well afterwards$/);
});

test("a flood of which more is carried out than the limit lets through is found", () => {
  const seen = { errors: 0, failures: [], all: { requests: 100 } };
  const round = (carriedOut) => ({ alone: seen, beside: seen, flood: seen, carriedOut, doubled: 0 });
  assert.deepEqual(judgeFlood({ without: [round(9_999)], with: [round(2 * LIMIT)] }, 9), []);
  assert.match(judgeFlood({ without: [round(9_999)], with: [round(2 * LIMIT + 1)] }, 9).join(), /^201 new keys were carried out, and 200 may be$/);
});

test("what is asked for", () => {
  assert.deepEqual(soakArguments([], {}).scenarios, ["mixed"]);
  assert.equal(soakArguments([], { SOAK_MINUTES: "3" }).mixedSeconds, 180);
  assert.equal(soakArguments(["hostile", "--minutes", "2"], {}).otherSeconds, 120);
  assert.equal(soakArguments(["all"], {}).scenarios.length, 10);
  assert.throws(() => soakArguments(["gentle"], {}), /no scenario is called gentle/);
  assert.throws(() => soakArguments(["--seconds", "0"], {}), /--seconds "0" is no whole number above 0/);
  assert.throws(() => soakArguments(["--seconds", "1", "--minutes", "1"], {}), /say two things/);
});

test("it runs, and prints its tables", { timeout: 600_000 }, async () => {
  // At this rate no machine falls behind.
  const { code, out, err } = await run("soak", ["mixed", "headers", "--seconds", "4", "--rate", "30"]);
  assert.equal(code, 0, err);
  for (const row of [/\| doubled keys +\| +0 \|/, /\| replay +\| 201 × \d+ +\|/, /\| headers +\|/, /\| key of 30 KB +\| 400 key-invalid × \d+/]) assert.match(out, row);
});
