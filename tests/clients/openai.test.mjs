// What openai-node does beyond a plain call: event streams, uploads, and keys that it draws itself.
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import OpenAI, { toFile } from "openai";
import { AT_ONCE, HASTY, newLane, secondRequest } from "./customer.mjs";
import { startGuard } from "./guard.mjs";
import { COMPLETION, startOrigin } from "./origin.mjs";
import { openaiApi, prompt } from "./sdk/openai.mjs";

const origin = await startOrigin();
const guard = await startGuard(origin);
after(() => (origin.stop(), guard.stop()));

const UNKNOWN = { status: 502, code: "outcome-unknown", type: "idempotency_error", message: /^502 Idempotency-Key "lane-.*" may or may not have been carried out: / };

describe("openai-node", { concurrency: AT_ONCE }, () => {
  test("a stream comes as it is made, and its retry is the whole stream again", async () => {
    const { ask, script, counts } = newChat();
    script({ gap: 400 });
    const started = performance.now();
    const first = await read(await ask());
    assert.equal(first.text, COMPLETION);
    const [beginning, end] = [first.at[0] - started, first.at.at(-1) - started];
    assert.ok(beginning < end - 1000, `first words after ${beginning} ms, last after ${end} ms`);
    const again = await ask();
    assert.equal((await read(again)).text, COMPLETION);
    assert.deepEqual(counts(), { asked: 2, arrived: 1, executed: 1 });
  });

  test("a stream's duplicate waits for its end and gets all of it", async () => {
    const { ask, script, counts } = newChat();
    script({ gap: 400 });
    const first = await ask();
    const [one, other] = await Promise.all([read(first), ask().then(read)]);
    assert.deepEqual([one.text, other.text], [COMPLETION, COMPLETION]);
    assert.deepEqual(counts(), { asked: 2, arrived: 1, executed: 1 });
  });

  test("a stream that its caller leaves in the middle is kept for the retry", async () => {
    const { ask, script, counts } = newChat();
    script({ gap: 300 });
    for await (const _ of await ask()) break;
    await pause(2000);
    assert.equal((await read(await ask())).text, COMPLETION);
    assert.deepEqual(counts(), { asked: 2, arrived: 1, executed: 1 });
  });

  test("a stream that breaks off throws, and its retry is told that nobody knows", async () => {
    const { ask, script, counts } = newChat();
    script({ gap: 300, drop: "streaming" });
    await assert.rejects(ask().then(read));
    await assert.rejects(ask(), UNKNOWN);
    assert.deepEqual(counts(), { asked: 2, arrived: 1, executed: 1 });
  });

  test("a refusal of a stream rejects before there is any", async () => {
    const { ask, script, counts } = newChat();
    script({ drop: "executed" });
    await assert.rejects(ask(), UNKNOWN);
    assert.deepEqual(counts(), { asked: 1, arrived: 1, executed: 1 });
  });

  test("an upload is the same request whatever its boundary", async () => {
    const { api, lane, asked, counts } = newChat();
    const upload = async () => api.files.create({ file: await toFile(Buffer.from("{}"), "batch.jsonl"), purpose: "batch" }, { headers: { "Idempotency-Key": lane } });
    const [one, other] = [await upload(), await upload()];
    assert.equal(one.id, other.id);
    assert.deepEqual(counts(), { asked: 2, arrived: 1, executed: 1 });
    assert.equal(new Set(asked().map(({ head }) => /boundary=(.*)/.exec(head)[1])).size, 2);
  });

  test("with `idempotencyHeader` set it draws a key for each call, and its own retries are one operation", async () => {
    class Keyed extends OpenAI {
      idempotencyHeader = "Idempotency-Key";
    }
    const { lane, asked, script, counts } = newChat();
    const api = new Keyed({ apiKey: `sk_${lane}`, baseURL: `${guard.url}/v1`, logLevel: "off", timeout: HASTY });
    script({ until: () => secondRequest({ asked }) });
    const { id } = await api.chat.completions.create(prompt(450));
    assert.equal(id, `${lane}-1`);
    assert.deepEqual(counts(), { asked: 2, arrived: 1, executed: 1 });
    const keys = asked().map(({ head }) => /^idempotency-key: (.*)$/im.exec(head)[1]);
    assert.match(keys[0], /^stainless-node-retry-/);
    assert.equal(new Set(keys).size, 1);
  });
});

function newChat() {
  const lane = newLane();
  const api = openaiApi(guard.url, `sk_${lane}`);
  const asked = () => guard.asked(lane);
  const counts = () => {
    const { arrived, executed } = origin.lane(lane);
    return { asked: asked().length, arrived: arrived.length, executed };
  };
  const ask = () => api.chat.completions.create({ ...prompt(450), stream: true }, { headers: { "Idempotency-Key": lane } });
  return { lane, api, ask, asked, counts, script: (...steps) => origin.script(lane, ...steps) };
}

/** The words of a stream, and when each came. */
async function read(stream) {
  const at = [];
  let text = "";
  for await (const { choices } of stream) {
    at.push(performance.now());
    text += choices[0].delta.content;
  }
  return { text, at };
}
