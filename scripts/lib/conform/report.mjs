// A report as text for a person: each check with what was done and seen, and the sentence that it rests on.
import { wrapped } from "../wrapped.mjs";

const INDENT = "          ";
const WORDS = { passed: "passed", failed: "FAILED", skipped: "skipped" };
const EVIDENCE = { count: "Executions were counted by --count.", answers: "Executions were told by whole answers: no --id and no --count was given." };

export function reportText(report) {
  const { title, endpoint, requests, ms, evidence, checks } = report;
  const head = [`${title}`, `${endpoint}, ${requests.sent} requests in ${(ms / 1000).toFixed(1)} s`, EVIDENCE[evidence] ?? `Executions were told by ${evidence}.`];
  return `${[...head, "", ...checks.flatMap(checkText), ...summary(report)].join("\n")}\n`;
}

/** What a profile checks, without having sent anything. */
export function listText({ title, checks }) {
  const rows = checks.flatMap((check) => [`${check.level.padEnd(INDENT.length)}${check.id}`, ...quoteText(check), ""]);
  return `${[title, "", ...rows].join("\n")}`;
}

function checkText(check) {
  const { id, level, verdict, does, seen } = check;
  const head = `${WORDS[verdict].padEnd(INDENT.length)}${id} (${level})`;
  if (verdict === "skipped") return [head, indented(seen), ""];
  return [head, indented(does), indented(`-> ${seen}`), ...quoteText(check), ""];
}

function quoteText({ quote, note }) {
  const { text, document, section, url } = quote;
  const place = /^[\d.]+$/.test(section) ? `section ${section}` : section;
  return [indented(`"${text}"`), indented(`${document}, ${place}`), `${INDENT}${url}`, ...(note ? [indented(`(${note})`)] : [])];
}

function summary({ passed, failed, skipped, checks }) {
  const counts = (tally) => Object.entries(tally).filter(([, count]) => count > 0).map(([level, count]) => `${count} ${level}`).join(", ") || "none";
  const wrong = checks.filter(({ verdict }) => verdict === "failed").map(({ id, level }) => `${INDENT}${level} ${id}`);
  return [`passed    ${counts(passed)}`, `failed    ${counts(failed)}`, ...wrong, `skipped   ${counts(skipped)}`];
}

function indented(text) {
  return wrapped(text, INDENT);
}
