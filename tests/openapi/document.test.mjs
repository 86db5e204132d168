// What is refused, in which words, and with 2.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { contractOf, documentOf, file, folder, openapi, operation } from "./fixture.mjs";
import { run } from "../tools/script.mjs";

const HEAD = "openapi: 3.1.0\ninfo: {title: T, version: '1'}\n";

async function refused(document, pattern, ...args) {
  const { code, out, err } = await openapi(document, contractOf(), ...args);
  assert.deepEqual([code, out], [2, ""], err);
  assert.match(err, pattern);
}

test("other documents, and broken ones", async () => {
  await refused(file({ swagger: "2.0", info: {}, paths: {} }), /is Swagger 2\.0, and this reads OpenAPI 3\.0 and 3\.1\ncure: convert it first: npx swagger2openapi/);
  await refused(file({ openapi: "3.2.0", info: {} }), /is OpenAPI 3\.2\.0, and this reads 3\.0 and 3\.1/);
  await refused(file({ openapi: "4.0.0", info: {} }), /is OpenAPI 4\.0\.0/);
  await refused(file({ asyncapi: "3.0.0" }), /is no OpenAPI document: it has no member "openapi"/);
  for (const text of ["", "text", "[]", "3"]) await refused(file(text), /is no OpenAPI document/);
  await refused(`${folder}/none.yaml`, /none\.yaml cannot be read: there is no such file\ncure: name the file/);
  await refused(folder, /cannot be read/);
});

test("what is no YAML or JSON is shown where it stands", async () => {
  await refused(file(`${HEAD}paths: {\n  a: [}\n`), /\.yaml:4:\d+: .*\n {2}\| {3}a: \[\}\n {2}\| +\^\ncure: mend that line/);
  await refused(file(`{"openapi": "3.1.0",\n "info": {,}}`, "json"), /\.json:2:\d+: /);
});

test("members of another kind than the specification's", async () => {
  for (const [rest, where] of [
    ["paths: []\n", /"paths" is no object/],
    ["paths: {/x: 3}\n", /paths\["\/x"\] is no object/],
    ["paths: {/x: {post: []}}\n", /paths\["\/x"\]\.post is no object/],
    ["paths: {/x: {post: {parameters: {}}}}\n", /paths\["\/x"\]\.post\.parameters is no list/],
    ["paths: {/x: {parameters: [3]}}\n", /paths\["\/x"\]\.parameters\[0\] is no object/],
    ["paths: {/x: {post: {responses: []}}}\n", /\.post\.responses is no object/],
    ["components: {schemas: []}\n", /components\.schemas is no object/],
  ]) await refused(file(HEAD + rest), where, "--apply");
});

test("references and aliases in circles end", async () => {
  const paths = { "/x": { $ref: "#/paths/~1y" }, "/y": { $ref: "#/paths/~1x" }, "/z": { post: operation({ parameters: [{ $ref: "#/components/parameters/A" }] }) } };
  const circle = documentOf(paths, { components: { parameters: { A: { $ref: "#/components/parameters/A" } } } });
  assert.equal((await openapi(file(circle), contractOf(), "--apply")).code, 0);
  const bomb = ["a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]", ..."bcdefghij".split("").map((name, index) => `${name}: &${name} [${Array(10).fill(`*${"abcdefghij"[index]}`).join(", ")}]`)];
  await refused(file(`${HEAD}x-bomb:\n  ${bomb.join("\n  ")}\n`), /its anchors and aliases cannot be followed/);
  await refused(file(`${HEAD}x-loop: &loop\n  again: *loop\n`), /its anchors and aliases cannot be followed/);
});

test("an empty document, and one of webhooks alone, hold nothing to guard", async () => {
  for (const rest of ["paths: {}\n", "webhooks: {a: {post: {responses: {'200': {description: x}}}}}\n"]) {
    const { code, out } = await openapi(file(HEAD + rest), contractOf(), "--apply");
    assert.deepEqual([code, out], [0, HEAD + rest]);
  }
});

test("arguments that mean nothing", async () => {
  const document = file(documentOf({}));
  for (const [args, pattern] of [
    [[], /no document is named\ncure: npm run openapi -- openapi\.yaml/],
    [["a.yaml", "b.yaml"], /more than one document is named: a\.yaml, b\.yaml/],
    [[document, "--loud"], /--loud[\s\S]*npm run openapi/],
    [[document, "--apply", "--check"], /--apply and --check are two questions/],
    [[document, "--json"], /--json is for --check alone/],
    [[document, "--check", "--output", "x"], /--check writes no document/],
    [[document, "--contract", "x", "--env", "y"], /--env is for a configuration/],
    [[document, "--base", "/v1?a"], /--base "\/v1\?a" is no path/],
    [[document, "--contract", `${folder}/none.json`], /none\.json cannot be read/],
    [[document, "--contract", document], /is no contract of the guard's/],
    [[document, "--contract", "http://127.0.0.1:9/"], /http:\/\/127\.0\.0\.1:9\/\.onlyonce\/contract cannot be asked/],
  ]) {
    const { code, out, err } = await run("openapi", args);
    assert.deepEqual([code, out], [2, ""], err);
    assert.match(err, pattern);
  }
});

test("the contract of a running guard", async (t) => {
  const server = createServer((request, response) => {
    const known = request.url === "/.onlyonce/contract";
    response.writeHead(known ? 200 : 404, { "content-type": "application/json" }).end(known ? JSON.stringify(contractOf([], { key: "off" })) : "{}");
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.after(() => server.close().closeAllConnections());
  const url = `http://127.0.0.1:${server.address().port}`;
  const document = file(documentOf({ "/x": { post: operation() } }));
  assert.match((await run("openapi", [document, "--check", "--contract", url])).out, /POST \/x is not guarded/);
  assert.match((await run("openapi", [document, "--check", "--contract", `${url}/else`])).err, /it answers 404/);
});
