// <url> [--profile draft|stripe|acp|ucp]: whether an endpoint keeps what its clients
// are promised of an idempotency key, whoever wrote it. Rules:
// 1. It needs nothing but Node 20: neither the packages nor the build.
// 2. Before it sends anything it says how much at most; it sends no more, and waits for nothing for ever.
// 3. What it says rests on what was seen: on answers that name what was made, or on the user's own count.
//    Where nothing would tell one execution from two, it says so and ends.
// 4. stdout is the report; no credential appears in it, nor in a file.
// 5. It ends with 0 where every `must` that was tried holds, 1 where one does not, 2 when it could not ask.
import { writeFileSync } from "node:fs";
import { asked, USAGE } from "./lib/conform/arguments.mjs";
import { examine } from "./lib/conform/examine.mjs";
import { junit } from "./lib/conform/junit.mjs";
import { listText, reportText } from "./lib/conform/report.mjs";
import { Failure, log } from "./lib/log.mjs";
import { helpIfAsked } from "./lib/usage.mjs";

const COULD_NOT_ASK = 2;

helpIfAsked(USAGE);
try {
  const question = asked(process.argv.slice(2));
  process.exitCode = question.list ? list(question) : await ask(question);
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  log(`conform: ${error.message}${error.cure ? `\ncure: ${error.cure}` : ""}`);
  process.exitCode = COULD_NOT_ASK;
}

function list({ profile }) {
  process.stdout.write(listText(profile));
  return 0;
}

async function ask(question) {
  const report = await examine(question, log);
  if (question.json) write(question.json, `${JSON.stringify(report, null, 2)}\n`);
  if (question.junit) write(question.junit, junit(report));
  if (question.json !== "-" && question.junit !== "-") process.stdout.write(reportText(report));
  return report.failed.must > 0 ? 1 : 0;
}

function write(file, text) {
  if (file === "-") return process.stdout.write(text);
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new Failure(`${file} could not be written: ${error.message}`, { cure: "name a file in a folder that is there" });
  }
}
