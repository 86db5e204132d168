// What the overlay adds, in documents of both versions; others' tools apply it, and come to what --apply writes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { applied, contractOf, documentOf, file, openapi, operation, read, validity } from "./fixture.mjs";

const KEY = "#/components/parameters/OnlyonceIdempotencyKey";
const RULES = [{ path: "/payments/**", key: "required" }];

/** The operation that `added` became, after everybody agreed on it. */
async function result(document, contract = contractOf(RULES), ...args) {
  const made = await applied(file(document), contract, ...args);
  assert.deepEqual(made.others.format, made.value, "openapi-format");
  assert.deepEqual(made.others.redocly, made.value, "Redocly");
  assert.deepEqual([made.others.unused, made.others.problems], [[], []]);
  assert.equal(await validity(made.value), "valid");
  return made;
}

function component(value, ref) {
  const [, , kind, name] = ref.split("/");
  return value.components[kind][name];
}

for (const version of ["3.0.3", "3.1.0"]) {
  test(`OpenAPI ${version}: parameter, headers, refusals, window`, async () => {
    const { value } = await result(documentOf({ "/payments": { post: operation(), get: operation() } }, { openapi: version }));
    const { post, get } = value.paths["/payments"];
    assert.deepEqual(get, operation(), "what is not guarded stays as it is");
    assert.deepEqual(post.parameters, [{ $ref: KEY }]);
    const parameter = component(value, KEY);
    assert.deepEqual([parameter.name, parameter.in, parameter.required], ["Idempotency-Key", "header", true]);
    assert.match(parameter.description, /1 to 255 characters.*Required/);
    assert.deepEqual(Object.keys(post.responses), ["201", "400", "409", "422", "502", "504"]);
    assert.deepEqual(Object.keys(post.responses["201"].headers), ["Idempotency-Key", "Idempotency-Replayed", "Age"]);
    assert.equal(component(value, post.responses["201"].headers.Age.$ref).schema.type, "integer");
    assert.deepEqual(post["x-onlyonce"], { key: "required", key_from: ["header:idempotency-key"], retry_window: "PT24H", profile: "draft" });
  });

  test(`OpenAPI ${version}: a refusal has a schema and an example for each code`, async () => {
    const { value } = await result(documentOf({ "/payments": { post: operation() } }, { openapi: version }));
    const refusal = component(value, value.paths["/payments"].post.responses["400"].$ref);
    assert.match(refusal.description, /^Refused by the guard: key-missing, key-invalid\.$/);
    assert.deepEqual(Object.keys(refusal.headers), ["Idempotency-Key", "Retry-After"]);
    const { schema, examples } = refusal.content["application/problem+json"];
    assert.deepEqual(Object.keys(examples), ["onlyonce-key-missing", "onlyonce-key-invalid"]);
    assert.equal(component(value, examples["onlyonce-key-missing"].$ref).value.code, "key-missing");
    const { required, properties } = component(value, schema.$ref);
    assert.deepEqual(required, ["type", "title", "status", "detail", "code", "retryable", "error"]);
    assert.deepEqual([properties.status.type, properties.retryable.type, properties.error.properties.code.type], ["integer", "boolean", "string"]);
    const late = component(value, value.paths["/payments"].post.responses["504"].$ref);
    const { $ref } = late.content["application/problem+json"].examples["onlyonce-outcome-unknown"];
    assert.equal(component(value, $ref).value.status, 504, "the example's status is the answer's");
  });
}

test("a key that is optional, derived or generated is no required parameter, and its refusals fit", async () => {
  for (const [key, says] of [["optional", /Without one the request is carried out/], ["derive", /a key is derived/], ["generate", /a key is made/]]) {
    const { value } = await result(documentOf({ "/x": { post: operation() } }), contractOf([], { key }));
    const parameter = component(value, KEY);
    assert.equal(parameter.required, undefined, key);
    assert.match(parameter.description, says);
    const examples = component(value, value.paths["/x"].post.responses["400"].$ref).content["application/problem+json"].examples;
    assert.deepEqual(Object.keys(examples), ["onlyonce-key-invalid"]);
  }
  const { value } = await result(documentOf({ "/x": { post: operation() } }), contractOf([], { key: "derive", derive_window_ms: 90_000 }));
  assert.equal(value.paths["/x"].post["x-onlyonce"].derive_window, "PT1M30S");
});

test("off, another method, and watching: nothing is refused, so nothing of the kind is written", async () => {
  const paths = { "/off": { post: operation() }, "/put": { put: operation() }, "/seen": { post: operation() } };
  const { value } = await result(documentOf(paths), contractOf([{ path: "/off", key: "off" }, { path: "/seen", key: "required", mode: "observe" }]));
  assert.deepEqual([value.paths["/off"], value.paths["/put"]], [paths["/off"], paths["/put"]]);
  const { post } = value.paths["/seen"];
  assert.deepEqual(Object.keys(post.responses), ["201"]);
  assert.deepEqual([component(value, KEY).required, post["x-onlyonce"].mode], [undefined, "observe"]);
});

test("a key in the query is a parameter there; one in the body is told beside the operation", async () => {
  const query = await result(documentOf({ "/payments": { post: operation() } }), contractOf([{ path: "/payments", key: "required", key_from: ["query:once"] }]));
  const [{ $ref }] = query.value.paths["/payments"].post.parameters;
  assert.deepEqual({ ...component(query.value, $ref), description: "", example: "" }, {
    name: "once", in: "query", description: "", required: true, schema: { type: "string", minLength: 1, maxLength: 255 }, example: "", "x-onlyonce": true,
  });
  const sources = ["header:idempotency-key", "json:/meta/key"];
  const both = await result(documentOf({ "/payments": { post: operation() } }), contractOf([{ path: "/payments", key: "required", key_from: sources }]));
  const { post } = both.value.paths["/payments"];
  assert.deepEqual(post["x-onlyonce"].key_from, sources);
  assert.equal(component(both.value, KEY).required, undefined, "it may stand in the body instead");
});

test("another header that carries the key is the parameter", async () => {
  const { value } = await result(documentOf({ "/x": { post: operation() } }), contractOf([], { key_from: ["header:paypal-request-id"], key_min_length: 8, key_max_length: 38 }));
  const parameter = component(value, value.paths["/x"].post.parameters[0].$ref);
  assert.deepEqual([parameter.name, parameter.schema.minLength], ["Paypal-Request-Id", 8]);
  assert.match(parameter.description, /8 to 38 characters/);
});

const declared = { name: "idempotency-KEY", in: "header", description: "Ours.", schema: { type: "string", format: "uuid" } };

test("a key that the document declares is set right, not written twice", async () => {
  const inline = await result(documentOf({ "/payments": { post: operation({ parameters: [{ name: "a", in: "query", schema: {} }, { ...declared }] }) } }));
  assert.deepEqual(inline.value.paths["/payments"].post.parameters, [{ name: "a", in: "query", schema: {} }, { ...declared, required: true }]);
  const right = await result(documentOf({ "/payments": { post: operation({ parameters: [{ ...declared, required: true }] }) } }));
  assert.deepEqual(right.value.paths["/payments"].post.parameters, [{ ...declared, required: true }]);
  const less = await result(documentOf({ "/other": { post: operation({ parameters: [{ ...declared, required: true }] }) } }));
  assert.deepEqual(less.value.paths["/other"].post.parameters, [declared]);
});

test("a parameter is named by what it is called, not by its index", async () => {
  const query = { name: "a", in: "query", schema: {} };
  const inline = await result(documentOf({ "/payments": { post: operation({ parameters: [query, { ...declared }] }) } }));
  assert.ok(inline.overlay.actions.some(({ target }) => target === "$.paths['/payments'].post.parameters[?(@.name == 'idempotency-KEY' && @.in == 'header')]"));
  const components = { parameters: { Key: declared } };
  const shared = await result(documentOf({ "/payments": { post: operation({ parameters: [query, { $ref: "#/components/parameters/Key" }] }) } }, { components }));
  assert.ok(shared.overlay.actions.some(({ target }) => target === "$.paths['/payments'].post.parameters[?(@['$ref'] == '#/components/parameters/Key')]"));
});

test("one that others share is copied, and theirs stays", async () => {
  const components = { parameters: { Key: declared } };
  const shared = operation({ parameters: [{ $ref: "#/components/parameters/Key" }] });
  const { value } = await result(documentOf({ "/payments": { post: shared }, "/other": { post: shared } }, { components }));
  assert.deepEqual(value.components.parameters.Key, declared);
  assert.deepEqual(value.paths["/other"].post.parameters, shared.parameters);
  const [{ $ref }] = value.paths["/payments"].post.parameters;
  assert.deepEqual(component(value, $ref), { ...declared, required: true, "x-onlyonce": { copy_of: "#/components/parameters/Key" } });
});

test("one of the whole path is written anew beside the operation that needs it", async () => {
  const item = { parameters: [declared], post: operation(), get: operation() };
  const { value } = await result(documentOf({ "/payments": item, "/other": item }));
  assert.deepEqual(value.paths["/payments"].parameters, [declared]);
  const [{ $ref }] = value.paths["/payments"].post.parameters;
  assert.deepEqual([component(value, $ref).required, component(value, $ref).name], [true, declared.name]);
  assert.equal(value.paths["/other"].post.parameters, undefined);
});

const problem = { "application/json": { schema: { type: "object" } } };

test("an answer that is there keeps what it says, and gets the refusal beside it", async () => {
  const responses = { 201: { description: "Done", headers: { age: { schema: { type: "string" } } } }, 409: { description: "Conflict", content: problem } };
  const { value } = await result(documentOf({ "/payments": { post: { responses } } }));
  const made = value.paths["/payments"].post.responses;
  assert.deepEqual(Object.keys(made["201"].headers), ["age", "Idempotency-Key", "Idempotency-Replayed"], "one header in two spellings is one");
  assert.equal(made["409"].description, "Conflict");
  assert.deepEqual(Object.keys(made["409"].content), ["application/json", "application/problem+json"]);
  assert.deepEqual(made["409"].content["application/json"], problem["application/json"]);
});

test("a problem that the document has already keeps its schema and its example", async () => {
  const own = { "application/problem+json": { schema: { type: "object", title: "Ours" } } };
  const fixed = { "application/problem+json": { schema: {}, example: { a: 1 } } };
  const { value } = await result(documentOf({ "/payments": { post: operation({ responses: { 409: { description: "", content: own }, 422: { description: "", content: fixed } } }) } }));
  const { 409: conflict, 422: other } = value.paths["/payments"].post.responses;
  assert.deepEqual(conflict.content["application/problem+json"].schema, { type: "object", title: "Ours" });
  assert.deepEqual(Object.keys(conflict.content["application/problem+json"].examples), ["onlyonce-in-progress"]);
  assert.deepEqual(other.content, fixed);
});

test("an answer that others share is copied once, and theirs stays", async () => {
  const components = { responses: { Conflict: { description: "Conflict", content: problem } } };
  const post = operation({ responses: { 201: { description: "" }, 409: { $ref: "#/components/responses/Conflict" } } });
  const { value } = await result(documentOf({ "/payments": { post }, "/payments/{id}": { patch: post }, "/payments/x": { put: post } }, { components }));
  assert.deepEqual(value.components.responses.Conflict, components.responses.Conflict);
  assert.deepEqual(value.paths["/payments/x"].put.responses["409"], { $ref: "#/components/responses/Conflict" });
  const { $ref } = value.paths["/payments"].post.responses["409"];
  assert.equal(value.paths["/payments/{id}"].patch.responses["409"].$ref, $ref);
  assert.deepEqual(Object.keys(component(value, $ref).content), ["application/json", "application/problem+json"]);
});

test("a range or a default that spoke of the status is not hidden by it", async () => {
  for (const general of ["default", "4XX"]) {
    const post = operation({ responses: { 201: { description: "" }, [general]: { description: "Went wrong", content: problem } } });
    const { value } = await result(documentOf({ "/payments": { post } }));
    const { responses } = value.paths["/payments"].post;
    assert.deepEqual(responses[general], post.responses[general]);
    const conflict = component(value, responses["409"].$ref);
    assert.deepEqual([Object.keys(conflict.content), conflict.description], [["application/json", "application/problem+json"], "Refused by the guard: in-progress. Or: Went wrong"]);
  }
});

test("a name that is taken is not taken again", async () => {
  const components = { schemas: { OnlyonceProblem: { type: "string" } }, parameters: { OnlyonceIdempotencyKey: { name: "q", in: "query", schema: {} } } };
  const { value } = await result(documentOf({ "/payments": { post: operation() } }, { components }));
  assert.deepEqual(value.components.schemas.OnlyonceProblem, { type: "string" });
  assert.deepEqual(value.paths["/payments"].post.parameters, [{ $ref: `${KEY}_2` }]);
});

test("profiles have refusals of their own", async () => {
  const { value } = await result(documentOf({ "/v1/charges": { post: operation() }, "/x": { post: operation() } }), contractOf([{ path: "/v1/**", profile: "stripe" }]));
  assert.deepEqual(Object.keys(value.paths["/v1/charges"].post.responses), ["201", "400"]);
  const refusal = component(value, value.paths["/v1/charges"].post.responses["400"].$ref);
  assert.equal(refusal.content["application/json"].schema.$ref, "#/components/schemas/OnlyonceStripeProblem");
});

test("where routes of two profiles may decide, the refusals of both are told", async () => {
  const contract = contractOf([{ path: "/x/a", profile: "stripe" }]);
  contract.refusals.stripe = [{ ...contract.refusals.draft[3], code: "busy", example: { error: { code: "busy" } } }];
  const { value } = await result(documentOf({ "/x/{id}": { post: operation({ parameters: [{ name: "id", in: "path", required: true, schema: {} }] }) } }), contract);
  const { schema, examples } = component(value, value.paths["/x/{id}"].post.responses["409"].$ref).content["application/problem+json"];
  assert.deepEqual(schema.anyOf.map(({ $ref }) => $ref.split("/").at(-1)), ["OnlyonceStripeProblem", "OnlyonceProblem"]);
  assert.deepEqual(Object.keys(examples), ["onlyonce-busy", "onlyonce-in-progress"]);
});

test("paths with quotes and backslashes are named as RFC 9535 has it", async () => {
  const path = "/it's/a\\b/\"{id}\"";
  const { overlay } = await result(documentOf({ [path]: { post: operation({ parameters: [{ name: "id", in: "path", required: true, schema: {} }] }) } }));
  assert.ok(overlay.actions.some(({ target }) => target === `$.paths['/it\\'s/a\\\\b/"{id}"'].post`), JSON.stringify(overlay.actions.map(({ target }) => target)));
});

test("an overlay says what it is for, and has one action at least", async () => {
  const document = file(documentOf({ "/x": { get: operation() } }));
  const output = `${document}.overlay.yaml`;
  assert.equal((await openapi(document, contractOf(), "--output", output)).code, 0);
  const { overlay, info, extends: of, actions } = read(output);
  assert.deepEqual([overlay, info, of], ["1.0.0", { title: "What Onlyonce 0.1.0 adds to Payments", version: "7" }, `./${document.split("/").at(-1)}`]);
  assert.deepEqual(actions, [{ target: "$.info", description: "There is nothing to add.", update: {} }]);
});

test("the base of the servers counts, and --base is in its place", async () => {
  const paths = { "/payments": { post: operation() } };
  const contract = contractOf([{ path: "/v1/payments", key: "required" }], { key: "off" });
  const isGuarded = ({ value }) => value.paths["/payments"].post["x-onlyonce"] !== undefined;
  for (const [servers, expected] of [
    [undefined, false],
    [[{ url: "https://api.example.com/v1/" }], true],
    [[{ url: "/v1" }], true],
    [[{ url: "https://{host}/{version}", variables: { host: { default: "x" }, version: { default: "v1" } } }], true],
  ]) {
    assert.equal(isGuarded(await result(documentOf(paths, servers ? { servers } : {}), contract)), expected, JSON.stringify(servers));
  }
  assert.equal(isGuarded(await result(documentOf(paths), contract, "--base", "/v1/")), true);
  const own = documentOf({ "/payments": { servers: [{ url: "/v1" }], post: operation() } }, { servers: [{ url: "/v2" }] });
  assert.equal(isGuarded(await result(own, contract)), true, "the path item's servers stand in place of the document's");
});

test("path items under components are written where they stand, once", async () => {
  const item = { post: operation() };
  const { value } = await result(documentOf({ "/a": { $ref: "#/components/pathItems/A" }, "/b": { $ref: "#/components/pathItems/A" } }, { components: { pathItems: { A: item } } }));
  assert.deepEqual(value.paths["/a"], { $ref: "#/components/pathItems/A" });
  assert.equal(value.components.pathItems.A.post.parameters.length, 1);
});
