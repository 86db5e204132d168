// The first start, as somebody who has just come: ports, state, and an origin of one's own.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { begin, run } from "./script.mjs";

const state = mkdtempSync(join(tmpdir(), "onlyonce-start-"));
const env = { ONLYONCE_STATE: state, PORT: "0" };
const started = [];
after(async () => {
  await Promise.all(started.map((one) => one.stop()));
  rmSync(state, { recursive: true, force: true });
});

async function start(more = {}) {
  const running = begin("start", [], { ...env, ...more });
  started.push(running);
  const [, url] = await running.said(/The guard answers on (http:\S+)/);
  await running.said(/Ctrl-C ends it/);
  return { ...running, url };
}

async function api() {
  const seen = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    request.resume().on("end", () => response.writeHead(201, { "content-type": "application/json" }).end(JSON.stringify({ count: seen.length })));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { url: `http://127.0.0.1:${server.address().port}`, seen, close: () => server.close().closeAllConnections() };
}

/** The console is where it is printed, with a file of its own. */
async function checkConsole({ url, err }) {
  const [, address] = err.match(/console +(\S+)/);
  assert.equal(address, `${url}/.onlyonce/console`);
  const answer = await fetch(address);
  assert.match(answer.headers.get("content-security-policy"), /^default-src 'none'/);
  assert.match(await answer.text(), /<title>Onlyonce console<\/title>/);
  assert.equal((await fetch(`${address}/console.js`)).status, 200);
}

function post(url, path, key) {
  return fetch(url + path, { method: "POST", headers: { "content-type": "application/json", "idempotency-key": key }, body: '{"item":"tea","quantity":1,"price_cents":450}' });
}

/** A server that holds a port. */
async function busyPort(port = 0) {
  const server = createServer();
  await once(server.listen(port, "127.0.0.1"), "listening");
  return server;
}

test("the demo, and beside it an API of one's own: neither answers for the other", async () => {
  const demo = await start();
  assert.match(demo.err, new RegExp(`open +${demo.url}/#operator=[0-9a-f]{24}`));
  const [, token] = demo.err.match(/ADMIN_TOKEN=([0-9a-f]+)/);
  assert.equal((await post(demo.url, "/orders", "same")).status, 201);

  await checkConsole(demo);

  const second = await run("start", [], env);
  assert.equal(second.code, 1);
  assert.match(second.err, /the state in \S+ is in use by process \d+, a guard on port \d+[\s\S]*cure: use that one, or end it first/);

  const own = await api();
  const guard = await start({ ORIGIN: own.url });
  const answer = await post(guard.url, "/orders", "same");
  assert.deepEqual(await answer.json(), { count: 1 }, "the demo's order is not replayed for another origin");
  assert.equal((await post(guard.url, "/orders", "same")).headers.get("idempotency-replayed"), "true");

  // The page is there, and nothing of it has reached the API.
  const [, page] = guard.err.match(/open +(\S+\/),/);
  assert.match(await (await fetch(page)).text(), /Try it on your API/);
  assert.equal((await fetch(`${page}style.css`)).headers.get("content-type"), "text/css; charset=utf-8");
  assert.equal((await fetch(page.replace(/\/$/, ""))).url, page);
  await checkConsole(guard);
  assert.deepEqual(own.seen, ["POST /orders"]);
  // What is printed to be tried can work.
  const [, tried] = guard.err.match(/try +curl -i (\S+)/);
  assert.equal((await fetch(tried)).status, 200);
  own.close();

  const authorization = `Bearer ${token}`;
  const record = await fetch(`${demo.url}/.onlyonce/records/${"0".repeat(64)}`, { headers: { authorization } });
  assert.equal((await record.json()).state, "vacant", "the token that was printed is the operator's");
  await demo.stop();
  const again = await start();
  assert.equal((await post(again.url, "/orders", "same")).headers.get("idempotency-replayed"), "true", "the state was kept, and was free again");
});

test("an ORIGIN where nobody listens is told at once", async () => {
  const own = await api();
  own.close();
  const running = begin("start", [], { ...env, ORIGIN: own.url });
  started.push(running);
  await running.said(new RegExp(`^! ORIGIN ${own.url}: nobody listens there`));
  await running.said(/your API +nobody listens there\. Start it first: whatever key is sent before, the guard calls its outcome unknown/);
  const nameless = begin("start", [], { ...env, ORIGIN: "http://nowhere.invalid" });
  started.push(nameless);
  await nameless.said(/^! ORIGIN http:\/\/nowhere.invalid: (no such host|the name could not be looked up)/);
});

test("an ORIGIN that the guard cannot use is refused before anything is built", async () => {
  const { code, out, err } = await run("start", [], { ...env, ORIGIN: "http://127.0.0.1:9102/?a=b" });
  assert.equal(code, 1);
  assert.match(err, /ORIGIN "http:\/\/127\.0\.0\.1:9102\/\?a=b" has a query, .*set it to a base URL/);
  assert.doesNotMatch(err + out, /the Worker|The guard answers/);
});

test("a busy port is named with what it is for", async () => {
  const shop = await busyPort();
  const { port } = shop.address();
  if (await isFree(port - 1)) {
    const { code, err } = await run("start", [], { ...env, PORT: String(port - 1) });
    assert.equal(code, 1);
    assert.match(err, new RegExp(`port ${port} on 127\\.0\\.0\\.1, the demo shop's, one above the guard's, is in use`));
  }
  const guard = await run("start", [], { ...env, PORT: String(port) });
  assert.match(guard.err, new RegExp(`port ${port} on 127\\.0\\.0\\.1, the guard's, is in use`));
  shop.close();
});

function isFree(port) {
  return new Promise((resolve) => connect(port, "127.0.0.1").once("error", () => resolve(true)).once("connect", () => resolve(false)));
}
