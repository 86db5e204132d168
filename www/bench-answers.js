// What came back to the bench, in words: a sentence, each problem in full, a table, what the page does
// not know, and where nothing could be read, why.

import { labelOf } from "./captions.js";
import { count, element } from "./dom.js";
import { cacheStatus } from "./send.js";

const MAX_TEXT = 400;

/** In this order; what was passed on has its reason instead. */
const KINDS = {
  first: "sent on to the API", collapsed: "waited for it and got its answer", replayed: "got the stored answer", resolved: "got the answer that an operator gave",
  settled: "got what the API showed when it was asked",
  refused: "refused by the guard", unknown: "told that the outcome is unknown", plain: "answered with no word of a guard", lost: "without an answer",
};

/** One sentence on all answers; `record` is the id that was computed before. */
export function summaryOf(answers, record) {
  const order = Object.keys(KINDS);
  const ordered = [...answers].sort((one, other) => order.indexOf(one.kind) - order.indexOf(other.kind));
  const said = ordered.map(({ kind, reason }) => KINDS[kind] ?? `passed on: ${reason}`);
  const counts = [...new Set(said)].map((text) => `${said.filter((other) => other === text).length} ${text}`);
  return [`${answers.length} sent: ${counts.join(", ")}.`, recordComparison(answers, record)].filter(Boolean).join(" ");
}

function recordComparison(answers, record) {
  const edgeRecord = answers.map((answer) => answer.record).find(Boolean);
  if (!edgeRecord) return "";
  return edgeRecord === record ? "The edge named the record as computed here." : `The edge named another record, ${edgeRecord.slice(0, 8)}…: it has a PEPPER, or its policy sets a realm or a scope of its own.`;
}

/** Each problem once, word for word. */
export function problemsOf(answers, { url }) {
  const different = new Map(answers.filter(({ problem }) => problem).map(({ problem }) => [`${problem.code} ${problem.detail}`, problem]));
  return [...different.values()].map((problem) => problemNode(problem, new URL(url).origin));
}

function problemNode({ title, detail, code, status, retryable }, origin) {
  const again = retryable ? "Worth sending again, with the same key." : "Sending it again as it is changes nothing.";
  const link = element("a", { href: `${origin}/.onlyonce/problems#${encodeURIComponent(code)}`, target: "_blank", rel: "noopener" }, "what the guard says of it");
  return element("div", { class: "problem" },
    element("h4", {}, title ?? code), element("p", {}, detail ?? ""),
    element("p", { class: "hint" }, element("code", {}, code), ` · ${status} · ${again} `, link));
}

export function answersTable(answers) {
  const head = ["Send", "Answer", "Time", "Cache-Status", "Body"].map((name) => element("th", { scope: "col" }, name));
  return element("table", {}, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...answers.map(row)));
}

function row(answer) {
  const { name, sentAt, leftAt, endedAt, response, text = "" } = answer;
  const body = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}… (${text.length} characters)` : text;
  const cells = [name, labelOf(answer), `${endedAt - Math.round(leftAt ?? sentAt)} ms`, response ? shorten(cacheStatus(response)) : "", body];
  return element("tr", {}, ...cells.map((cell) => element("td", {}, cell)));
}

// A record id has 64 digits; eight tell it apart.
function shorten(value) {
  return value.replace(/([0-9a-f]{8})[0-9a-f]{56}/, "$1…");
}

/** What no answer told, and no ledger. */
export function notKnown(answers, hasLedger) {
  const lost = answers.filter(({ kind }) => kind === "lost").length;
  const lines = [];
  if (lost > 0) lines.push(`Whether ${lost === 1 ? "the send" : `the ${count(lost, "send")}`} without an answer reached the API.`);
  if (!hasLedger) lines.push("What the API did with what reached it: only its own data tells.");
  if (answers.some(({ kind }) => kind === "plain")) lines.push("Whether a guard stands before it: an answer to a request that is not guarded is not altered.");
  return lines;
}

/** Why there is no answer to read. A page is not told by its browser: these are the likely reasons. */
export function explanation(answers, { url }) {
  if (!answers.some(({ kind }) => kind === "lost")) return [];
  const { origin } = new URL(url);
  if (origin === location.origin) return [element("p", {}, `The connection to ${origin} was lost. The request may have been carried out: send it again under the same key.`)];
  return [
    element("p", {}, `The browser gave this page no answer from ${origin}. Either nothing answers there, or it does not let pages of ${location.origin} read its answers (CORS). The browser’s console says which. With the guard in front, allow this page in its policy:`),
    element("pre", { tabindex: "0" }, `[vars.POLICY]\ncors = { origins = ["${location.origin}"] }`),
  ];
}
