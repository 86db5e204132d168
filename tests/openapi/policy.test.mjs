// The policy of a wrangler configuration, as the guard itself reads it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { documentOf, file, operation } from "./fixture.mjs";
import { CONFIG_HEAD as HEAD, run } from "../tools/script.mjs";

const POLICY = `
[vars.POLICY]
retry_window = "48h"

[[vars.POLICY.routes]]
path = "/payments/**"
key = "required"

[[vars.POLICY.routes]]
path = "/public/**"
key = "off"
`;

const document = () => file(documentOf({ "/payments/{id}/refunds": { post: operation() }, "/public/x": { post: operation() } }));

test("the overlay follows wrangler.toml", async () => {
  const { code, out, err } = await run("openapi", [document(), "--config", file(HEAD + POLICY, "toml")]);
  assert.equal(code, 0, err);
  const { actions } = JSON.parse(out);
  const { update } = actions.find(({ target }) => target === "$.paths['/payments/{id}/refunds'].post");
  assert.deepEqual(update["x-onlyonce"], { key: "required", key_from: ["header:idempotency-key"], retry_window: "PT48H", profile: "draft" });
  assert.ok(["400", "409", "422", "502", "503", "504"].every((status) => update.responses[status]), Object.keys(update.responses).join(" "));
  const [{ update: { components } }] = actions;
  const known = Object.values(components.examples).map(({ value }) => value.code);
  for (const code of ["key-missing", "key-reused", "in-progress", "outcome-unknown"]) assert.ok(known.includes(code), code);
  assert.ok(!actions.some(({ target }) => target.includes("/public/x")));
});

test("the gate, and what the policy's mistakes end with", async () => {
  const { code, out } = await run("openapi", [document(), "--check", "--config", file(HEAD + POLICY, "toml")]);
  assert.equal(code, 1);
  assert.match(out, /POST \/public\/x is not guarded: routes\[1\] \/public\/\*\* decides with key = "off"/);
  const mistaken = await run("openapi", [document(), "--config", file(`${HEAD}\n[vars.POLICY]\nretry_window = "10"\n`, "toml")]);
  assert.deepEqual([mistaken.code, mistaken.out], [2, ""]);
  assert.match(mistaken.err, /retry_window "10" has no unit[\s\S]*openapi: the policy in \S+ cannot be used\ncure: npm run check-policy/);
  const elsewhere = await run("openapi", [document(), "--config", file(HEAD, "toml"), "--env", "staging"]);
  assert.equal(elsewhere.code, 2);
  assert.match(elsewhere.err, /has no environment "staging"/);
});
