// What `onlyonce init` writes and "Deploy to Cloudflare" takes: it deploys what the repository deploys, and explains
// what it asks for.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { readConfig } from "../../scripts/lib/worker-config.mjs";
import { root } from "./machine.mjs";

const read = (name) => readFileSync(`${root}template/${name}`, "utf8");
const { cloudflare, devDependencies } = JSON.parse(read("package.json"));

test("its configuration is the repository's, but for where things lie and an example of an ORIGIN", () => {
  const [ours, theirs] = ["wrangler.toml", "template/wrangler.toml"].map((name) => readConfig(root + name));
  const differing = Object.keys({ ...ours, ...theirs }).filter((name) => JSON.stringify(ours[name]) !== JSON.stringify(theirs[name]));
  const elsewhere = ["configPath", "userConfigPath", "name", "topLevelName", "main", "build", "assets", "vars"];
  assert.deepEqual(differing.filter((name) => !elsewhere.includes(name)), []);
  assert.deepEqual({ ...theirs.assets, directory: "" }, { ...ours.assets, directory: "" });
  assert.equal(theirs.assets.directory, "node_modules/onlyonce/www/console");
  assert.ok(theirs.main.endsWith("/template/node_modules/onlyonce/src/worker.mjs"), theirs.main);
  assert.equal(theirs.build.command, undefined);
  assert.deepEqual({ ...theirs.vars }, { ORIGIN: "https://origin.example.com" });
});

test("whatever the repository's has for those who want it, it has too", () => {
  const optional = (text) => text.split("\n").filter((line) => /^# (\[|\w+ = )/.test(line));
  const own = optional(read("wrangler.toml"));
  const ours = optional(readFileSync(`${root}wrangler.toml`, "utf8"));
  assert.ok(ours.length > 20, "they are found");
  // Those that the template sets.
  const set = ["# [vars]", '# ORIGIN = "https://origin.example.com"'];
  assert.deepEqual(ours.filter((line) => !own.includes(line) && !set.includes(line)), []);
});

test("its wrangler is the one that the package was tried with", () => {
  assert.equal(devDependencies.wrangler, JSON.parse(readFileSync(`${root}package.json`, "utf8")).devDependencies.wrangler);
});

test("whatever a person is asked for, or is made, has its explanation", () => {
  const config = readConfig(`${root}template/wrangler.toml`);
  const secrets = [...read(".dev.vars.example").matchAll(/^(\w+)=(.*)$/gm)];
  // What stands there would be somebody's secret in production.
  assert.deepEqual(secrets.filter(([, , value]) => value !== ""), []);
  const made = [...config.durable_objects.bindings.map(({ name }) => name), ...config.kv_namespaces.map(({ binding }) => binding)];
  const names = [...Object.keys(config.vars), ...secrets.map(([, name]) => name), ...made];
  assert.deepEqual(Object.keys(cloudflare.bindings).toSorted(), names.toSorted());
  for (const { description } of Object.values(cloudflare.bindings)) assert.ok(description.length > 40, description);
});
