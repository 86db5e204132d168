// npm run size: what the client weighs, against the limit that the project sets itself. Ends with
// 1 where it is exceeded.
//
// Counted are the four that send: key, fetch-once, guard-form and outbox together, minified by esbuild
// and gzipped, as a page receives them that bundles what it uses. key-status.js, which is part of two
// of them, and auto.js, for pages without a script of their own, are weighed by themselves; the last line is all
// modules with their comments. README.md tells each of these sizes, to a tenth of a KB; it ends with 1
// where one of them is another.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

// 800 of it to give up safely: form and outbox fence a key before they let it go (start-over.js and
// key-status.js, which both have since).
const MAX = 8_000;
const client = fileURLToPath(new URL("..", import.meta.url));
const names = readdirSync(client).filter((name) => name.endsWith(".js"));

const FOUR = ["key", "fetch-once", "guard-form", "outbox"];
const bundled = await bytesOf(FOUR.map((name) => `export * from "./${name}.js";`).join("\n"));
const entries = [...FOUR, "key-status", "auto"];
const readme = readFileSync(join(client, "README.md"), "utf8");
for (const name of entries) {
  const bytes = await bytesOf(`export * from "./${name}.js";`);
  say(`${name}.js alone`, bytes);
  check(`@onlyonce/client/${name}`, bytes);
}
say("the four together", bundled);
const whole = await bytesOf('export * from "./index.js";');
say("index.js", whole);
check("@onlyonce/client", whole);
say("index.js and auto.js", await bytesOf('export * from "./index.js"; import "./auto.js";'));
say("with comments", gzipped(names.map((name) => readFileSync(join(client, name))).join("\n")));
if (bundled > MAX) {
  console.error(`over budget: the client weighs ${bundled} bytes, allowed are ${MAX}`);
  process.exitCode = 1;
}

async function bytesOf(contents) {
  const stdin = { contents, resolveDir: client };
  const { outputFiles } = await build({ stdin, bundle: true, minify: true, format: "esm", target: "es2022", write: false });
  return gzipped(outputFiles[0].contents);
}

function check(name, bytes) {
  const line = `\`${name}\` ${(bytes / 1000).toFixed(1)} KB`;
  if (readme.includes(line)) return;
  console.error(`README.md tells another size: write ${line}`);
  process.exitCode = 1;
}

function gzipped(content) {
  return gzipSync(content, { level: 9 }).length;
}

function say(name, bytes) {
  console.log(`${name.padEnd(22)}${String(bytes).padStart(6)} bytes gzipped`);
}
