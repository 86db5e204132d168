// What check-policy says of a wrangler configuration.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { CONFIG_HEAD as HEAD, root, run } from "./script.mjs";

const folder = mkdtempSync(join(tmpdir(), "onlyonce-policy-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const ROUTES = `
[vars.POLICY]
retry_window = "48h"

[[vars.POLICY.routes]]
path = "/payments/refunds"
key = "derive"

[[vars.POLICY.routes]]
path = "/payments/**"
key = "required"

[[vars.POLICY.routes]]
path = "/public/**"
key = "off"

[[vars.POLICY.routes]]
path = "/trial/**"
mode = "observe"
`;

function check(text, ...args) {
  const file = join(folder, `${Math.random()}.toml`);
  writeFileSync(file, text);
  return run("check-policy", ["--config", file, ...args]);
}

test("which route a request takes, and what holds for it", async () => {
  for (const [request, ...says] of [
    [["POST", "/payments/refunds"], /^POST \/payments\/refunds: routes\[0\] \/payments\/refunds decides; guarded with a key; without one, guarded under a derived key/, /routes\[1\] \/payments\/\*\* is for this path, too, and stands below/],
    [["POST", "/payments/7?a=b"], /^POST \/payments\/7: routes\[1\] .* without one, refused \(key-missing\)/, /retry_window +\* 2d/],
    [["post /payments/7"], /^POST \/payments\/7: routes\[1\]/],
    [["/payments/7"], /^POST \/payments\/7: routes\[1\]/],
    [["PUT", "/payments/7"], /^PUT \/payments\/7: routes\[1\] .*; not guarded, since methods is POST, PATCH/],
    [["POST", "https://api.example.com/public/x"], /^POST \/public\/x: routes\[2\] .*; not guarded, since key = "off"/],
    [["POST", "/trial/x"], /routes\[3\] .*; only watched/],
    [["POST", "/else"], /^POST \/else: \[vars\.POLICY\] decides; guarded with a key; without one, sent straight on/],
  ]) {
    const { code, out, err } = await check(HEAD + ROUTES, ...request);
    assert.equal(code, 0, err);
    for (const pattern of says) assert.match(out, pattern);
  }
});

test("without a request, every route side by side", async () => {
  const { code, out } = await check(HEAD + ROUTES);
  assert.equal(code, 0);
  for (const head of ["[vars.POLICY]", "routes[0]", "routes[3] /trial/**"]) assert.ok(out.includes(head), head);
});

test("a reader who has seen enough ends it quietly", () => {
  const node = process.execPath;
  const { stdout, stderr } = spawnSync("/bin/sh", ["-c", `"${node}" scripts/check-policy.mjs | head -c 1`], { cwd: root, encoding: "utf8" });
  assert.equal(stdout.length, 1);
  assert.doesNotMatch(stderr, /panic|Broken pipe/);
});

test("what is no TOML is shown where it stands", async () => {
  const { code, err } = await check(`${HEAD}\n[vars.POLICY]\nretry_window = 24h\n`);
  assert.equal(code, 1);
  const [, line, column] = err.match(/\.toml:(\d+):(\d+): /) ?? [];
  assert.deepEqual([line, column], ["8", "18"], err);
  assert.match(err, /\| retry_window = 24h\n +\| {18}\^/);
});

test("where only mistakes are asked for, nothing else is said", async () => {
  for (const text of [HEAD, HEAD + ROUTES]) {
    const { code, out, err } = await check(text, "--only-mistakes");
    assert.deepEqual([code, out], [0, ""], err);
  }
  const policy = await check(`${HEAD}\n[vars.POLICY]\nretry_window = "24"\n`, "--only-mistakes");
  assert.equal(policy.code, 1);
  assert.match(policy.err, /retry_window "24" has no unit/);
  const origin = await check(HEAD, "--only-mistakes", "--origin", "http://127.0.0.1:9102/?a=b");
  assert.equal(origin.code, 1);
  assert.match(origin.err, /ORIGIN "http:\S+" has a query/);
});

test("a mistake in the policy, and a question that is none, end with 1", async () => {
  const mistaken = await check(`${HEAD}\n[vars.POLICY]\nretry_window = "10"\n`, "POST", "/x");
  assert.equal(mistaken.code, 1);
  assert.match(mistaken.err, /retry_window "10" has no unit/);
  for (const words of [["POST"], ["POST", "x"], ["POST", "/a", "/b"]]) {
    const { code, err } = await check(HEAD, ...words);
    assert.equal(code, 1);
    assert.match(err, /is no request[\s\S]*check-policy -- POST \/payments\/refunds/);
  }
});
