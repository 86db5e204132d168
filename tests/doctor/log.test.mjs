// The forms in which a log comes, whole and broken.
import assert from "node:assert/strict";
import { createWriteStream } from "node:fs";
import { once } from "node:events";
import { test } from "node:test";
import { A, B, doctor, flat, guardLine, kinds, line, logFile, report } from "./doctor.mjs";

const AT = Date.UTC(2026, 10, 22, 21);

/** An event as `wrangler tail --format json` writes it. */
function event(message, at = AT) {
  const request = { url: "https://api.example.com/orders", method: "POST", headers: {}, cf: {} };
  const log = { level: "log", message: [message], timestamp: at };
  return JSON.stringify({ outcome: "ok", scriptName: "onlyonce", exceptions: [], logs: [log], eventTimestamp: at - 100, event: { request } }, null, 2);
}

test("wrangler tail's events, over many lines", async () => {
  const file = logFile([event(JSON.stringify(guardLine(A))), event(JSON.stringify(guardLine(B)), AT + 3_000)]);
  const found = await report(["--log", file]);
  assert.deepEqual(kinds(found), ["new-key-per-attempt"]);
  assert.deepEqual([found.read.guarded, found.read.from, found.read.to], [2, AT, AT + 3_000]);
});

test("an event on one line, and an object instead of a text", async () => {
  const lines = [event(guardLine(A)), event(guardLine({ ...A, outcome: "joined" }))].map((text) => text.replaceAll("\n", " "));
  assert.equal((await report(["--log", logFile(lines)])).read.guarded, 2);
});

test("other lines of the same runtime are not the guard's", async () => {
  const other = ["ready http://127.0.0.1:8787 workerd=1", "{ not: json }", JSON.stringify({ outcome: "ok" }), event("a sentence"), ""];
  const { read } = await report(["--log", logFile([...other, line(0, A)])]);
  assert.deepEqual([read.guarded, read.broken], [1, 1]);
});

test("what npm start says to a person is no line of the log", async () => {
  const banner = [
    "> onlyonce@0.1.0 start", "> the Worker ...", "The guard answers on http://127.0.0.1:8787 in front of the demo's shop, http://127.0.0.1:8788", "",
    `  try       curl -i http://127.0.0.1:8787/orders -H 'Idempotency-Key: "try-1"' -d '{"item":"tea","quantity":1,"price_cents":450}'`,
    `  then      curl -i http://127.0.0.1:8787/PATH -d '{}'`, "Ctrl-C ends it; the keys are kept in .wrangler/state.",
  ];
  const { read } = await report(["--log", logFile([...banner, line(0, A)])]);
  assert.deepEqual([read.guarded, read.broken], [1, 0]);
});

test("a line that was cut off is told, and the rest is read", async () => {
  const file = logFile([line(0, A), line(1, A).slice(0, 90), line(2, { ...A, outcome: "replayed" })]);
  const { code, out } = await doctor(["--log", file]);
  assert.equal(code, 0);
  assert.match(flat(out), /Left out of \S+: one piece that could not be read; line 2: it is cut off/);
  assert.match(out, /2 guarded requests/);
});

test("an event that was cut off takes no other along", async () => {
  const whole = event(JSON.stringify(guardLine(A)));
  const cut = whole.slice(0, whole.length / 2);
  const { read } = await report(["--log", logFile([cut, whole, cut])]);
  assert.deepEqual([read.guarded, read.broken, read.examples.map(({ why }) => why)], [1, 2, ["it has no end", "it has no end"]]);
});

test("a line longer than any that the guard writes is left out", async () => {
  const { read } = await report(["--log", logFile([`{"a":"${"x".repeat(9 * 1024 * 1024)}"}`, line(0, A)])]);
  assert.deepEqual([read.guarded, read.broken, read.examples[0].why], [1, 1, "it is too long"]);
});

test("a tail that the platform sampled proves nothing, and says so", async () => {
  const overload = JSON.stringify({ outcome: "unknown", logs: [], event: { type: "overload", message: "Tail is currently in sampling mode" } });
  const { out } = await doctor(["--log", logFile([overload, line(0, A)])]);
  assert.match(out, /sampling mode/);
});

test("standard input is a log too", async () => {
  const found = await report(["--log", "-"], { input: `${line(0, A)}\n${line(3, B)}\n` });
  assert.deepEqual(kinds(found), ["new-key-per-attempt"]);
});

test("a log much larger than the memory that it may take", async () => {
  const file = logFile([]);
  const stream = createWriteStream(file);
  for (let block = 0; block < 200; block += 1) {
    const lines = Array.from({ length: 1_000 }, (_, at) => line(block, { ...A, record: `${block}`.padStart(8, "0") + `${at}`.padStart(8, "0"), fingerprint: `${at}`.padStart(16, "e") }));
    if (!stream.write(`${lines.join("\n")}\n`)) await once(stream, "drain");
  }
  await once(stream.end(line(200, { outcome: "bypass" })), "close");
  const { code, read, findings } = await report(["--log", file, "--near", "1s"], { env: { NODE_OPTIONS: "--max-old-space-size=96" } });
  assert.deepEqual([code, read.guarded, findings.map(({ kind }) => kind)], [1, 200_001, ["new-key-per-attempt", "no-key"]]);
});

/** Nothing could be asked: one sentence, and how to mend it. */
async function refused(args, sentence, cure) {
  const { code, out, err } = await doctor(args);
  assert.equal(code, 2);
  assert.equal(out, "");
  assert.match(err, sentence);
  assert.match(err, cure);
}

test("a log that is of no use is refused in one sentence", async () => {
  await refused(["--log", "/nowhere/guard.log"], /\/nowhere\/guard.log cannot be read: ENOENT/, /wrangler tail/);
  await refused(["--log", "/tmp"], /\/tmp cannot be read: EISDIR/, /give a file/);
  await refused(["--log", logFile(["hello"])], /holds no line of the guard's/, /while guarded requests arrive/);
  await refused(["--log", logFile([line(0, A)]), "--since", "2026-11-23T00:00:00Z"], /none of the 1 lines .* is of that period/, /widen/);
  await refused(["--log", logFile([guardLine(A)]), "--since", "2h"], /carry no time/, /leave --since/);
});
