// A report as text for a person: what is known, what the log has in the order of time, what was found.
import { countText, timeText } from "./findings.mjs";
import { isAct, isFence, isProbe, isTold } from "./log-file.mjs";
import { wrapped } from "../wrapped.mjs";

export function reportText(report) {
  const parts = [...report.records.flatMap(recordText), ...periodText(report), ...logText(report.read), ...findingsText(report)];
  return `${parts.join("\n")}\n`;
}

function recordText({ record, key, state, notes, history, answer }) {
  const named = key === undefined ? `Record ${record}` : `Key "${key}", record ${record}`;
  const head = [`${named}${state ? `: ${state}` : ""}`, ...notes.map((note) => wrapped(note, "  "))];
  return [...head, ...answerText(answer), ...(history ? historyText(history) : []), ""];
}

// Only where it was asked for. What is no text is shown as what a decoder makes of it.
function answerText({ status, headers, body, body_base64 } = {}) {
  if (body_base64 === undefined || body === "sealed") return [];
  const text = Buffer.from(body_base64, "base64").toString();
  return ["", `  ${status}`, ...headers.map(([name, value]) => `  ${name}: ${value}`), "", ...text.split("\n").map((line) => `  ${line}`.trimEnd())];
}

function historyText({ lines, beside, more }) {
  const all = [...lines.map((line) => [line, " "]), ...beside.map((line) => [line, "?"])];
  all.sort(([a], [b]) => (a.at ?? 0) - (b.at ?? 0));
  const shown = all.map(([line, mark]) => historyLine(line, mark));
  const rest = more > 0 ? [`  … and ${countText(more, "more line")}`] : [];
  const legend = beside.length > 0 ? ["  ? marks another key's or a keyless request beside it, perhaps the same operation"] : [];
  return ["", ...shown, ...rest, ...legend];
}

function historyLine(line, mark) {
  const when = `${mark} ${line.at === undefined ? "no time".padEnd(24) : timeText(line.at)}`;
  return `${when}  ${whatHappened(line, mark)}`.trimEnd();
}

function whatHappened(line, mark) {
  const ended = line.status ? `  ${line.status}` : "";
  if (isAct(line)) return `${`operator ${line.code}`.padEnd(16)}${ended}`;
  if (isTold(line)) return `${`${line.outcome} ${line.code}`.padEnd(16)}${ended}  ${line.method} ${line.route}  claim ${line.claim}`;
  if (isProbe(line)) return `${`probe ${line.code}`.padEnd(16)}${ended}  ${line.method} ${line.route}  claim ${line.claim}`;
  if (isFence(line)) return `${"fenced".padEnd(16)}  by its caller, ${line.route}`;
  const { outcome, would, code, method, route, status, claim, attempt, record, total_ms, queue } = line;
  const what = [outcome, code, would && `would ${would}`].filter(Boolean).join(" ");
  const whose = mark === "?" ? (record ? `record ${record}` : "no key") : claim ? `claim ${claim}${attempt > 1 ? ` attempt ${attempt}` : ""}` : "";
  return `${what.padEnd(16)}  ${status}  ${method} ${route}  ${total_ms} ms  ${whose}${queue ? `  queue ${queue}` : ""}`;
}

function periodText({ period, read }) {
  if (!period) return [];
  const listed = (counts) => Object.entries(counts).map(([name, count]) => `${count} ${name}`).join(", ");
  const when = read.from === undefined ? "" : ` from ${timeText(read.from)} to ${timeText(read.to)}`;
  const refusals = Object.keys(period.refusals).length > 0 ? [`  refused: ${listed(period.refusals)}`] : [];
  return [`${countText(read.guarded, "guarded request")}${when}`, `  ${listed(period.outcomes)}`, ...refusals, ""];
}

function logText(read) {
  if (!read) return [];
  const remarks = [];
  if (read.broken > 0) remarks.push(brokenLines(read));
  if (read.sampled) remarks.push("The platform dropped part of this log (wrangler tail was in sampling mode): what is missing was not counted.");
  if (read.untimed > 0) remarks.push(`Without a time: ${countText(read.untimed, "line")}. What came close together could not be told there.`);
  return remarks.length > 0 ? [...remarks.map((remark) => wrapped(remark, "")), ""] : [];
}

function brokenLines({ broken, examples, file }) {
  const [{ line, why, begins }] = examples;
  return `Left out of ${file}: ${countText(broken, "piece")} that could not be read; line ${line}: ${why} (${begins})`;
}

function findingsText({ findings, records, unknown }) {
  if (findings.length === 0 && unknown) return ["No outcome is unknown."];
  if (findings.length === 0) return [records.length > 0 ? "Nothing is wrong here." : "Nothing was found: nothing was carried out twice, and nothing went unguarded."];
  return findings.flatMap(findingText).slice(0, -1);
}

// A command stays in one piece: it is there to be copied.
function findingText({ kind, what, next, command }) {
  return [wrapped(`${kind}: ${what}`, ""), wrapped(`-> ${next}`, "   "), ...(command ? [`   ${command}`] : []), ""];
}
