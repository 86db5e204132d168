// --check: what it finds, in which words, and what it lets pass.
import assert from "node:assert/strict";
import { test } from "node:test";
import { contractOf, documentOf, file, openapi, operation } from "./fixture.mjs";

const KEY = { name: "Idempotency-Key", in: "header", schema: { type: "string" } };
const REQUIRED = { ...KEY, required: true };

async function check(paths, contract, more = {}, ...args) {
  const path = file(documentOf(paths, more));
  const { code, out, err } = await openapi(path, contract, "--check", ...args);
  return { code, err, out: out.replaceAll(path, "api.json") };
}

/** The document has just this finding. */
async function finds(paths, contract, sentence, next, more) {
  const { code, out, err } = await check(paths, contract, more);
  assert.equal(code, 1, out + err);
  const [what, cure, summary] = out.split("\n");
  assert.equal(what, sentence);
  assert.match(cure, next);
  assert.match(summary, /1 finding\.$/);
}

async function findsNothing(paths, contract, more, summary = /nothing was found\.$/) {
  const { code, out, err } = await check(paths, contract, more);
  assert.equal(code, 0, out + err);
  assert.match(out.trim(), summary);
  assert.equal(out.split("\n").length, 2, out);
}

test("nothing found: one line, and 0", async () => {
  await findsNothing({ "/x": { post: operation(), get: operation(), put: operation({}, "200"), delete: operation({}, "204") } }, contractOf(), {},
    /^api\.json: 4 operations, 1 of them guarded; nothing was found\.$/);
});

test("an operation that writes, and that nothing guards", async () => {
  await finds({ "/x": { post: operation({ operationId: "make" }) } }, contractOf([{ path: "/x", key: "off" }]),
    'unguarded: POST /x (make) is not guarded: routes[0] /x decides with key = "off".',
    /Guard it with a route of its own; or, .* accept it in the operation: "x-onlyonce": \{"unguarded": "<why>"\}/);
  await finds({ "/x": { patch: operation() } }, contractOf([], { methods: ["POST"] }),
    "unguarded: PATCH /x is not guarded: [vars.POLICY] decides, and its methods are POST, without PATCH.", /Name PATCH in the methods of a route/);
});

test("PUT and DELETE, where the document says that they are not idempotent", async () => {
  for (const [method, more, evidence] of [
    ["put", { "x-idempotent": false }, 'it says "x-idempotent": false'],
    ["delete", { description: "Beware: this is not idempotent." }, 'its description says "not idempotent"'],
    ["put", { summary: "A non-idempotent put" }, 'its summary says "non-idempotent"'],
    ["delete", { parameters: [KEY] }, "it takes the header Idempotency-Key"],
    ["put", { responses: { 201: { description: "", headers: { Location: { schema: {} } } } } }, "its only success is 201 with a Location, which is to create something each time"],
  ]) {
    await finds({ "/x": { [method]: { ...operation({}, "200"), ...more } } }, contractOf(),
      `unguarded: ${method.toUpperCase()} /x is not guarded: [vars.POLICY] decides, and its methods are POST, PATCH, without ${method.toUpperCase()}; and by the document it is not idempotent: ${evidence}.`, /methods/);
  }
  const guarded = contractOf([], { methods: ["POST", "PATCH", "PUT"] });
  await findsNothing({ "/x": { put: operation({ "x-idempotent": false }) } }, guarded);
  const created = { description: "", headers: { Location: { schema: {} } } };
  await findsNothing({ "/x": { put: { description: "It is idempotent.", responses: { 201: created, 204: { description: "" } } } } }, contractOf());
});

test("one that is guarded for some of its paths only", async () => {
  const contract = contractOf([{ path: "/x/search", key: "off" }]);
  await finds({ "/x/{id}": { post: operation() }, "/x": { post: operation() } }, contract,
    'partly-guarded: POST /x/{id} is guarded for some of its paths only: routes[0] /x/search decides with key = "off".', /Guard it there, too/);
  const inverse = contractOf([{ path: "/x/search", key: "required" }], { key: "off" });
  await finds({ "/x/{id}": { post: operation() } }, inverse,
    'partly-guarded: POST /x/{id} is guarded for some of its paths only: [vars.POLICY] decides with key = "off".', /Guard it there, too/);
  const written = { "/x/{id}": { post: operation() }, "/x/search": { post: operation({ "x-onlyonce": { unguarded: "It reads." } }) } };
  await findsNothing(written, contract, {}, /2 operations, 1 of them guarded, 1 finding accepted; nothing was found/);
});

test("what is watched is told, and fails no gate", async () => {
  const { code, out } = await check({ "/x": { post: operation() } }, contractOf([], { mode: "observe", key: "required" }));
  assert.equal(code, 0);
  assert.match(out, /^note: POST \/x is only watched: \[vars\.POLICY\] has mode = "observe", so nothing is refused there yet\.\n/);
});

test("a route that no operation takes", async () => {
  const cure = /--base says at which path.*"x-onlyonce": \{"routes": \{"\/hooks\/\*\*": "<why>"\}\}/;
  const contract = contractOf([{ path: "/hooks/**" }]);
  await finds({ "/x": { post: operation() } }, contract, "no-operation: routes[0] /hooks/** is for no operation of the document.", cure);
  await finds({ "/hooks": { get: operation() } }, contract, "no-operation: routes[0] /hooks/** guards POST, PATCH, and the document has only GET there.", cure);
  await findsNothing({ "/hooks/{id}": { get: operation() } }, contractOf([{ path: "/hooks/**", key: "off" }]));
  await findsNothing({ "/x": { post: operation() } }, contract, { "x-onlyonce": { routes: { "/hooks/**": "The partner's document has them." } } }, /1 finding accepted/);
});

test("a key that the policy requires, and what the document says of it", async () => {
  const contract = contractOf([], { key: "required" });
  const cure = /^ {2}-> npm run openapi -- \S+ --apply --output \S+$/;
  await finds({ "/x": { post: operation() } }, contract, "key: POST /x: [vars.POLICY] requires a key in the header Idempotency-Key, and the document does not mention it.", cure);
  await finds({ "/x": { post: operation({ parameters: [KEY] }) } }, contract, "key: POST /x: [vars.POLICY] requires a key in the header Idempotency-Key, and the document calls it optional.", cure);
  await findsNothing({ "/x": { post: operation({ parameters: [REQUIRED] }) } }, contract);
  await findsNothing({ "/x": { parameters: [REQUIRED], post: operation() } }, contract);
  await findsNothing({ "/x": { post: operation({ parameters: [{ $ref: "#/components/parameters/K" }] }) } }, contract, { components: { parameters: { K: REQUIRED } } });
});

test("a key that the document requires, and the policy does not", async () => {
  await finds({ "/x": { post: operation({ parameters: [REQUIRED] }) } }, contractOf(),
    "key: POST /x: the document requires a key in the header Idempotency-Key, and [vars.POLICY] takes requests without one.", /Set key = "required" for it; or/);
});

function body(schema, type = "application/json") {
  return { requestBody: { content: { [type]: { schema } } } };
}

test("a key in the body, and the body's schema", async () => {
  const json = contractOf([], { key_from: ["json:/meta/key"] });
  const there = { type: "object", properties: { meta: { $ref: "#/components/schemas/Meta" } } };
  const components = { schemas: { Meta: { allOf: [{ properties: { other: {} } }, { properties: { key: { type: "string" } } }] } } };
  await findsNothing({ "/x": { post: operation(body(there)) } }, json, { components });
  const sentence = "key-member: POST /x: [vars.POLICY] takes the key from the body's /meta/key, and the document has no such member in its body.";
  await finds({ "/x": { post: operation(body({ type: "object", properties: { other: {} } })) } }, json, sentence, /schema/);
  await finds({ "/x": { post: operation() } }, json, sentence, /schema/);
  await findsNothing({ "/x": { post: operation(body({ type: "object" })) } }, json, {}, /nothing was found/);
  const form = contractOf([], { key: "required", key_from: ["form:token"] });
  const urlencoded = "application/x-www-form-urlencoded";
  await findsNothing({ "/x": { post: operation(body({ properties: { token: {} }, required: ["token"] }, urlencoded)) } }, form);
  await finds({ "/x": { post: operation(body({ properties: { token: {} } }, urlencoded)) } }, form,
    "key: POST /x: [vars.POLICY] requires a key in the form's field token, and the document calls it optional.", /required/);
});

test("with several places, one of them has to be in the document", async () => {
  const contract = contractOf([], { key: "required", key_from: ["header:idempotency-key", "form:token"] });
  await finds({ "/x": { post: operation() } }, contract,
    "key: POST /x: [vars.POLICY] requires a key in the header Idempotency-Key or the form's field token, and the document mentions none of them.", /--apply/);
  await findsNothing({ "/x": { post: operation({ parameters: [KEY] }) } }, contract);
});

test("a schema that refers to itself ends", async () => {
  const components = { schemas: { Tree: { allOf: [{ $ref: "#/components/schemas/Tree" }] }, Loop: { $ref: "#/components/schemas/Loop" } } };
  for (const name of ["Tree", "Loop"]) {
    const { code } = await check({ "/x": { post: operation(body({ $ref: `#/components/schemas/${name}` })) } }, contractOf([], { key_from: ["json:/a"] }), { components });
    assert.equal(code, 0);
  }
});

test("an acceptance wants a reason, and something to accept", async () => {
  const off = contractOf([{ path: "/x", key: "off" }]);
  for (const reason of ["", " ", true, null]) {
    await finds({ "/x": { post: operation({ "x-onlyonce": { unguarded: reason } }) } }, off,
      'acceptance: POST /x is not guarded: routes[0] /x decides with key = "off". The document accepts that without a reason.', /Write the reason/);
  }
  const { code, out } = await check({ "/x": { post: operation({ "x-onlyonce": { unguarded: "why" } }) } }, contractOf());
  assert.equal(code, 0);
  assert.match(out, /^note: POST \/x accepts that it is not guarded, and nothing has to be accepted/);
});

test("what cannot be read was not checked, and the gate says so", async () => {
  await finds({ "/x": { $ref: "nowhere.yaml#/x" } }, contractOf(), 'unreadable: paths["/x"] refers to nowhere.yaml#/x, which cannot be read, so that its operations were not checked.', /bundle/);
});

test("webhooks and callbacks are requests of the API's own", async () => {
  const callbacks = { done: { "{$request.body#/url}": { post: operation() } } };
  await findsNothing({ "/x": { get: operation({ callbacks }) } }, contractOf([], { key: "off" }), { webhooks: { paid: { post: operation() } } });
});

test("as JSON, for machines", async () => {
  const { code, out } = await check({ "/x": { post: operation({ operationId: "make" }) } }, contractOf([], { key: "off" }), {}, "--json");
  assert.equal(code, 1);
  const { operations, guarded, findings, accepted, notes } = JSON.parse(out);
  assert.deepEqual([operations, guarded, accepted, notes], [1, 0, [], []]);
  const [{ what, next, ...rest }] = findings;
  assert.deepEqual(rest, { kind: "unguarded", method: "POST", path: "/x", operation_id: "make" });
  assert.ok(what && next);
});

test("what --apply has written, --check is content with", async () => {
  const contract = contractOf([{ path: "/x", key: "required" }, { path: "/q", key: "required", key_from: ["query:k"] }]);
  const path = file(documentOf({ "/x": { parameters: [KEY], post: operation() }, "/q": { post: operation() }, "/y": { post: operation({ parameters: [REQUIRED] }) } }));
  assert.equal((await openapi(path, contract, "--check")).code, 1);
  await openapi(path, contract, "--apply", "--output", path);
  const { code, out } = await openapi(path, contract, "--check");
  assert.equal(code, 0, out);
});
