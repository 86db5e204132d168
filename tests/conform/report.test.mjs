// What a person or a program gets: the report in its three shapes, what is never in it, how much is sent, and
// every mistake with its cure.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { junit } from "../../scripts/lib/conform/junit.mjs";
import { ALICE, BOB, conform, ids, report } from "./conform.mjs";
import { startServer } from "./server.mjs";

const folder = mkdtempSync(join(tmpdir(), "onlyonce-conform-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const BODY = ["--body", '{"item":"beans"}'];
const QUICK = ["--only", "first-executes,retry-executes-once"];

let right;
before(async () => (right = await startServer()));
after(() => right.stop());

/** A server that answers each request as `answer(request, body)` says. */
async function startAnswering(answer) {
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString();
    const { status = 201, headers = {}, text = "" } = (await answer(request, body)) ?? {};
    response.writeHead(status, headers).end(text);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { url: `http://127.0.0.1:${server.address().port}/orders`, stop: () => server.close().closeAllConnections() };
}

async function onAnswering(answer, work) {
  const server = await startAnswering(answer);
  try {
    return await work(server.url);
  } finally {
    server.stop();
  }
}

describe("the report", () => {
  test("as text: what was done, what was seen, and the sentence with its place", async () => {
    const { code, out, err } = await conform([right.url, ...BODY, "--id", "/id", ...QUICK]);
    assert.deepEqual([code, err.match(/^conform: up to (\d+) requests go to POST http:\S+\/orders; most of them create something there, and it stays\n$/)?.[1]], [0, "6"], err);
    const text = out.replace(/\s+/g, " ");
    assert.match(text, /passed retry-executes-once \(must\) sent a request, and when it was answered the same twice more -> 201 \{"id":"/);
    assert.match(text, /"The request was retried after the original request completed\. The resource SHOULD respond with the result of the previously completed operation, success or an error\." draft-ietf-httpapi-idempotency-key-header-07, section 2\.6 https:\/\/datatracker\.ietf\.org\/doc\/html\/draft-ietf-httpapi-idempotency-key-header-07#section-2\.6/);
    assert.match(text, /Executions were told by answers at \/id\./);
    assert.match(out, /\npassed +2 must\nfailed +none\nskipped +none\n$/);
  });

  test("what could not be tried is skipped, with what was missing", async () => {
    const { code, out } = await conform([right.url, ...BODY, "--id", "/id"]);
    assert.equal(code, 0);
    for (const option of ["slow", "other", "other-url", "server-error", "client-error"]) assert.match(out, new RegExp(`\nskipped .*\n +no --${option} was given\n`));
  });

  test("as JSON and JUnit, in files, beside the text", async () => {
    const server = await startServer({ flaw: "race" });
    const [json, xml] = [join(folder, "report.json"), join(folder, "report.xml")];
    const { code, out } = await conform([server.url, ...BODY, "--id", "/id", "--only", "concurrent-executes-once,reuse-422,in-flight-409", "--json", json, "--junit", xml]);
    server.stop();
    const read = JSON.parse(readFileSync(json, "utf8"));
    assert.deepEqual([code, read.profile, read.failed], [1, "draft", { must: 1, should: 0, may: 0 }]);
    const [{ quote, ...check }] = read.checks;
    assert.deepEqual(Object.keys(check), ["id", "level", "verdict", "seen", "does", "ms"]);
    assert.deepEqual(Object.keys(quote), ["text", "document", "section", "url"]);
    assert.match(out, /FAILED +concurrent-executes-once \(must\)/);
    const text = readFileSync(xml, "utf8");
    assert.match(text, /<testsuite name="conform draft" tests="3" failures="1" errors="0" skipped="1" /);
    assert.match(text, /<testcase classname="conform\.draft\.must" name="concurrent-executes-once" time="\d+\.\d{3}"><failure type="must" message="10 at once: /);
    assert.match(text, /<testcase classname="conform\.draft\.should" name="in-flight-409" time="0\.000"><skipped message="no --slow was given"\/>/);
  });

  test("JUnit holds what an answer says, whatever it says", () => {
    const seen = "<a href='x'>\"&amp;\"</a>\n\ttwo\u0000\ud800 🫘";
    const quote = { text: "“SHOULD” & <must>", document: "d", section: "1", url: "https://example.com/?a=1&b=2" };
    const check = { id: "x", level: "must", verdict: "failed", seen, does: "sent", quote, ms: 5 };
    const tally = { must: 0, should: 0, may: 0 };
    const text = junit({ profile: "draft", checks: [check, { ...check, level: "should" }], endpoint: "POST http://a.example/b", started: "2026-11-30T12:00:00.000Z", ms: 5, passed: tally, failed: tally, skipped: tally });
    assert.deepEqual(elementsOf(text), ["testsuites", "testsuite", "testcase", "failure", "/failure", "system-out", "/system-out", "/testcase", "testcase", "skipped", "system-out", "/system-out", "/testcase", "/testsuite", "/testsuites"]);
    const shown = seen.replace("\u0000\ud800", "\ufffd\ufffd");
    assert.equal(unescaped(text.match(/<failure type="must" message="([^"]*)"/)[1]), shown);
    assert.equal(unescaped(text.match(/<skipped message="([^"]*)"/)[1]), `a should that does not hold: ${shown}`);
    assert.ok(unescaped(text.match(/<system-out>([^<]*)</)[1]).includes(quote.text));
  });

  // What is left of a document without its tags and entities must be free of what would end them.
  function elementsOf(text) {
    const tag = /<(\/?[a-z-]+)(?: [a-z]+="[^"<&]*(?:&(?:amp|lt|gt|quot|apos|#\d+);[^"<&]*)*")*\/?>/g;
    const body = text.replace(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n/, "");
    assert.doesNotMatch(body.replace(tag, "").replace(/&(amp|lt|gt|quot|apos|#\d+);/g, ""), /[<&\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/);
    return [...body.matchAll(tag)].map(([, name]) => name);
  }

  function unescaped(text) {
    const entities = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
    return text.replace(/&(#(\d+)|[a-z]+);/g, (_, name, number) => (number ? String.fromCodePoint(number) : entities[name]));
  }

  test("no credential is in it, though the server repeats each", async () => {
    const echo = ({ headers, url }) => ({ status: 201, text: JSON.stringify({ id: Math.random(), headers, url }) });
    const secrets = ["sesame-of-alice", "sesame-of-bob", "key-of-the-query", "cookie-of-alice", "slow-sesame"];
    const files = [join(folder, "echo.json"), join(folder, "echo.xml"), join(folder, "credentials")];
    writeFileSync(files[2], `Authorization: ${ALICE}\n\nCookie: theme=dark; sid=cookie-of-alice\n`);
    const more = ["--header", `@${files[2]}`, "--other", `Authorization: ${BOB}`, "--slow", "X-Slow: slow-sesame", "--json", files[0], "--junit", files[1]];
    const { out, err } = await onAnswering(echo, (url) => conform([`${url}?api_key=key-of-the-query`, ...BODY, ...more]));
    const all = [out, err, readFileSync(files[0], "utf8"), readFileSync(files[1], "utf8")];
    for (const text of all) for (const secret of secrets) assert.ok(!text.includes(secret), secret);
    assert.match(all[2], /\[credential\]/);
    const refused = await onAnswering(({ headers }) => ({ status: 401, text: headers.authorization }), (url) => conform([url, "--header", `Authorization: ${ALICE}`]));
    assert.match(refused.err, /answered 401 \[credential\], and the kit needs a request that is carried out/);
  });

  test("what a terminal would obey is not in it", async () => {
    const { out } = await onAnswering(({ headers }) => ({ text: `\u001b[31m${headers["idempotency-key"]}\u0007` }), (url) => conform([url, ...QUICK]));
    assert.doesNotMatch(out, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });
});

describe("what is sent", () => {
  test("no more than it says, and that is in the report", async () => {
    let arrived = 0;
    const keys = new Set();
    const answer = ({ headers }) => {
      arrived += 1;
      keys.add(headers["idempotency-key"]);
      return { text: String(arrived) };
    };
    const { requests } = await onAnswering(answer, (url) => report({ url }, "draft", ["--id", "", "--concurrency", "4"]));
    assert.equal(requests.sent, arrived);
    assert.ok(requests.sent <= requests.most, JSON.stringify(requests));
    assert.ok(keys.size > 10, "a key for each operation");
  });

  test("the method, the body with {unique}, the headers of the profile and those that override them", async () => {
    const seen = [];
    const answer = ({ method, headers, rawHeaders }, body) => {
      seen.push({ method, headers, rawHeaders, body });
      return { text: `{"id":${seen.length}}` };
    };
    const args = ["--profile", "acp", "--method", "PUT", "--body", '{"name":"{unique}"}', "--header", "API-Version: 2026-01-16", "--key-header", "X-Idempotency-Key", "--only", "first-executes", "--id", "/id"];
    await onAnswering(answer, (url) => conform([url, ...args]));
    const [{ method, headers, rawHeaders, body }] = seen;
    assert.deepEqual([method, headers["api-version"], headers["content-type"]], ["PUT", "2026-01-16", "application/json"]);
    assert.match(headers["x-idempotency-key"], /^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    assert.match(headers["request-id"], /^[0-9a-f-]{36}$/);
    assert.match(body, /^\{"name":"conform-[0-9a-f]{12}"\}$/);
    assert.equal(rawHeaders.filter((_, at) => at % 2 === 0).filter((name) => name.toLowerCase() === "api-version").length, 1);
  });

  test("a form, and one changed, for Stripe's rules", async () => {
    const bodies = [];
    const answer = ({ headers }, body) => {
      bodies.push([headers["content-type"], body]);
      return { text: String(bodies.length) };
    };
    await onAnswering(answer, (url) => conform([url, "--profile", "stripe", "--body", "amount=450&currency=eur", "--only", "reuse-not-executed"]));
    assert.ok(bodies.every(([type]) => type === "application/x-www-form-urlencoded"));
    assert.deepEqual([...new Set(bodies.map(([, body]) => body))], ["amount=450&currency=eur", "amount=451&currency=eur"]);
  });

  test("nothing, where the checks are only listed", async () => {
    const { code, out, err } = await conform(["--list", "--profile", "ucp"]);
    assert.deepEqual([code, err], [0, ""]);
    assert.match(out, /must +reuse-409\n +"3\. Return 409 Conflict if the key is reused with a mismatched body\."/);
  });
});

describe("where it cannot ask, it ends with 2", () => {
  const MISTAKES = [
    [[], /no <url> is given[\s\S]*npm run conform/],
    [["api.example.com/orders"], /<url> "api\.example\.com\/orders" is not an http or https URL/],
    [["https://a:b@api.example.com/"], /has a name or a password in it[\s\S]*Authorization: Basic/],
    [["http://127.0.0.1:1/", "--profile", "strip"], /--profile "strip" is not known\ncure: choose from draft, stripe, acp, ucp/],
    [["http://127.0.0.1:1/", "--loud"], /Unknown option '--loud'/],
    [["http://127.0.0.1:1/", "--header", "Bearer sesame"], /^conform: --header has a header without a name/],
    [["http://127.0.0.1:1/", "--header", "A: b\u0001"], /--header "A: …" holds a character that no header can carry/],
    [["http://127.0.0.1:1/", "--id", "id"], /--id "id" is no JSON pointer/],
    [["http://127.0.0.1:1/", "--timeout", "30"], /--timeout "30" is no span of time/],
    [["http://127.0.0.1:1/", "--concurrency", "1"], /--concurrency "1" is no whole number from 2 to 100/],
    [["http://127.0.0.1:1/", "--method", "get"], /--method "get" is none that creates something/],
    [["http://127.0.0.1:1/", "--spelling", "loud"], /--spelling "loud" is not known/],
    [["http://127.0.0.1:1/", "--body", "a", "--body-file", "b"], /--body and --body-file say the same thing twice/],
    [["http://127.0.0.1:1/", "--body-file", "/nowhere"], /--body-file \/nowhere could not be read/],
    [["http://127.0.0.1:1/", "--only", "retry"], /draft has no check "retry"\ncure: choose from first-executes, /],
    [["http://127.0.0.1:1/", "--json", "-", "--junit", "-"], /both want standard output/],
    [["http://127.0.0.1:1/"], /http:\/\/127\.0\.0\.1:1\/ cannot be reached: .*ECONNREFUSED/],
  ];
  for (const [args, says] of MISTAKES) {
    test(args.slice(1).join(" ") || args[0] || "no url", async () => {
      const { code, out, err } = await conform(args);
      assert.deepEqual([code, out], [2, ""], err);
      assert.match(err, says);
    });
  }

  const ANSWERS = [
    ["refused", () => ({ status: 401, text: "who?" }), [], /answered 401 who\?, and the kit needs a request that is carried out\ncure: look at --method/],
    ["told to slow down", () => ({ status: 429 }), [], /answered 429/],
    ["answered alike", () => ({ text: "ok" }), [], /the same request under two keys was answered alike \(201 ok\)[\s\S]*give --count/],
    ["without what --id names", () => ({ text: '{"a":1}' }), ["--id", "/id"], /--id \/id names nothing in 201 \{"a":1\}/],
    ["never answered", () => new Promise(() => {}), ["--timeout", "300ms"], /cannot be reached: no answer in 0\.3 s/],
    ["over a megabyte", () => ({ text: "a".repeat(1024 * 1024 + 1) }), [], /the answer is over a megabyte/],
    ["a count that is none", () => ({ text: String(Math.random()) }), ["--count", "echo many"], /--count: the command printed no whole number/],
    ["a count that fails", () => ({ text: String(Math.random()) }), ["--count", "exit 3"], /--count: the command ended with 3/],
  ];
  for (const [name, answer, more, says] of ANSWERS) {
    test(name, async () => {
      const { code, out, err } = await onAnswering(answer, (url) => conform([url, ...BODY, ...more]));
      assert.deepEqual([code, out], [2, ""], err);
      assert.match(err, says);
    });
  }
});

test("an answer that does not come any more is a failure, and one that says to slow down is none", async () => {
  let arrived = 0;
  const later = (second) => () => ((arrived += 1) <= 2 ? { text: String(arrived) } : second);
  const silent = await onAnswering(later(new Promise(() => {})), (url) => report({ url }, "draft", ["--id", "", "--timeout", "300ms", "--only", "retry-executes-once"]));
  assert.deepEqual([silent.code, silent.checks[0].verdict, silent.checks[0].seen], [1, "failed", "no answer in 0.3 s"]);
  arrived = 0;
  const busy = await onAnswering(later({ status: 429 }), (url) => report({ url }, "draft", ["--id", "", "--only", "retry-executes-once"]));
  assert.deepEqual([busy.code, ids(busy, "skipped"), busy.checks[0].seen], [0, ["retry-executes-once"], "the endpoint answered 429 (Too Many Requests)"]);
});

test("a slow request that does not work by itself says nothing of one whose client hung up", async () => {
  let arrived = 0;
  const answer = () => ((arrived += 1) <= 2 ? { text: String(arrived) } : { status: 400, text: "no JSON" });
  const found = await onAnswering(answer, (url) => report({ url }, "draft", ["--id", "", "--slow", "nonsense", "--only", "hang-up-executes-once"]));
  assert.deepEqual([found.code, ids(found, "skipped"), found.checks[0].seen], [0, ["hang-up-executes-once"], "--slow was answered 400 no JSON"]);
});
