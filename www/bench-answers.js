// What came back to the bench: a sentence, a table, and where nothing could be read, why.

import { labelOf } from "./captions.js";
import { element } from "./dom.js";
import { cacheStatus, recordIdOf } from "./send.js";

const MAX_TEXT = 160;

/** One sentence on all answers; `record` is the id that was computed before. */
export function summaryOf(answers, record) {
  const countOf = (kind) => answers.filter((answer) => answer.kind === kind).length;
  const kinds = ["first", "collapsed", "replayed", "refused", "unknown", "plain", "failed", "lost"];
  const counts = kinds.filter(countOf).map((kind) => `${countOf(kind)} ${KIND_SUMMARIES[kind]}`);
  return [`${answers.length} sent: ${counts.join(", ")}.`, recordComparison(answers, record)].filter(Boolean).join(" ");
}

const KIND_SUMMARIES = {
  first: "reached the API", collapsed: "waited for it and got its answer", replayed: "replayed", refused: "refused by the guard",
  unknown: "told that the outcome is unknown", plain: "answered without the guard", failed: "answered with an error", lost: "without an answer",
};

function recordComparison(answers, record) {
  const edgeRecord = answers.map(({ response }) => response && recordIdOf(response)).find(Boolean);
  if (!edgeRecord) return "";
  return edgeRecord === record ? "The edge named the record as computed here." : `The edge named another record, ${edgeRecord.slice(0, 8)}…: its policy sets a realm or a scope of its own.`;
}

export function answersTable(answers) {
  const head = ["Send", "Answer", "Time", "Cache-Status", "Body"].map((name) => element("th", { scope: "col" }, name));
  return element("table", {}, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...answers.map(row)));
}

function row(answer) {
  const { name, sentAt, endedAt, response, text } = answer;
  const cells = [name, labelOf(answer), `${endedAt - sentAt} ms`, response ? shorten(cacheStatus(response)) : "", (text ?? "").slice(0, MAX_TEXT)];
  return element("tr", {}, ...cells.map((cell) => element("td", {}, cell)));
}

// A record id has 64 digits; eight tell it apart.
function shorten(value) {
  return value.replace(/([0-9a-f]{8})[0-9a-f]{56}/, "$1…");
}

/** Why there is no answer to read. A page is not told by its browser: these are the likely reasons. */
export function explanation(answers, { url }) {
  if (!answers.some(({ kind }) => kind === "lost")) return [];
  const { origin } = new URL(url);
  if (origin === location.origin) return [element("p", {}, `The connection to ${origin} was lost. The request may have been carried out: send it again under the same key.`)];
  return [
    element("p", {}, `The browser gave this page no answer from ${origin}. Either nothing answers there, or it does not let pages of ${location.origin} read its answers (CORS). The browser’s console says which. With the guard in front, allow this page in its policy:`),
    element("pre", {}, `[vars.POLICY]\ncors = { origins = ["${location.origin}"] }`),
  ];
}
