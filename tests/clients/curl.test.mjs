// curl, as scripts and people use it: redirects, its own retries, old and large requests, and schemes
// that sign each request anew.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { newCaller, noCurl } from "./curl.mjs";
import { AT_ONCE, secondRequest } from "./customer.mjs";
import { startGuard } from "./guard.mjs";
import { startOrigin } from "./origin.mjs";

const folder = mkdtempSync(join(tmpdir(), "onlyonce-curl-"));
const origin = await startOrigin();
const guard = await startGuard(origin);
after(() => (origin.stop(), rmSync(folder, { recursive: true, force: true }), guard.stop()));

const ONCE = { asked: 1, arrived: 1, executed: 1 };
const AFTER_A_SECOND = { "retry-after": "1" };
const DIGEST_CHALLENGE = 'Digest realm="orders", qop="auth", algorithm=SHA-256, nonce=';

describe("curl", { concurrency: AT_ONCE, skip: noCurl }, () => {
  const newOne = () => newCaller({ guard, origin });

  for (const status of [307, 308]) {
    for (const [what, location] of [["a path", "/orders/"], ["the origin's own address", `${origin.url}/orders/`]]) {
      test(`-L follows ${status} to ${what}, and one is carried out`, async () => {
        const { script, post, counts } = newOne();
        script({ status, headers: { location } });
        assert.equal((await post("/orders", "-L")).status, 201);
        assert.deepEqual(counts(), { asked: 2, arrived: 2, executed: 1 });
      });
    }
  }

  test("-L follows a 303 with GET, and a retry is led to the same place", async () => {
    const { script, post, counts } = newOne();
    script({ status: 303, headers: { location: "/orders/1" }, execute: true });
    const [one, other] = [await post("/orders", "-L"), await post("/orders", "-L")];
    assert.deepEqual([one.status, other.status], [201, 201]);
    assert.deepEqual(counts(), { asked: 4, arrived: 3, executed: 1 });
  });

  for (const step of [{ status: 408 }, { status: 429 }, { status: 503, headers: AFTER_A_SECOND }]) {
    test(`--retry sends a ${step.status} that was not processed again, and it is carried out`, async () => {
      const { script, post, counts } = newOne();
      script(step);
      assert.equal((await post("/orders", "--retry", "2")).status, 201);
      assert.deepEqual(counts(), { asked: 2, arrived: 2, executed: 1 });
    });
  }

  // --retry knows the status alone, so it asks again what is no use to ask; the origin is not asked.
  for (const [what, step, status] of [
    ["a 503 of the origin", { status: 503, execute: true }, 503],
    ["a lost connection", { drop: "executed" }, 502],
  ]) {
    test(`--retry after ${what} executes nothing more`, async () => {
      const { script, post, counts } = newOne();
      script(step);
      assert.equal((await post("/orders", "--retry", "2")).status, status);
      assert.deepEqual(counts(), { asked: 3, arrived: 1, executed: 1 });
    });
  }

  test("--retry-all-errors sends a 409 with Retry-After again, and it is carried out", async () => {
    const { script, post, counts } = newOne();
    script({ status: 409, headers: AFTER_A_SECOND });
    assert.equal((await post("/orders", "--retry", "2", "--retry-all-errors", "-f")).status, 201);
    assert.deepEqual(counts(), { asked: 2, arrived: 2, executed: 1 });
  });

  test("--retry-all-errors asks for another request under a known key in vain", async () => {
    const { post, counts } = newOne();
    await post("/orders");
    const other = await post("/orders", "--retry", "1", "--retry-all-errors", "--fail-with-body", "--json", '{"amount":900}');
    assert.deepEqual([other.exit, other.status], [22, 422]);
    assert.match(other.body, /"code":"key-reused"/);
    assert.deepEqual(counts(), { asked: 3, arrived: 1, executed: 1 });
  });

  test("--max-time and --retry: the retry joins the first request, and gets its cookie", async () => {
    const { asked, script, post, counts } = newOne();
    script({ until: () => secondRequest({ asked }), headers: { "set-cookie": "cart=empty" } });
    const answer = await post("/orders", "--max-time", "2", "--retry", "2");
    assert.deepEqual([answer.status, answer.headers["idempotency-replayed"], answer.headers["set-cookie"]], [201, ["true"], ["cart=empty"]]);
    assert.deepEqual(counts(), { asked: 2, arrived: 1, executed: 1 });
  });

  test("HTTP/1.0 and HTTP/1.1 are the same request", async () => {
    const { asked, post, counts } = newOne();
    const [old, later] = [await post("/orders", "--http1.0"), await post("/orders")];
    assert.match(asked()[0].head, / HTTP\/1\.0\r\n/);
    assert.deepEqual([old.status, later.body, counts()], [201, old.body, { ...ONCE, asked: 2 }]);
  });

  test("a large body after Expect: 100-continue, with a length and in chunks, is one request", async () => {
    const { lane, asked, post, counts } = newOne();
    const body = ["-H", "Content-Type: application/json", "--data-binary", `@${bodyFile("large", 2 ** 21)}`];
    const expecting = await post("/orders", ...body, "-H", "Expect: 100-continue");
    const chunked = await post("/orders", ...body, "-H", "Expect:", "-H", "Transfer-Encoding: chunked");
    assert.deepEqual([expecting.status, chunked.body, counts()], [201, expecting.body, { ...ONCE, asked: 2 }]);
    assert.match(asked()[0].head, /^expect: 100-continue$/im);
    assert.equal(origin.lane(lane).arrived[0].headers.expect, undefined, "this hop's business alone");
  });

  test("a body over the limit is refused before it is sent, where curl asks first", async () => {
    const { post, counts } = newOne();
    const { status, body } = await post("/orders", ...tooLarge(), "-H", "Expect: 100-continue", "--retry", "1");
    assert.deepEqual([status, JSON.parse(body).error.code], [413, "body-too-large"]);
    assert.deepEqual(counts(), { asked: 1, arrived: 0, executed: 0 });
  });

  // The runtime hangs up on an upload that nobody reads, and that can cost curl the answer (56: receiving
  // failed; 52: nothing received). The origin hears nothing of it in either case.
  test("a body over the limit that is sent unasked is executed by nobody", async () => {
    const { post, counts } = newOne();
    const { exit, status } = await post("/orders", ...tooLarge(), "-H", "Expect:");
    assert.ok(status === 413 || [52, 55, 56].includes(exit), `exit ${exit}, status ${status}`);
    assert.deepEqual(counts(), { asked: 1, arrived: 0, executed: 0 });
  });

  // What stays of such a scheme says whose the key is; its answer may be withheld, and is not made twice.
  test("--digest answers a new challenge each time, and is the same owner", async () => {
    const { script, post, counts } = newOne();
    const challenge = (nonce) => ({ status: 401, headers: { "www-authenticate": `${DIGEST_CHALLENGE}"${nonce}"` } });
    script(challenge("one"), {}, challenge("two"));
    const args = ["--digest", "--user", "alice:wonder"];
    assert.equal((await post("/orders", ...args)).status, 201);
    checkSameOwner(await post("/orders", ...args));
    assert.deepEqual(counts(), { asked: 4, arrived: 3, executed: 1 });
  });

  test("--aws-sigv4 signs the time, and is the same owner", async () => {
    const { asked, post, counts } = newOne();
    const args = ["--aws-sigv4", "aws:amz:eu-west-1:execute-api", "--user", "AKIDEXAMPLE:secret"];
    assert.equal((await post("/orders", ...args)).status, 201);
    await pause(1100);
    checkSameOwner(await post("/orders", ...args));
    const signatures = asked().map(({ head }) => /Signature=([0-9a-f]+)/.exec(head)[1]);
    assert.notEqual(signatures[0], signatures[1]);
    assert.deepEqual(counts(), { asked: 2, arrived: 1, executed: 1 });
  });

  for (const [scheme, one, other] of [
    ["Digest with the next nc", digest("00000001", "a"), digest("00000002", "b")],
    ["OAuth 1 with another nonce", oauth1("a", "c2ln"), oauth1("b", "bmF0")],
    ["Hawk with another timestamp", hawk("1353832234", "a"), hawk("1353832235", "b")],
    ["SigV4 on the next day", sigV4("20261129", "a"), sigV4("20261130", "b")],
    ["a Signature with another signature", signature("a"), signature("b")],
    ["a DPoP token with another jti", `DPoP ${token({ jti: 1 })}`, `DPoP ${token({ jti: 2 })}`],
  ]) {
    test(`${scheme} is the same owner`, async () => {
      const { post, counts } = newOne();
      assert.equal((await post("/orders", "-H", `Authorization: ${one}`)).status, 201);
      checkSameOwner(await post("/orders", "-H", `Authorization: ${other}`));
      assert.deepEqual(counts(), { asked: 2, arrived: 1, executed: 1 });
    });
  }
});

function checkSameOwner({ status, headers, body }) {
  if (headers["idempotency-replayed"]) return assert.equal(status, 201);
  assert.deepEqual([status, JSON.parse(body).error.code], [409, "credential-changed"]);
}

function tooLarge() {
  return ["-H", "Content-Type: application/json", "--data-binary", `@${bodyFile("too-large", 11 * 2 ** 20)}`];
}

function bodyFile(name, size) {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify({ amount: 450, note: "x".repeat(size) }));
  return path;
}

function digest(nc, response) {
  return `Digest username="alice", realm="orders", nonce="n1", uri="/orders", qop=auth, nc=${nc}, cnonce="${response}", response="${response.repeat(32)}"`;
}

function oauth1(nonce, signature) {
  return `OAuth oauth_consumer_key="shop", oauth_token="alice", oauth_signature_method="HMAC-SHA1", oauth_timestamp="1764400000", oauth_nonce="${nonce}", oauth_signature="${signature}"`;
}

function hawk(ts, mac) {
  return `Hawk id="alice", ts="${ts}", nonce="${mac}", mac="${mac.repeat(32)}"`;
}

function sigV4(day, signature) {
  return `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/${day}/eu-west-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature=${signature.repeat(64)}`;
}

function signature(text) {
  return `Signature keyId="alice",algorithm="rsa-sha256",headers="date",signature="${text.repeat(32)}"`;
}

function token(claims) {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "ES256" })}.${part({ iss: "login", sub: "alice", ...claims })}.${part("signature")}`;
}
