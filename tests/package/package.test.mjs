// The package on a machine without Rust, from its installation to a deployment that is only not sent: each test goes
// on where the one before it ended.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync, existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { startApi } from "./api.mjs";
import { begin, emptyFolder, root, run } from "./machine.mjs";

const tarball = execFileSync(process.execPath, ["scripts/package.mjs"], { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
const folder = emptyFolder("guard");
const api = await startApi();
after(() => api.close());

const onlyonce = (args, env) => run(folder, "onlyonce", args, env);
const installed = (name) => join(folder, "node_modules", "onlyonce", name);
const textOf = (name) => readFileSync(join(folder, name), "utf8");

test("there is no Rust", async () => {
  for (const name of ["cargo", "rustc", "rustup"]) assert.notEqual((await run(folder, "sh", ["-c", `command -v ${name}`])).code, 0, name);
});

test("npm installs it, and none of its files is there to build it", async () => {
  const { code, err } = await run(folder, "npm", ["install", "--prefix", folder, "--prefer-offline", "--no-audit", "--no-fund", tarball]);
  assert.equal(code, 0, err);
  const names = readdirSync(installed("."), { recursive: true });
  const strange = names.filter((name) => /\.(rs|map)$|Cargo|lib\/(build|setup|rust|tools)\.mjs$/.test(name));
  assert.deepEqual(strange, []);
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  assert.equal(JSON.parse(readFileSync(installed("package.json"), "utf8")).version, version);
});

test("its command tells what it can, and what it cannot", async () => {
  const { code, out } = await onlyonce(["--help"]);
  assert.equal(code, 0);
  for (const name of ["init", "dev", "check-policy", "doctor", "openapi", "conform"]) {
    assert.match(out, new RegExp(`^ {2}${name} `, "m"));
    const help = await onlyonce([name, "--help"]);
    assert.deepEqual([help.code, help.err], [0, ""], name);
    assert.match(help.out, new RegExp(`^npx onlyonce ${name}`));
    assert.doesNotMatch(help.out, /npm (run|start)/, name);
  }
  const unknown = await onlyonce(["deploy"]);
  assert.equal(unknown.code, 2);
  assert.match(unknown.err, /^"deploy" is no command of onlyonce\nnpx onlyonce <command>/);
});

test("init writes what is missing, and nothing over what is there", async () => {
  const before = await onlyonce(["check-policy"]);
  assert.equal(before.code, 1);
  assert.match(before.err, /there is no wrangler\.toml\ncure: write one with npx onlyonce init, or name another/);

  writeFileSync(join(folder, ".gitignore"), "notes\n.wrangler");
  const { code, err } = await onlyonce(["init"]);
  assert.equal(code, 0, err);
  assert.match(err, /are in this folder\. Next:\n {2}npm install/);
  assert.equal(textOf(".gitignore"), "notes\n.wrangler\nnode_modules\n.dev.vars\n");
  assert.match(textOf(".dev.vars.example"), /^PEPPER=$/m);
  // What npm wrote there stays, and is not asked for twice.
  const { dependencies, devDependencies, scripts } = JSON.parse(textOf("package.json"));
  assert.match(dependencies.onlyonce, /^file:/);
  assert.deepEqual(Object.keys(devDependencies), ["wrangler"]);
  assert.equal(scripts.deploy, "wrangler deploy");

  const own = textOf("wrangler.toml");
  appendFileSync(join(folder, "wrangler.toml"), "# mine\n");
  const again = await onlyonce(["init"]);
  assert.equal(again.code, 1);
  assert.match(again.err, /wrangler\.toml is there already, and nothing is overwritten\ncure: move it away, or name another folder: npx onlyonce init my-guard/);
  assert.equal(textOf("wrangler.toml"), `${own}# mine\n`);

  assert.equal((await onlyonce(["init", "deep/inside"])).code, 0);
  assert.deepEqual(readdirSync(join(folder, "deep", "inside")).toSorted(), [".dev.vars.example", ".gitignore", "package.json", "wrangler.toml"]);
  assert.ok("onlyonce" in JSON.parse(textOf("deep/inside/package.json")).devDependencies);
});

test("dev without an API of one's own: the demo's shop, with its page", async () => {
  const dev = begin(folder, "npm", ["run", "dev", "--", "--port", "0"]);
  await dev.said(/no ORIGIN is named yet but the example's, https:\/\/origin\.example\.com: a demo shop stands in its place\. With an API of yours: npx onlyonce dev --origin/);
  const [, url] = await dev.said(/The guard answers on (http:\S+) in front of the demo's shop/);
  await dev.said(/Ctrl-C ends it/);
  assert.match(await textAt(`${url}/`), /<title>Onlyonce: press it twice<\/title>/);
  for (const file of ["style.css", "pkg/page.js", "pkg/onlyonce_bg.wasm", "pkg/docs/README.html"]) assert.equal((await fetch(`${url}/${file}`)).status, 200, file);
  const order = () => post(`${url}/orders`, "tea", { item: "tea", quantity: 1, price_cents: 450 });
  assert.deepEqual([(await order()).replayed, (await order()).replayed], [null, "true"]);
  await dev.stop();
});

test("dev in front of one's own API, and the tools that ask it", async () => {
  writeFileSync(join(folder, ".dev.vars"), `ORIGIN=${api.url}\nADMIN_TOKEN=\n`);
  appendFileSync(join(folder, "wrangler.toml"), '\n[[vars.POLICY.routes]]\npath = "/payments/**"\nkey = "required"\nin_flight = "reject"\n');
  const dev = begin(folder, "onlyonce", ["dev", "--port", "0"]);
  const [, url] = await dev.said(/The guard answers on (http:\S+) in front of your API, http/);
  const [, token] = await dev.said(/ADMIN_TOKEN=(\S+), for npx onlyonce doctor/);
  const [, page] = await dev.said(/open +(\S+),/);
  const [, console] = await dev.said(/console +(\S+)/);

  const first = await post(`${url}/orders`, "first", { item: "tea" });
  assert.deepEqual([first.status, first.body, first.replayed], [201, { id: 1 }, null]);
  const second = await post(`${url}/orders`, "first", { item: "tea" });
  assert.deepEqual([second.status, second.body, second.replayed], [201, { id: 1 }, "true"]);
  const refused = await post(`${url}/payments/7`, undefined, {});
  assert.deepEqual([refused.status, refused.body.code], [400, "key-missing"], "the policy of the folder's wrangler.toml holds");
  assert.match(await textAt(page), /Try it on your API/);
  assert.match(await textAt(console), /<title>Onlyonce console<\/title>/);
  assert.deepEqual(api.seen, ["POST /orders"]);

  const asked = await onlyonce(["doctor", url, "first"], { ADMIN_TOKEN: token });
  assert.equal(asked.code, 0, asked.err);
  assert.match(asked.out, /^Key "first", record [0-9a-f]{64}: done[\s\S]*Nothing is wrong here/);
  const conform = await onlyonce(["conform", `${url}/payments/8`, "--body", '{"item":"{unique}"}', "--id", "/id"]);
  assert.equal(conform.code, 0, conform.out + conform.err);
  const overlay = await onlyonce(["openapi", openapi(), "--contract", url]);
  assert.equal(overlay.code, 0, overlay.err);
  await dev.stop();
});

test("check-policy and openapi read the policy as the Worker does", async () => {
  const { code, out, err } = await onlyonce(["check-policy", "POST", "/payments/7"]);
  assert.equal(code, 0, err);
  assert.match(out, /^POST \/payments\/7: routes\[0\] \/payments\/\*\* decides; guarded with a key; without one, refused \(key-missing\)/);

  const found = await onlyonce(["openapi", openapi(), "--check"]);
  assert.equal(found.code, 1, found.err);
  assert.match(found.out, /POST \/payments\/\{id\}/);

  writeFileSync(join(folder, "mistaken.toml"), textOf("wrangler.toml").replaceAll('"required"', '"requierd"'));
  const mistaken = await onlyonce(["check-policy", "--config", "mistaken.toml"]);
  assert.equal(mistaken.code, 1);
  assert.match(mistaken.err, /routes\[0\].*"requierd"/);
  const refused = await onlyonce(["openapi", openapi(), "--config", "mistaken.toml"]);
  assert.equal(refused.code, 2);
  assert.match(refused.err, /the policy in mistaken\.toml cannot be used\ncure: npx onlyonce check-policy tells/);
  const unstarted = await onlyonce(["dev", "--port", "0", "--config", "mistaken.toml"]);
  assert.equal(unstarted.code, 1);
  assert.match(unstarted.err, /"requierd"[\s\S]*nothing was started\ncure: mend what is named above, then npx onlyonce dev again/);
});

test("wrangler would deploy it", async () => {
  const { code, out, err } = await run(folder, "npm", ["run", "deploy", "--", "--dry-run", "--outdir", "deployed"]);
  assert.equal(code, 0, out + err);
  for (const binding of [/env\.GUARD \(IdempotencyGuard\) +Durable Object/, /env\.RESPONSES +KV Namespace/, /env\.CONSOLE +Assets/]) assert.match(out, binding);
  const modules = readdirSync(join(folder, "deployed"));
  const wasm = modules.find((name) => name.endsWith(".wasm"));
  assert.deepEqual(readFileSync(join(folder, "deployed", wasm)), readFileSync(join(root, "build", "index_bg.wasm")));
  assert.ok(existsSync(join(folder, "deployed", "worker.js")), modules.join(" "));
});

async function textAt(url) {
  return (await fetch(url)).text();
}

async function post(url, key, body) {
  const headers = { "content-type": "application/json", ...(key && { "idempotency-key": key }) };
  const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: answer.status, replayed: answer.headers.get("idempotency-replayed"), body: await answer.json() };
}

/** A document in which the payment's key is not mentioned. */
function openapi() {
  const file = join(folder, "openapi.json");
  const operation = { responses: { 201: { description: "made" } } };
  writeFileSync(file, JSON.stringify({ openapi: "3.1.0", info: { title: "Payments", version: "1" }, paths: { "/payments/{id}": { post: operation } } }));
  return file;
}
