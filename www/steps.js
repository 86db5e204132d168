// A recording as a list of steps in words. Equal steps that follow each other, or come within a moment
// whatever else does, are folded into one.

import { count } from "./dom.js";

const KIND_SENTENCES = {
  first: "sent on to the shop, and answered",
  plain: "answered by the shop",
  bypassed: "passed on as it is",
  collapsed: "waited for the first, and got its answer",
  replayed: "got the first one’s answer again",
  resolved: "got the answer that the operator gave",
  settled: "got the order that the shop showed when the guard asked it",
  refused: "refused by the guard",
  unknown: "told that nobody can know",
};

/** `{ at, until, text }` in their order, in ms from the first sending. */
export function stepsOf({ attempts, executions }) {
  const begin = Math.min(...attempts.map(({ sentAt }) => sentAt));
  const steps = [
    ...attempts.map(({ name, sentAt }) => ({ at: sentAt, name, what: " leaves", many: " leave" })),
    ...attempts.filter(waited).map(({ name, leftAt }) => ({ at: leftAt, name, what: " gets a connection", many: " get a connection" })),
    ...attempts.filter(({ endedAt }) => endedAt).map((attempt) => ({ at: attempt.endedAt, name: attempt.name, what: `: ${endSentence(attempt)}` })),
    ...(executions ?? []).map(({ number, quantity, item, at }) => ({ at, name: `order ${number}`, what: `: executed by the shop, ${quantity} × ${item}` })),
  ];
  const ordered = steps.map((step) => ({ ...step, at: Math.max(0, Math.round(step.at - begin)) })).sort((one, other) => one.at - other.at);
  return ordered.reduce(fold, []).map(({ at, until, same }) => ({ at, until, text: sentence(same) }));
}

/** It stood in the browser's own queue for a while. */
export function waited({ sentAt, leftAt }) {
  return leftAt !== undefined && leftAt - sentAt > NOTICEABLE;
}

const NOTICEABLE = 20;

function fold(folded, step) {
  const last = folded.findLast(({ same: [{ what }] }) => what === step.what);
  if (last && (last === folded.at(-1) || step.at - last.until <= MOMENT)) Object.assign(last, { until: step.at, same: [...last.same, step] });
  else folded.push({ at: step.at, until: step.at, same: [step] });
  return folded;
}

const MOMENT = 100;

function sentence(same) {
  const [{ name, what, many = what }] = same;
  if (same.length === 1) return `${capitalize(name)}${what}.`;
  const noun = name.startsWith("order") ? "order" : "request";
  return `${count(same.length, noun)}${many}.`;
}

function endSentence({ kind, status, reason, fingerprint }) {
  if (kind === "lost") return `${reason}; the client knows nothing`;
  const code = reason ? `, ${reason}` : "";
  const suffix = fingerprint ? `; fingerprint ${fingerprint.slice(0, 8)}…` : "";
  return `${KIND_SENTENCES[kind]} (${status}${code})${suffix}`;
}

function capitalize(text) {
  return text[0].toUpperCase() + text.slice(1);
}
