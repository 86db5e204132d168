// What the doctor makes of a period's log.
import assert from "node:assert/strict";
import { test } from "node:test";
import { A, B, doctor, guardLine, kinds, line, logFile, report } from "./doctor.mjs";

async function check(lines, expected, args = []) {
  const found = await report(["--log", logFile(lines), ...args]);
  assert.deepEqual(kinds(found), expected);
  assert.equal(found.code, expected.length > 0 ? 1 : 0);
  return found;
}

test("retries that joined or got a replay are how it is meant to be", async () => {
  const lines = [line(0, A), line(1, { ...A, outcome: "joined" }), line(9, { ...A, outcome: "replayed" })];
  const { period, read } = await check(lines, []);
  assert.deepEqual(period.outcomes, { first: 1, joined: 1, replayed: 1 });
  assert.equal(read.guarded, 3);
  assert.match((await doctor(["--log", logFile(lines)])).out, /nothing was carried out twice/);
});

test("one record under two claims within one window", async () => {
  const { findings } = await check([line(0, A), line(40, { ...A, claim: "33333333" })], ["executed-twice"], ["--window", "24h"]);
  assert.deepEqual([findings[0].record, findings[0].claims, findings[0].apart_ms], [A.record, ["11111111", "33333333"], 40_000]);
});

test("a second claim after the window is a new operation", async () => {
  await check([line(0, A), line(40, { ...A, claim: "33333333" })], ["two-windows"], ["--window", "30s"]);
});

test("a derived key is remembered for moments only", async () => {
  const derived = { ...A, source: "derived" };
  await check([line(0, derived), line(40, { ...derived, claim: "33333333" })], ["derived-again"]);
});

test("an answer that was not kept is an execution too", async () => {
  await check([line(0, { ...A, outcome: "not-kept" }), line(40, { ...A, claim: "33333333" })], ["executed-twice"]);
});

test("a resend is the same claim, and released frees the key", async () => {
  const released = { ...A, outcome: "released", claim: undefined };
  await check([line(0, released), line(2, A), line(4, { ...A, attempt: 2 })], []);
});

test("the same request under two keys within seconds", async () => {
  const { findings } = await check([line(0, A), line(3, B)], ["new-key-per-attempt"]);
  assert.deepEqual(findings[0].examples[0].records, [A.record, B.record]);
  assert.equal(findings[0].examples[0].apart_ms, 3_000);
});

test("the same request under two keys, far apart or of another kind, is none of it", async () => {
  await check([line(0, A), line(40, B)], []);
  await check([line(0, A), line(40, B)], ["new-key-per-attempt"], ["--near", "1m"]);
  await check([line(0, A), line(3, { ...B, fingerprint: "0".repeat(16) })], []);
  await check([line(0, A), line(3, { ...B, outcome: "refused", code: "key-reused" })], []);
});

test("writes without a key, by endpoint", async () => {
  const keyless = { outcome: "bypass" };
  const { findings } = await check([line(0, keyless), line(1, keyless), line(2, { ...keyless, method: "PATCH" })], ["no-key"]);
  assert.deepEqual(findings[0].endpoints, { "POST /orders/**": 2, "PATCH /orders/**": 1 });
});

test("what nobody knows, what was unguarded, what was only watched", async () => {
  const unknown = { ...A, outcome: "refused", code: "outcome-unknown", status: 502 };
  const lines = [line(0, unknown), line(1, unknown), line(2, { outcome: "fail-open" }), line(3, { ...B, outcome: "observed", would: "replay" })];
  const { findings, period } = await check(lines, ["outcome-unknown", "fail-open", "observed"]);
  assert.deepEqual(findings[0].records, [A.record]);
  assert.match(findings[0].next, /<url> --unknown/);
  assert.deepEqual(findings[2].endpoints, { "POST /orders/**, would replay": 1 });
  assert.deepEqual(period.refusals, { "outcome-unknown": 2 });
});

test("messages that went to the dead letters, by their reason", async () => {
  const dead = { ...A, outcome: "dead-letter", code: "outcome-unknown", queue: "orders" };
  const malformed = `guard | 2026-11-22T21:00:01Z {"outcome":"dead-letter","code":"malformed","queue":"orders","detail":"it has no path"}`;
  const { findings } = await check([line(0, dead), malformed], ["dead-letter"]);
  assert.deepEqual(findings[0].reasons, { "outcome-unknown in orders": 1, "malformed in orders": 1 });
});

test("a period is what was asked for", async () => {
  const lines = [line(0, A), line(30, B), line(50, { outcome: "bypass" })];
  const { read } = await check(lines, [], ["--since", "2026-11-22T21:00:20Z", "--until", "2026-11-22T21:00:40Z"]);
  assert.deepEqual([read.guarded, read.outside], [1, 2]);
});

test("times far apart in the file's order are near all the same", async () => {
  // Isolates far from each other write one log.
  await check([line(3, B), line(0, A)], ["new-key-per-attempt"]);
});

test("without times nothing is called near", async () => {
  const found = await check([guardLine(A), guardLine(B)], []);
  assert.equal(found.read.untimed, 2);
  assert.match((await doctor(["--log", logFile([guardLine(A)])])).out, /Without a time: one line/);
});

test("what one credential was refused, another may be carried out", async () => {
  await check([line(0, { ...A, status: 404 }), line(40, { ...A, claim: "33333333" })], [], ["--window", "24h"]);
  await check([line(0, A), line(40, { ...A, claim: "33333333", status: 404 })], ["executed-twice"], ["--window", "24h"]);
});

test("requests with cookies alone, where the policy does not look at them", async () => {
  const advice = { advice: "scope-by-cookie" };
  const { findings } = await check([line(0, { ...A, ...advice }), line(9, { ...A, ...advice, outcome: "replayed" })], ["scope-by-cookie"]);
  assert.deepEqual(findings[0].endpoints, { "POST /orders/**": 2 });
  assert.match(findings[0].next, /scope = \["cookie:<name>"\]/);
});

test("what the shards tell of unknown outcomes, whoever heard it", async () => {
  const told = (outcome, code) => ({ outcome, code, route: "/orders/**", method: "POST", record: A.record, claim: A.claim, attempt: 1, since_first_ms: 5 });
  const at = (second, members) => `guard | ${new Date(Date.UTC(2026, 10, 22, 21, 0, second)).toISOString()} ${JSON.stringify(members)}`;
  const refused = line(4, { ...A, outcome: "refused", code: "outcome-unknown", status: 502 });
  const { findings } = await check([line(0, B), at(3, told("unknown", "restarted"))], ["outcome-unknown"]);
  assert.deepEqual(findings[0].records, [A.record]);
  await check([line(0, B), at(3, told("unknown", "restarted")), refused, at(9, told("ended", "answered"))], []);
  // A request's line may come behind the shard's.
  await check([line(0, B), at(3, told("unknown", "restarted")), at(4, told("ended", "answered")), refused], []);
});
