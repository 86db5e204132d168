// --apply: the author's text with what the policy adds, and nothing else changed.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readFileAsData } from "../../scripts/lib/openapi/document.mjs";
import { editedText } from "../../scripts/lib/openapi/text-edit.mjs";
import { applied, contractOf, documentOf, file, folder, openapi, operation, plain, read } from "./fixture.mjs";

const RULES = contractOf([{ path: "/payments/**", key: "required" }]);
const YAML = `# Our API.
openapi: 3.1.0   # the newest
info: { title: Payments, version: '7' }

paths:
    # The heart of it.
    /payments:
        summary: >-
            Payments,
            folded
        post:
            operationId: pay # short
            parameters:
            - name: a   # first
              in: query
              schema: {type: string}
            responses:
                '201': {description: Done}
                '409':
                    description: |
                        Twice.

    # The rest.
    /other:
        get:
            responses: {200: {description: Fine}}
# The end.
`;

/** The text after --apply, whose data others have come to by the overlay. */
async function text(source, contract = RULES, extension = "yaml") {
  const { text: out, value, others, err } = await applied(file(source, extension), contract);
  assert.deepEqual([others.format, others.redocly], [value, value]);
  assert.doesNotMatch(err, /written anew/);
  return out;
}

/** The lines of `before`, in their order, among those of `after`; what is left over was added. */
function added(before, after) {
  const old = before.split("\n");
  const more = after.split("\n").filter((line) => line !== old[0] || (old.shift(), false));
  assert.deepEqual(old, [], "these lines are gone or changed");
  return more;
}

test("YAML: comments, order and layout stay, and new lines look like the old ones", async () => {
  const out = await text(YAML);
  const more = added(YAML.replace("                '201': {description: Done}\n", ""), out.replace(/^ *'201': .*\n/m, ""));
  assert.ok(more.includes("            - $ref: '#/components/parameters/OnlyonceIdempotencyKey'"), "the list's dashes stand where they stood");
  assert.ok(more.includes("                '422':"), "quotes as they were");
  assert.match(out, /key_from:\n {18}- header/, "less deep than an object, as the author has lists");
  assert.match(out, /\{description: Done, "headers": \{ "Idempotency-Key"/, "what was on one line stays there");
  assert.match(out, /schema: \{type: string\}\n {12}- \$ref/);
  assert.match(out, /Twice\.\n {20}content:\n {24}application/, "right under the text, not under its blank line");
});

test("applying twice changes nothing, not even the file's time", async () => {
  for (const [source, extension] of [[YAML, "yaml"], [documentOf({ "/payments": { post: operation() } }), "json"]]) {
    const path = file(source, extension);
    assert.match((await openapi(path, RULES, "--apply", "--output", path)).err, /: written/);
    const [first, { mtimeMs }] = [readFileSync(path, "utf8"), statSync(path)];
    assert.match((await openapi(path, RULES, "--apply", "--output", path)).err, /: unchanged/);
    assert.deepEqual([readFileSync(path, "utf8"), statSync(path).mtimeMs], [first, mtimeMs]);
  }
});

test("another policy later: what the first one wrote is taken back", async () => {
  const shared = { Conflict: { description: "Conflict" } };
  const post = operation({
    parameters: [{ name: "a", in: "query", schema: {} }],
    responses: { 201: { description: "" }, 409: { $ref: "#/components/responses/Conflict" }, 422: { description: "No", content: { "text/plain": {} } } },
  });
  const document = documentOf({ "/payments": { post }, "/other": { post: operation() } }, { components: { responses: shared } });
  const path = file(document);
  await openapi(path, RULES, "--apply", "--output", path);
  const off = contractOf([], { key: "off" });
  const { value, others } = await applied(path, off);
  assert.deepEqual([value, others.format, others.redocly], [document, document, document]);
  const derived = contractOf([{ path: "/other", key: "derive", profile: "stripe" }], { key: "off" });
  assert.deepEqual((await applied(path, derived)).value, (await applied(file(document), derived)).value);
});

test("what the author accepts stays, whatever is written beside it", async () => {
  const accepted = documentOf({ "/payments": { post: operation({ "x-onlyonce": { unguarded: "why" } }) } }, { "x-onlyonce": { routes: { "/x": "why" } } });
  const path = file(accepted);
  await openapi(path, RULES, "--apply", "--output", path);
  assert.equal(read(path).paths["/payments"].post["x-onlyonce"].unguarded, "why");
  await openapi(path, contractOf([], { key: "off" }), "--apply", "--output", path);
  assert.deepEqual(plain(read(path)), accepted);
});

test("JSON: the indentation is the author's, tabs and none at all too", async () => {
  const document = documentOf({ "/payments": { post: operation({ "x-big": 1 }) } });
  for (const unit of [2, 4, "\t", 0]) {
    const source = JSON.stringify(document, null, unit).replace('"x-big": 1', '"x-big": 12345678901234567890.0').replace('"x-big":1', '"x-big":12345678901234567890.0');
    const out = await text(source, RULES, "json");
    assert.equal(JSON.stringify(JSON.parse(out), null, unit), out.replace("12345678901234567890.0", "12345678901234567000"));
    assert.ok(out.includes("12345678901234567890.0"), "a number that JavaScript cannot hold stays as it is written");
  }
});

test("line ends and a byte order mark stay", async () => {
  const out = await text(`\uFEFF${YAML.replaceAll("\n", "\r\n")}`);
  assert.ok(out.startsWith("\uFEFF# Our API.\r\n"));
  assert.doesNotMatch(out, /[^\r]\n/);
});

test("a file without a last line end, an empty list, an empty object, a value that is missing", async () => {
  const head = "openapi: 3.0.3\ninfo: {title: T, version: '1'}\npaths:\n  /payments:\n    post:\n";
  for (const rest of [
    "      responses:\n        '201':\n          description: Done",
    "      parameters: []\n      responses: {}\n",
    "      responses:\n        '201': {description: Done, headers: {}}\n      parameters: []\ncomponents: {}\n",
    "      parameters:\n      responses:\n        '201':\n          description: |+\n            Done\n\n\n",
  ]) {
    const path = file(head + rest);
    const { text: out, value, others, err } = await applied(path, RULES);
    assert.deepEqual([others.format, others.redocly], [value, value]);
    assert.doesNotMatch(err, /anew/);
    const written = file(out);
    assert.equal((await openapi(written, RULES, "--apply")).out, out);
    assert.equal(read(written).paths["/payments"].post.parameters.length, 1);
  }
});

test("an anchor whose alias must not change: the document is written anew, and says so", async () => {
  const source = `openapi: 3.1.0
info: {title: T, version: '1'}
paths:
  /payments:
    post: &write
      responses: {'201': {description: Done}}
  /free:
    post: *write
`;
  const contract = contractOf([{ path: "/free", key: "off" }]);
  const { code, out, err } = await openapi(file(source), contract, "--apply");
  assert.equal(code, 0);
  assert.match(err, /written anew, without its comments/);
  const { value, others } = await applied(file(source), contract);
  assert.deepEqual(others.format, value);
  assert.deepEqual(value.paths["/free"].post, { responses: { 201: { description: "Done" } } });
  assert.equal(read(file(out)).paths["/payments"].post.parameters.length, 1);
});

test("an alias gives way to the value where only it must change", async () => {
  const source = "openapi: 3.1.0\ninfo: {title: T, version: '1'}\nx-w: &write # kept\n  responses: {'201': {description: Done}}\npaths:\n  /payments:\n    post: *write\n";
  const out = await text(source);
  assert.match(out, /&write # kept/);
});

test("what a merge key brings is followed", async () => {
  const source = `openapi: 3.1.0
info: {title: T, version: '1'}
x-write: &write
  parameters: [{name: a, in: query, schema: {}}]
  responses: {'201': {description: Done}}
paths:
  /payments:
    post:
      <<: *write
      operationId: pay # short
`;
  const out = await text(source);
  assert.match(out, /<<: \*write\n {6}operationId: pay # short\n {6}parameters:/);
});

test("what a merge key brings cannot go by itself: that object is written out", () => {
  const source = "openapi: 3.1.0\nx-a: &a {b: 1, c: 2}\nx-d:\n  <<: *a\n  e: 3\n";
  const document = readFileAsData(file(source));
  assert.equal(editedText(document, { ...document.value, "x-d": { e: 3, c: 2 } }), "openapi: 3.1.0\nx-a: &a {b: 1, c: 2}\nx-d:\n  e: 3\n  c: 2\n");
  assert.equal(editedText(document, { ...document.value, "x-d": { e: 3, b: 1, c: 4 } }), source + "  c: 4\n");
});

test("a text with a blank line in it is copied without blanks at its lines' ends", async () => {
  const source = `openapi: 3.1.0
info: {title: T, version: '1'}
paths:
  /payments:
    post:
      responses:
        '409': {$ref: '#/components/responses/Twice'}
components:
  responses:
    Twice:
      description: |
        It was

        sent twice.
`;
  assert.doesNotMatch(await text(source), /[ \t]\n/);
});

test("what another file holds is read, not written; what is said of it names the way out", async () => {
  mkdirSync(join(folder, "parts"), { recursive: true });
  writeFileSync(join(folder, "parts", "shared.yaml"), `Key: {name: Idempotency-Key, in: header, schema: {type: string}}
Conflict: {description: Conflict}
Item:
  post:
    responses: {'201': {description: Done}}
`);
  const post = operation({ parameters: [{ $ref: "parts/shared.yaml#/Key" }], responses: { 201: { description: "" }, 409: { $ref: "parts/shared.yaml#/Conflict" } } });
  const path = file(documentOf({ "/payments": { post }, "/payments/more": { $ref: "parts/shared.yaml#/Item" }, "/payments/lost": { $ref: "parts/none.yaml" } }));
  const { code, out, err } = await openapi(path, RULES, "--apply");
  assert.equal(code, 0);
  const value = JSON.parse(out);
  const [{ $ref }] = value.paths["/payments"].post.parameters;
  assert.deepEqual(value.components.parameters[$ref.split("/").at(-1)], { name: "Idempotency-Key", in: "header", schema: { type: "string" }, required: true, "x-onlyonce": true });
  assert.deepEqual(value.paths["/payments"].post.responses["409"], { $ref: "parts/shared.yaml#/Conflict" });
  assert.match(err, /POST \/payments: the answer 409 is parts\/shared\.yaml#\/Conflict, which cannot be read from here.*bundle the document/);
  assert.match(err, /POST \/payments\/more stands in another file, \S+shared\.yaml, so nothing is added/);
  assert.match(err, /paths\["\/payments\/lost"\] refers to parts\/none\.yaml, which cannot be read/);
});
