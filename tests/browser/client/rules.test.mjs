// The client's rules that need no browser: what an answer means, when to send again, when an item
// is stale. The modules are the shipped ones.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { afterUnknown, outcomeOf, problemOf } from "../../../www/client/answer.js";
import { TOKENS } from "../../../www/client/form-request.js";
import { headerValue } from "../../../www/client/key.js";
import { staleness } from "../../../www/client/outbox-item.js";
import { RETRY_POLICY, retryDelay, retryAfter } from "../../../www/client/retry.js";

const MINUTE = 60_000;
const REPLAYED = { "idempotency-replayed": "true" };
const GUARD = { "cache-status": "onlyonce; detail=x", "content-type": "application/problem+json" };
const KEPT = { "cache-status": 'onlyonce; fwd=miss; stored; key="a"' };
const HIT = { ...REPLAYED, "cache-status": 'edge; fwd=miss, onlyonce; hit; key="a"' };
const SHARED = { ...REPLAYED, "cache-status": 'onlyonce; fwd=miss; collapsed; key="a", other; hit' };
const SOON = { "retry-after": "1" };

for (const [status, headers, problem, outcome, again] of [
  [201, {}, null, "final", false],
  [404, {}, null, "final", false],
  [401, {}, null, "not-processed", false],
  [429, {}, null, "not-processed", true],
  [425, {}, null, "not-processed", true],
  [408, {}, null, "not-processed", true],
  [408, REPLAYED, null, "final", false],
  [408, HIT, null, "final", false],
  [429, KEPT, null, "final", true],
  [429, HIT, null, "final", false],
  [429, SHARED, null, "not-processed", true],
  [201, SHARED, null, "final", false],
  [411, {}, null, "not-processed", false],
  [417, {}, null, "not-processed", false],
  [421, {}, null, "not-processed", false],
  [426, {}, null, "not-processed", false],
  [428, {}, null, "not-processed", false],
  [431, {}, null, "not-processed", false],
  [511, {}, null, "not-processed", false],
  [409, {}, null, "final", false],
  [409, SOON, null, "not-processed", false],
  [423, SOON, null, "not-processed", false],
  [500, {}, null, "unknown", false],
  [502, {}, null, "unknown", true],
  [504, {}, null, "unknown", true],
  [503, {}, null, "unknown", true],
  [503, SOON, null, "not-processed", true],
  [503, REPLAYED, null, "unknown", false],
  [201, REPLAYED, null, "final", false],
  [521, {}, null, "not-processed", false],
  [409, GUARD, { code: "in-progress", retryable: true }, "unknown", true],
  [503, GUARD, { code: "guard-unavailable", retryable: true }, "unknown", true],
  [504, GUARD, { code: "outcome-unknown", retryable: false }, "unknown", false],
  [503, GUARD, { code: "origin-busy", retryable: true }, "not-processed", true],
  [422, GUARD, { code: "key-reused", retryable: false }, "unknown", false],
  [409, GUARD, { code: "credential-changed", retryable: false }, "final", false],
  [409, GUARD, { code: "response-not-kept", retryable: false }, "final", false],
  [413, GUARD, { code: "body-too-large", retryable: false }, "not-processed", false],
  [408, GUARD, { code: "request-incomplete", retryable: true }, "not-processed", true],
  [400, GUARD, { code: "address-invalid", retryable: false }, "not-processed", false],
  [500, GUARD, { code: "misconfigured", retryable: false }, "not-processed", false],
  [502, GUARD, { code: "loop-detected", retryable: false }, "unknown", false],
  [503, GUARD, { code: "of-a-later-version", retryable: false }, "unknown", false],
]) {
  test(`${status} ${problem?.code ?? Object.values(headers)} is ${outcome}, ${again ? "worth another attempt" : "not sent again"}`, async () => {
    const response = new Response(problem && JSON.stringify(problem), { status, headers });
    const found = await problemOf(response);
    assert.deepEqual(found, problem);
    assert.equal(outcomeOf(response, found), outcome);
    assert.equal(retryDelay({ response, problem: found, ms: 1 }, 1, RETRY_POLICY) !== null, again);
  });
}

for (const [what, headers] of [
  ["without Cache-Status", { "content-type": "application/problem+json" }],
  ["of another cache", { ...GUARD, "cache-status": "notonlyonce; hit" }],
  ["in another type, of an answer that is none", { ...GUARD, "cache-status": "onlyonce; fwd=bypass; detail=observe", "content-type": "application/json" }],
]) {
  test(`a problem ${what} is not the guard's`, async () => {
    const response = new Response('{"code":"in-progress","retryable":true}', { status: 409, headers });
    assert.equal(await problemOf(response), null);
    assert.equal(outcomeOf(response, null), "final");
  });
}

for (const [code, again, outcome] of [["in-progress", "true", "unknown"], ["key-fenced", "false", "not-processed"]]) {
  test(`a refusal in the shape of another protocol is known by its headers: ${code}`, async () => {
    const headers = { "cache-status": `edge; fwd=miss, onlyonce; detail=${code}`, "x-should-retry": again, "content-type": "application/json" };
    const response = new Response('{"error":{"type":"idempotency_error","code":"x"}}', { status: 409, headers });
    const problem = await problemOf(response);
    assert.deepEqual(problem, { code, retryable: again === "true", status: 409 });
    assert.equal(outcomeOf(response, problem), outcome);
  });
}

for (const [code, outcome] of [["origin-busy", "unknown"], ["key-fenced", "not-processed"]]) {
  test(`${code} after an attempt of unknown outcome is ${outcome}`, () => {
    const response = new Response();
    afterUnknown.add(response);
    assert.equal(outcomeOf(response, { code, retryable: false }), outcome);
  });
}

test("a problem is the guard's where others stand in Cache-Status beside it", async () => {
  const headers = { ...GUARD, "cache-status": "edge; fwd=miss, onlyonce, other" };
  assert.equal((await problemOf(new Response('{"code":"x"}', { headers }))).code, "x");
});

for (const [value, date, ms] of [
  [null, null, 0],
  ["3", null, 3000],
  ["1.5", null, 1500],
  ["soon", null, 0],
  ["-1", null, 0],
  ["Sun, 01 Jan 2023 00:01:00 GMT", "Sun, 01 Jan 2023 00:00:00 GMT", 60_000],
  ["Sun, 01 Jan 2023 00:00:00 GMT", "Sun, 01 Jan 2023 00:01:00 GMT", 0],
]) {
  test(`Retry-After: ${value} is ${ms} ms, by the server's clock`, () => {
    const headers = new Headers(Object.entries({ "retry-after": value, date }).filter(([, value]) => value !== null));
    assert.equal(retryAfter(headers), ms);
  });
}

test("the pause doubles, is random below that, and has an end", () => {
  const pauses = (number) => Array.from({ length: 300 }, () => retryDelay({ error: new Error(), ms: 1 }, number, { ...RETRY_POLICY, attempts: 20 }));
  for (const [number, most] of [[1, 500], [2, 1000], [3, 2000], [10, 20_000]]) {
    const drawn = pauses(number);
    assert.ok(Math.max(...drawn) <= most && Math.max(...drawn) > most * 0.9, `${Math.max(...drawn)} of ${most}`);
    assert.ok(Math.min(...drawn) < most * 0.1);
  }
  assert.equal(retryDelay({ error: new Error(), ms: 1 }, 5, RETRY_POLICY), null);
});

for (const [passed, window, stale] of [
  [null, 24 * 60, false],
  [0, 24 * 60, false],
  [24 * 60 - 10, 24 * 60, false],
  [24 * 60 - 9, 24 * 60, true],
  [-1, 24 * 60, false],
  [-2, 24 * 60, true],
  [0, 9, true],
]) {
  test(`first sent ${passed} minutes ago with a window of ${window} is ${stale ? "stale" : "fresh"}`, () => {
    const firstAttemptAt = passed === null ? null : 1e12 - passed * MINUTE;
    const server = { now: 1e12, window: window * MINUTE };
    assert.equal(staleness({ firstAttemptAt, window: 24 * 60 * MINUTE }, server) !== null, stale);
  });
}

test("a key is written as a structured-field string", () => {
  assert.equal(headerValue("a"), '"a"');
  assert.equal(headerValue('a"b\\c'), '"a\\"b\\\\c"');
  assert.throws(() => headerValue("x".repeat(256)), /is not 1 to 255 ASCII characters: use newKey\(\)\.$/);
});

test("the fields that a form is compared without are the guard's", async () => {
  const guard = await readFile(new URL("../../../src/guard/known_names.rs", import.meta.url), "utf8");
  const [list] = /FORM_FIELDS: [^]*?\n\];/.exec(guard);
  const names = [...list.matchAll(/^ *(?:&\[)?((?:"[^" ]+",? ?)+)\]?,?$/gm)].flatMap(([, line]) => [...line.matchAll(/"([^"]+)"/g)].map(([, name]) => name));
  assert.ok(names.length >= 30, `${names.length} names`);
  for (const name of names) {
    for (const written of [name, `order[${name}]`, `order[shipping][${name}]`]) assert.ok(TOKENS.test(written), written);
    const others = [`x${name}`, `${name}x`, `${name}[]`, `${name}[item]`, `order[x${name}]`].filter((other) => !names.includes(other));
    for (const other of others) assert.ok(!TOKENS.test(other), other);
  }
  for (const other of ["item", "token", "order[token]", "_csrf-token", "_CSRF", "__viewstate", "javax_faces_ViewState", "frc_token", "captcha"]) assert.ok(!TOKENS.test(other), other);
});
