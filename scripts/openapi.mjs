// The contract of the policy in an OpenAPI document: see USAGE. Rules:
// 1. The policy is read by the guard itself, or told by a running one: what is written here is what it does.
// 2. stdout is the overlay, the document or the findings; stderr is all else.
// 3. A file is written only where it would change.
// 4. It ends with 0 where all is well, 1 where --check found something, 2 where it could not do its work.
import { readFileSync, writeFileSync } from "node:fs";
import { Failure, log } from "./lib/log.mjs";
import { npmPackages, underNode22 } from "./lib/node22.mjs";
import { helpIfAsked } from "./lib/usage.mjs";
import { openapiArguments, USAGE } from "./lib/openapi/arguments.mjs";

const COULD_NOT = 2;

helpIfAsked(USAGE);
try {
  const asked = openapiArguments(process.argv.slice(2));
  // wrangler alone wants the newer Node.
  await (asked.contract === undefined ? underNode22() : npmPackages());
  // What needs the packages is loaded once they are there.
  const { readContract } = await import("./lib/openapi/contract.mjs");
  const { readDocument } = await import("./lib/openapi/document.mjs");
  const document = readDocument(asked.document);
  const contract = await readContract(asked);
  if (asked.check) await check(document, contract, asked);
  else await write(document, contract, asked);
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  const tail = error.tail.map((line) => `\n  | ${line}`).join("");
  log(`openapi: ${error.message}${tail}${error.cure ? `\ncure: ${error.cure}` : ""}`);
  process.exitCode = COULD_NOT;
}

async function check(document, contract, asked) {
  const { findingsOf } = await import("./lib/openapi/findings.mjs");
  const { reportText } = await import("./lib/openapi/report.mjs");
  const report = findingsOf(document, contract, asked);
  process.stdout.write(asked.json ? `${JSON.stringify(report, null, 2)}\n` : reportText(report));
  process.exitCode = report.findings.length > 0 ? 1 : 0;
}

async function write(document, contract, asked) {
  const { withContract } = await import("./lib/openapi/additions.mjs");
  const { noteText } = await import("./lib/openapi/report.mjs");
  const { value, notes } = withContract(document, contract, asked.base);
  for (const note of new Set(notes.map(noteText))) log(`! ${note}`);
  const text = asked.apply ? await applied(document, value) : await overlay(document, value, contract, asked);
  if (asked.output === undefined) process.stdout.write(text);
  else writeIfNew(asked.output, text);
}

async function applied(document, value) {
  const { editedText, writtenAnew } = await import("./lib/openapi/text-edit.mjs");
  const edited = editedText(document, value);
  if (edited !== undefined) return edited;
  log("! The document is written anew, without its comments: what changes is repeated by an alias, or begins a list's entry");
  return writtenAnew(document, value);
}

async function overlay(document, value, contract, { output }) {
  const { overlayOf, overlayText } = await import("./lib/openapi/overlay.mjs");
  const json = /\.json$/i.test(output ?? "") || (document.json && !/\.ya?ml$/i.test(output ?? ""));
  return overlayText(overlayOf(document, value, { version: contract.version, output }), json);
}

function writeIfNew(file, text) {
  if (contentOf(file) === text) return log(`${file}: unchanged`);
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new Failure(`${file} cannot be written: ${error.message}`, { cure: "name another file with --output" });
  }
  return log(`${file}: written`);
}

function contentOf(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
