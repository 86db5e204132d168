// npm test: see USAGE.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { build, buildScriptRules } from "./lib/build.mjs";
import { chromium } from "./lib/chromium.mjs";
import { Failure, log, main } from "./lib/log.mjs";
import { node22 } from "./lib/node22.mjs";
import { root } from "./lib/paths.mjs";
import { show } from "./lib/run.mjs";
import { setup } from "./lib/setup.mjs";
import { helpIfAsked } from "./lib/usage.mjs";

const USAGE = `npm test [-- native|proof|fuzz|tools|conform|openapi|package|clients|workerd|storm|browser ...]: sets up, builds, and runs every test,
or the parts that are named.
  native   the rules, on the host, without any runtime
  proof    the rules under a model checker, and at random (docs/PROOF.md)
  fuzz     what strangers send and disks hold, drawn at random for a second each (FUZZ_SECONDS)
  tools    what an operator or a newcomer runs, against logs and a guard on the real runtime
  conform  the conformance kit on small servers with and without a flaw, and on the guard in each profile
  openapi  the policy in an API's own documents, public ones among them, with others' tools as the judges
  package  the npm package on a machine without Rust, from its installation to a dry run of a deployment
  clients  the clients that people use, from npm, and curl, with the guard between them and an API
  workerd  the guard on the real runtime, driven over raw sockets
  storm    thousands of clients, and a runtime that is killed over and over (npm run storm)
  browser  the demo's page and the operator's console in a real Chromium`;

const BROWSER_TESTS = [join("tests", "browser")];
const TOOL_TESTS = [join("tests", "doctor"), join("tests", "tools")];
const CONFORM_TESTS = [join("tests", "conform")];
const OPENAPI_TESTS = [join("tests", "openapi")];
const PACKAGE_TESTS = [join("tests", "package")];
const CLIENT_TESTS = [join("tests", "clients")];
const READ_POLICIES = ["tools", "openapi", "package"];
const parts = { native, proof, fuzz, tools, conform, openapi, package: packed, clients, workerd, storm, browser };

await main(async () => {
  helpIfAsked(USAGE);
  const chosen = chosenParts(process.argv.slice(2));
  const needs = ["browser", "clients", "openapi"].map((name) => [name, chosen.includes(name)]);
  await setup(Object.fromEntries(needs));
  await build();
  // Else the first test that reads a policy would wait for a compiler.
  if (chosen.some((name) => READ_POLICIES.includes(name))) await buildScriptRules();
  for (const name of chosen) {
    log(`\n== ${name} tests ==`);
    await parts[name]();
  }
});

function chosenParts(names) {
  const unknown = names.filter((name) => !(name in parts));
  if (unknown.length === 0) return names.length ? names : Object.keys(parts);
  throw new Failure(`no tests are called ${unknown.join(", ")}`, { cure: `choose from ${Object.keys(parts).join(", ")}` });
}

function native() {
  return cargoTest(["--lib", "--test", "guard"]);
}

function proof() {
  return cargoTest(["--profile", "proof", "--test", "model", "--test", "simulation", "--", "--nocapture", "--test-threads=1"]);
}

function fuzz() {
  return cargoTest(["--profile", "proof", "--test", "fuzz"]);
}

function workerd() {
  return cargoTest(["--test", "workerd"]);
}

function storm() {
  return cargoTest(["--test", "storm", "--", "--nocapture"]);
}

function cargoTest(args) {
  return show("cargo", ["test", "--locked", ...args], { cwd: root, env: { ...process.env, ONLYONCE_NODE: node22() } });
}

function tools() {
  return nodeTest(TOOL_TESTS, process.env);
}

function conform() {
  return nodeTest(CONFORM_TESTS, process.env);
}

function openapi() {
  return nodeTest(OPENAPI_TESTS, process.env);
}

function packed() {
  return nodeTest(PACKAGE_TESTS, process.env);
}

function clients() {
  return nodeTest(CLIENT_TESTS, process.env);
}

async function browser() {
  await nodeTest(BROWSER_TESTS, { ...process.env, CHROMIUM: await chromium() });
}

async function nodeTest(folders, env) {
  const args = ["--test", "--test-reporter=spec", ...folders.flatMap(testsIn)];
  await show(node22(), args, { cwd: root, env: { ...env, ONLYONCE_NODE: node22() } });
}

function testsIn(folder) {
  const names = readdirSync(join(root, folder), { recursive: true }).filter((name) => !name.startsWith("node_modules"));
  const files = names.filter((name) => name.endsWith(".test.mjs"));
  if (files.length === 0) throw new Failure(`no *.test.mjs in ${folder}`);
  return files.map((name) => join(folder, name));
}
