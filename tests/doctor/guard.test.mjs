// The doctor and a real guard: what it says of keys that were really sent.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { doctor, flat, kinds, report } from "./doctor.mjs";
import { startAccess } from "../browser/cloudflare-access.mjs";
import { ALICE, startGuard, TOKEN } from "./guard.mjs";

const SCOPE = ["--scope", `header:authorization=${ALICE}`];
const env = { ADMIN_TOKEN: TOKEN };
let guard;

before(async () => (guard = await startGuard()));
after(() => guard.stop());

function ask(...args) {
  return report([guard.url, ...args, ...SCOPE], { env });
}

test("an order that was sent twice under one key", async () => {
  await guard.order({ key: "once" });
  const replay = await guard.order({ key: "once" });
  const found = await ask("once", '"once"');
  assert.deepEqual([found.code, kinds(found)], [0, []]);
  const [byKey, byHeader] = found.records;
  assert.deepEqual([byKey.state, byKey.answer.status, byKey.record], ["done", 201, byHeader.record]);
  assert.match(byKey.notes.join(" "), /sent to the origin once, .* answered 201/);
  assert.ok(replay.headers.get("cache-status").includes(byKey.record));
  assert.equal((await ask(byKey.record)).records[0].claim, byKey.claim);
});

test("an order that was sent under two keys, and its log", async () => {
  await guard.order({ key: "attempt-1", item: "coffee" });
  await guard.order({ key: "attempt-2", item: "coffee" });
  await guard.order({ item: "coffee" });
  assert.deepEqual(kinds(await ask("attempt-1", "attempt-2")), ["new-key-per-attempt"]);
  const log = await guard.log(5);
  const found = await ask("attempt-1", "--log", log, "--near", "5s");
  assert.deepEqual(new Set(kinds(found)), new Set(["new-key-per-attempt", "no-key"]));
  assert.deepEqual(found.records[0].history.lines.map(({ outcome }) => outcome), ["first"]);
  const period = await report(["--log", log]);
  assert.deepEqual(kinds(period), ["new-key-per-attempt", "no-key"]);
});

test("an answer that is sealed is shown to who names its key", async () => {
  await guard.order({ key: "sealed", path: "/sealed" });
  const asked = (...args) => doctor([guard.url, ...args, ...SCOPE], { env });
  const { records: [record] } = await ask("sealed");
  assert.deepEqual([record.answer.body, record.answer.headers], ["sealed", []]);
  assert.match(record.notes.join(" "), /sealed: ask with its key and --answer/);
  const { out } = await asked("sealed", "--answer");
  assert.match(out, /^ {2}201\n(?: {2}\S+: .*\n)+\n {2}\{\}$/m);
  const byId = await asked(record.record, "--answer");
  assert.match(byId.out, /The answer is sealed/);
  assert.doesNotMatch(byId.out, /\{\}/);
});

test("what a retry does not get of an answer", async () => {
  await guard.order({ key: "head", path: "/head" });
  assert.match((await ask("head")).records[0].notes.join(" "), /does not get all of the answer, .*: body\./);
});

test("an outcome that nobody knows, and the command that settles it", async () => {
  assert.equal((await guard.order({ key: "lost", path: "/lost" })).status, 502);
  const { code, findings, records } = await ask("lost");
  assert.deepEqual([code, findings[0].kind, findings[0].reason], [1, "outcome-unknown", "connection-lost"]);
  const [, url, body] = findings[0].command.match(/^curl -X POST (\S+) -H "[^"]*" -d '(.*)'$/);
  const headers = { authorization: `Bearer ${TOKEN}` };
  assert.equal((await fetch(url, { method: "POST", headers, body })).status, 200);
  assert.deepEqual(kinds(await ask(records[0].record)), ["no-record"]);
});

test("every outcome that is unknown, with the command that ends each", async () => {
  const alone = await startGuard();
  const unknown = () => report([alone.url, "--unknown"], { env });
  try {
    assert.match((await doctor([alone.url, "--unknown"], { env })).out, /^No outcome is unknown\.$/m);
    await alone.order({ key: "known" });
    for (const key of ["first", "second"]) await alone.order({ key, path: "/lost" });
    const { code, findings, records } = await unknown();
    assert.deepEqual([code, findings.map(({ kind }) => kind)], [1, ["outcome-unknown", "outcome-unknown"]]);
    assert.deepEqual(records.map(({ method, route, reason }) => [method, route, reason]), Array(2).fill(["POST", "*", "connection-lost"]));
    assert.ok(records[0].claimed_at >= records[1].claimed_at, "the newest first");
    assert.match(findings[0].what, /\(POST \*, 20/);
    for (const { command } of findings) {
      const [, url, body] = command.match(/^curl -X POST (\S+) -H "[^"]*" -d '(.*)'$/);
      assert.equal((await fetch(url, { method: "POST", headers: { authorization: `Bearer ${TOKEN}` }, body })).status, 200);
    }
    assert.deepEqual(kinds(await unknown()), []);
    const log = await alone.log(7);
    const period = await report(["--log", log]);
    assert.ok(!kinds(period).includes("outcome-unknown"), "the log tells that both have ended");
    const { history } = (await report([records[0].record, "--log", log])).records[0];
    assert.deepEqual(history.lines.map(({ outcome, code }) => `${outcome} ${code}`), ["unknown connection-lost", "refused outcome-unknown", "ended freed", "operator not-processed"]);
  } finally {
    await alone.stop();
  }
});

test("what the origin says when it is asked", async () => {
  const alone = await startGuard();
  try {
    for (const key of ["silent", "there"]) assert.equal((await alone.order({ key, path: "/asked" })).status, 502);
    assert.equal((await alone.order({ key: "silent", path: "/asked" })).status, 502);
    const settled = await alone.order({ key: "there", path: "/asked" });
    assert.deepEqual([settled.status, settled.headers.get("idempotency-replayed")], [200, "true"]);
    const open = await report([alone.url, "--unknown"], { env });
    assert.deepEqual(kinds(open), ["outcome-unknown"]);
    assert.match(open.findings[0].what, /The origin was asked one time, last on 20\S+, and said nothing that could be understood, with status 200\./);
    const { records, code } = await report([alone.url, "there", ...SCOPE], { env });
    assert.match(records[0].notes.join(" "), /nobody knew; the origin, asked on 20\S+, had carried it out/);
    assert.equal(code, 0);
    const log = await alone.log(9);
    const { history } = (await report([alone.url, "there", ...SCOPE, "--log", log], { env })).records[0];
    assert.deepEqual(history.lines.map(({ outcome, code }) => `${outcome} ${code}`), ["unknown connection-lost", "refused outcome-unknown", "probe found", "ended settled", "replayed settled"]);
  } finally {
    await alone.stop();
  }
});

test("an outcome that an operator resolved does not pass for the origin's answer", async () => {
  await guard.order({ key: "resolved", path: "/lost" });
  const { records: [{ record, claim }] } = await ask("resolved");
  const headers = { authorization: `Bearer ${TOKEN}` };
  const body = JSON.stringify({ claim, outcome: "answer", status: 201 });
  assert.equal((await fetch(`${guard.url}/.onlyonce/records/${record}/resolve`, { method: "POST", headers, body })).status, 200);
  await guard.order({ key: "resolved", path: "/lost" });
  const found = await ask("resolved");
  assert.deepEqual([found.code, kinds(found)], [1, ["resolved"]]);
  assert.match(found.findings[0].what, /^An operator, not the origin, answered 201 on 20\d\d-/);
  assert.match(found.records[0].notes[0], /How that ended nobody knew; an operator gave the answer 201/);
  const { out } = await doctor([guard.url, "resolved", ...SCOPE, "--log", await guard.log(2)], { env });
  assert.doesNotMatch(out, /Nothing is wrong|origin answered 201|which answered 201/);
  assert.match(out, /operator resolved +201\n/);
  assert.match(out, /replayed resolved +201/);
});

test("a key that an operator has freed", async () => {
  await guard.order({ key: "freed" });
  const { records } = await ask("freed");
  const headers = { authorization: `Bearer ${TOKEN}` };
  assert.equal((await fetch(`${guard.url}/.onlyonce/records/${records[0].record}`, { method: "DELETE", headers })).status, 200);
  assert.deepEqual(kinds(await ask("freed")), ["forgotten"]);
});

test("a key that its caller gave up, in its record, its history and a period", async () => {
  const alone = await startGuard();
  try {
    const headers = { authorization: ALICE, "idempotency-key": "given-up" };
    assert.equal((await fetch(`${alone.url}/.onlyonce/key?path=/orders`, { method: "DELETE", headers })).status, 200);
    assert.equal((await alone.order({ key: "given-up" })).status, 409);
    const asked = [alone.url, "given-up", ...SCOPE];
    const found = await report(asked, { env });
    assert.deepEqual([found.code, kinds(found), found.records[0].state], [1, ["fenced"], "fenced"]);
    assert.match(found.findings[0].what, /gave this key up .* until 20\d\d-\S+ whatever comes under it is refused/);
    const log = await alone.log(2);
    const { code, out } = await doctor([...asked, "--log", log], { env });
    assert.equal(code, 1);
    assert.match(out, /Z {2}fenced +by its caller, \*\n {2}20\S+ {2}refused key-fenced +409/);
    assert.doesNotMatch(out, /Nothing is wrong/);
    assert.deepEqual(kinds(await report(["--log", log])), ["fenced"]);
  } finally {
    await alone.stop();
  }
});

test("a key that nobody sent, or that was asked for without its owner", async () => {
  const nobody = await ask("never-sent");
  assert.deepEqual(kinds(nobody), ["no-record"]);
  await guard.order({ key: "owned" });
  const { code, out } = await doctor([guard.url, "owned"], { env });
  assert.equal(code, 1);
  assert.match(flat(out), /belongs to a caller with a credential, and this asked for one without/);
});

test("64 hex digits may be a key", async () => {
  const key = "0123456789abcdef".repeat(4);
  await guard.order({ key });
  const [record] = (await ask(key)).records;
  assert.deepEqual([record.state, record.key], ["done", key]);
});

/** Nothing could be asked: one sentence, and how to mend it. */
async function refused(args, options, sentence, cure) {
  const { code, out, err } = await doctor(args, options);
  assert.deepEqual([code, out], [2, ""]);
  assert.match(err, sentence);
  assert.match(err, cure);
}

test("a guard that cannot be asked", async () => {
  await refused([guard.url, "k"], { env: { ADMIN_TOKEN: "wrong" } }, /refused the token \(401\)/, /set ADMIN_TOKEN to the value/);
  await refused([guard.url, "k"], {}, /no token/, /ADMIN_TOKEN=…/);
  await refused([guard.origin, "k"], { env }, /answered 404|answered 201 .*as no Onlyonce does/, /not that of the origin/);
  await refused(["http://127.0.0.1:9", "k"], { env }, /cannot be reached/, /npm start/);
  await refused([guard.url, "x".repeat(300)], { env }, /could not answer about the key .*1 to 255 characters/, /./);
});

test("a guard whose operator has no token", async () => {
  const mute = await startGuard({ token: "" });
  await refused([mute.url, "k"], { env }, /ADMIN_TOKEN is not set/, /wrangler secret put ADMIN_TOKEN/).finally(mute.stop);
});

test("a question that is none", async () => {
  await refused([], {}, /neither a <url>/, /npm run doctor/);
  await refused([guard.url], { env }, /nothing to ask/, /name a key/);
  await refused(["--unknown", "--log", "x"], {}, /no <url> is given/, /--unknown/);
  await refused([guard.url, "--unknown"], {}, /no token/, /ADMIN_TOKEN=…/);
  await refused(["127.0.0.1:18787", "k"], { env }, /<url> "127\.0\.0\.1:18787" has no scheme/, /write http:\/\/127\.0\.0\.1:18787/);
  await refused(["api.example.com", "k", "--log", "x"], { env }, /has no scheme/, /https:/);
  await refused(["http://", "k"], { env }, /is not a URL/, /https:/);
  await refused(["a-key", "--log", "x"], {}, /is no record id/, /add the <url>/);
  await refused([guard.url, "k", "--scope", "alice"], { env }, /no part of a scope/, /--scope 'header:/);
  await refused(["--log", "x", "--since", "yesterday"], {}, /--since "yesterday" is no time/, /2026-/);
  // JavaScript reads each of these as some day.
  for (const text of ["2", "2026", "1 2", "22.11.2026", "2026-11-22T21:00"]) {
    await refused(["--log", "x", "--since", text], {}, new RegExp(`--since "${text}" is no time`), /2026-11-22 \(UTC\)/);
    await refused(["--log", "x", "--until", text], {}, /--until/, /2h/);
  }
  await refused(["--log", "x", "--near", "10"], {}, /--near "10" is no span/, /30s/);
  await refused(["--log", "x", "--since", "1h", "--until", "2h"], {}, /later than --until/, /exchange/);
  await refused(["--loud"], {}, /--loud/, /npm run doctor/);
  assert.deepEqual((await doctor(["--help"])).code, 0);
});

test("behind Cloudflare Access it shows a service token, and needs no other", async () => {
  const undo = [];
  const access = await startAccess(undo);
  const more = [`ACCESS_TEAM=${access.team}`, `ACCESS_AUD=${access.audience}`];
  const behind = await startGuard({ token: null, more });
  try {
    access.standBefore(behind.url);
    await behind.order({ key: "lost", path: "/lost" });
    const { id, secret } = access.service;
    const service = { CF_ACCESS_CLIENT_ID: id, CF_ACCESS_CLIENT_SECRET: secret };
    const found = await report([access.url, "--unknown"], { env: service });
    assert.deepEqual(kinds(found), ["outcome-unknown"]);
    const asked = [access.url, "--unknown"];
    await refused(asked, { env: { ...service, CF_ACCESS_CLIENT_SECRET: "wrong" } }, /leads on to .*\/cdn-cgi\/access\/login\/guard\n/, /CF_ACCESS_CLIENT_ID and CF_ACCESS_CLIENT_SECRET/);
    await refused(asked, { env: { CF_ACCESS_CLIENT_ID: id } }, /CF_ACCESS_CLIENT_SECRET is not set/, /set both/);
    await refused([behind.url, "--unknown"], { env: service }, /the request names no operator; come through the Access application/, /./);
  } finally {
    await behind.stop();
    for (const end of undo) end();
  }
});
