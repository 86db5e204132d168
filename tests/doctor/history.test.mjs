// What the doctor makes of one record's lines in a log, and of those beside them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { A, B, doctor, flat, kinds, line, logFile, report } from "./doctor.mjs";

async function check(lines, expected, args = []) {
  const found = await report([A.record, "--log", logFile(lines), ...args]);
  assert.deepEqual(kinds(found), expected);
  return found.records[0];
}

test("one execution, its waiter and its replay, in the order of time", async () => {
  const lines = [line(5, { ...A, outcome: "replayed" }), line(0, { ...A, outcome: "joined" }), line(1, A), line(2, { ...B, fingerprint: "0".repeat(16) })];
  const { history, notes } = await check(lines, []);
  assert.deepEqual(history.lines.map(({ outcome }) => outcome), ["joined", "first", "replayed"]);
  assert.deepEqual(history.beside, []);
  assert.match(notes[0], /3 requests under this key, all in one retry window and of one claim: 1 first, 1 joined, 1 replayed/);
});

test("the duplicate came under another key, before or after", async () => {
  const between = line(2, { ...A, record: "c".repeat(16), fingerprint: "0".repeat(16) });
  for (const lines of [[line(0, A), between, line(4, B)], [line(0, B), between, line(4, A)]]) {
    const { history } = await check(lines, ["new-key-per-attempt"]);
    assert.deepEqual(history.beside.map(({ record }) => record), [B.record]);
  }
});

test("the duplicate may have come without a key", async () => {
  await check([line(0, A), line(4, { outcome: "bypass" })], ["no-key"]);
  await check([line(0, A), line(4, { outcome: "bypass", method: "PATCH" })], []);
  await check([line(0, A), line(40, { outcome: "bypass" })], []);
});

test("a second claim, by the time between", async () => {
  const lines = [line(0, A), line(40, { ...A, claim: "33333333" })];
  await check(lines, ["executed-twice"], ["--window", "24h"]);
  await check(lines, ["two-windows"], ["--window", "40s"]);
});

test("an outcome that nobody knew, and a policy that only watched", async () => {
  await check([line(0, { ...A, outcome: "refused", code: "outcome-unknown" }), line(1, A)], ["was-unknown"]);
  await check([line(0, A), line(1, { ...A, outcome: "observed", would: "replay" })], ["observed"]);
});

function act(second, code, members = {}) {
  const at = new Date(Date.UTC(2026, 10, 22, 21, 0, second)).toISOString();
  return `guard | ${at} ${JSON.stringify({ outcome: "operator", code, record: A.record, ...members })}`;
}

test("what an operator did is told, and explains a second claim", async () => {
  const lines = [line(0, A), act(20, "not-processed", { claim: A.claim }), line(40, { ...A, claim: "33333333" })];
  await check(lines, ["freed-by-operator", "operator"], ["--window", "24h"]);
  await check([line(0, A), act(50, "forgotten"), line(40, { ...A, claim: "33333333" })], ["executed-twice", "operator"], ["--window", "24h"]);
  // An answer frees no key.
  const answered = [line(0, A), act(20, "resolved", { claim: A.claim, status: 201 }), line(40, { ...A, claim: "33333333" })];
  await check(answered, ["executed-twice", "operator"], ["--window", "24h"]);
  assert.deepEqual(kinds(await report(["--log", logFile(answered), "--window", "24h"])), ["executed-twice", "operator"]);
  const resolved = await check([line(0, A), act(20, "resolved", { claim: A.claim, status: 201 })], ["operator"]);
  assert.match(resolved.notes[0], /one request under this key/);
  const period = await report(["--log", logFile(lines), "--window", "24h"]);
  assert.deepEqual(kinds(period), ["freed-by-operator", "operator"]);
  assert.deepEqual([period.read.guarded, period.read.acts, period.period.outcomes], [2, 1, { first: 2 }]);
});

test("what the origin did not have explains a second claim", async () => {
  const ended = (second, code) => act(second, code, { claim: A.claim, route: "/orders", method: "POST" }).replace('"operator"', '"ended"');
  const second = line(40, { ...A, claim: "33333333" });
  const lines = [line(0, A), act(10, "no-word").replace('"operator"', '"probe"'), ended(20, "absent"), second];
  await check(lines, ["freed-by-origin"], ["--window", "24h"]);
  assert.deepEqual(kinds(await report(["--log", logFile(lines), "--window", "24h"])), ["freed-by-origin"]);
  for (const other of [ended(20, "settled"), ended(50, "absent")]) {
    await check([line(0, A), other, second], ["executed-twice"], ["--window", "24h"]);
  }
});

test("what stayed unknown, was freed and came again may have been carried out twice", async () => {
  const told = (second, outcome, code, claim = A.claim) => act(second, code, { claim, route: "/orders", method: "POST" }).replace('"operator"', `"${outcome}"`);
  const second = line(40, { ...A, claim: "33333333" });
  const refused = line(1, { ...A, outcome: "refused", code: "outcome-unknown", status: 502 });
  const open = [told(0, "unknown", "connection-lost"), refused];
  for (const [freed, kinds] of [[[told(20, "ended", "absent")], ["freed-by-origin", "was-unknown"]], [[told(20, "ended", "freed"), act(20, "not-processed", { claim: A.claim })], ["freed-by-operator", "operator", "was-unknown"]]]) {
    await check([...open, ...freed, second], kinds, ["--window", "24h"]);
    const period = await report(["--log", logFile([...open, ...freed, second]), "--window", "24h"]);
    assert.match(period.findings[0].what, /may have been carried out twice/);
  }
  // A late answer of the same claim, and a window that has ended.
  await check([...open, told(20, "ended", "answered"), line(21, A)], ["was-unknown"], ["--window", "24h"]);
  await check([...open, told(20, "ended", "expired"), second], ["was-unknown"], ["--window", "10s"]);
});

test("a key that its caller gave up", async () => {
  const fence = `guard | 2026-11-22T21:00:03.000Z {"outcome":"fenced","route":"/orders/**","record":"${A.record}"}`;
  const refused = line(4, { ...A, claim: undefined, outcome: "refused", code: "key-fenced", status: 409 });
  const { history } = await check([fence, refused], ["fenced"]);
  assert.deepEqual(history.lines.map(({ outcome }) => outcome), ["fenced", "refused"]);
  await check([refused], ["fenced"]);
  const { findings, read } = await report(["--log", logFile([fence, refused])]);
  assert.deepEqual([findings.map(({ kind, records }) => [kind, records]), read.guarded, read.acts], [[["fenced", [A.record]]], 1, 1]);
});

test("a record that the log does not know", async () => {
  await check([line(0, B)], ["not-in-log"]);
});

test("the history as a person reads it", async () => {
  const { code, out } = await doctor([A.record, "--log", logFile([line(0, A), line(1, { ...A, outcome: "joined" }), line(4, B)])]);
  assert.equal(code, 1);
  const rows = out.split("\n").filter((row) => /^[ ?] 2026/.test(row));
  assert.deepEqual(rows, [
    "  2026-11-22T21:00:00.000Z  first             201  POST /orders/**  100 ms  claim 11111111",
    "  2026-11-22T21:00:01.000Z  joined            201  POST /orders/**  100 ms  claim 11111111",
    "? 2026-11-22T21:00:04.000Z  first             201  POST /orders/**  100 ms  record bbbbbbbbbbbbbbbb",
  ]);
  assert.match(flat(out), /new-key-per-attempt: .* 4\.0 s apart/);
});
