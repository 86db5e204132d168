// What happened, as text: for the bars of the picture, for the steps beside it, and as the caption
// of a lane, all from what was counted.

import { count } from "./dom.js";

const KIND_LABELS = {
  first: "", plain: "", collapsed: " joined", replayed: " replayed", refused: " refused", unknown: " unknown", failed: "",
};

/** The label of a bar: a few characters. */
export function labelOf({ kind, status, reason }) {
  if (!kind) return "";
  return kind === "lost" ? reason : `${status}${KIND_LABELS[kind]}`;
}

const KIND_SENTENCES = {
  first: "sent on to the shop, and answered",
  plain: "answered by the shop",
  collapsed: "waited for the first, and got its answer",
  replayed: "got the first one’s answer again",
  refused: "refused by the guard",
  unknown: "told that nobody can know",
  failed: "answered with an error",
};

/** Every step of a recording in its order: `{ at, text }`, `at` in ms from the first sending. */
export function stepsOf({ attempts, executions }) {
  const begin = Math.min(...attempts.map(({ sentAt }) => sentAt));
  const steps = [
    ...attempts.map(({ name, sentAt }) => ({ at: sentAt, text: `${capitalize(name)} leaves.` })),
    ...attempts.filter(({ endedAt }) => endedAt).map((attempt) => ({ at: attempt.endedAt, text: `${capitalize(attempt.name)}: ${endSentence(attempt)}.` })),
    ...executions.map(({ number, quantity, item, at }) => ({ at, text: `The shop executes order ${number}: ${quantity} × ${item}.` })),
  ];
  return steps.sort((one, other) => one.at - other.at).map(({ at, text }) => ({ at: Math.max(0, Math.round(at - begin)), text }));
}

function endSentence({ kind, status, reason, fingerprint }) {
  if (kind === "lost") return `${reason}; the client knows nothing`;
  const code = kind === "refused" || kind === "unknown" ? `, ${reason}` : "";
  const suffix = fingerprint ? `; fingerprint ${fingerprint.slice(0, 8)}…` : "";
  return `${KIND_SENTENCES[kind]} (${status}${code})${suffix}`;
}

function capitalize(text) {
  return text[0].toUpperCase() + text.slice(1);
}

/** `{ text, good }` for a lane that has run: "2 sends, 2 orders: charged twice". */
export function captionOf({ attempts, executions }, expected) {
  const counts = `${count(attempts.length, "send")}, ${count(executions.length, "order")}`;
  const surplus = executions.length - expected;
  if (surplus < 0) return { text: `${counts}: not all were placed`, good: false };
  if (surplus > 0) return { text: `${counts}: ${expected === 1 ? `charged ${times(executions.length)}` : `${surplus} charged twice`}`, good: false };
  return { text: `${counts}: ${expected === 1 ? "charged once" : "each charged once"}`, good: true };
}

function times(number) {
  return number === 2 ? "twice" : `${number} times`;
}
