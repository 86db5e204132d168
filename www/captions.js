// What happened, in words: for the bars of the picture, for the steps beside it, and as the caption
// of a lane, all from what was counted.

import { count } from "./dom.js";

const KINDS = {
  first: "", plain: "", joined: " joined", replayed: " replayed", refused: " refused", unknown: " unknown", failed: "",
};

/** A few characters for a bar. */
export function wordsFor({ kind, status, said }) {
  if (!kind) return "";
  return kind === "lost" ? said : `${status}${KINDS[kind]}`;
}

const TOLD = {
  first: "sent on to the shop, and answered",
  plain: "answered by the shop",
  joined: "waited for the first, and got its answer",
  replayed: "got the first one’s answer again",
  refused: "refused by the guard",
  unknown: "told that nobody can know",
  failed: "answered with an error",
};

/** Every step of a recording in its order: `{ at, text }`, `at` in ms from the first sending. */
export function stepsOf({ attempts, executions }) {
  const begin = Math.min(...attempts.map(({ sent }) => sent));
  const steps = [
    ...attempts.map(({ name, sent }) => ({ at: sent, text: `${capital(name)} leaves.` })),
    ...attempts.filter(({ ended }) => ended).map((attempt) => ({ at: attempt.ended, text: `${capital(attempt.name)}: ${endOf(attempt)}.` })),
    ...executions.map(({ number, quantity, item, at }) => ({ at, text: `The shop executes order ${number}: ${quantity} × ${item}.` })),
  ];
  return steps.sort((one, other) => one.at - other.at).map(({ at, text }) => ({ at: Math.max(0, Math.round(at - begin)), text }));
}

function endOf({ kind, status, said, fingerprint }) {
  if (kind === "lost") return `${said}; the client knows nothing`;
  const code = kind === "refused" || kind === "unknown" ? `, ${said}` : "";
  const print = fingerprint ? `; fingerprint ${fingerprint.slice(0, 8)}…` : "";
  return `${TOLD[kind]} (${status}${code})${print}`;
}

function capital(text) {
  return text[0].toUpperCase() + text.slice(1);
}

/** `{ text, good }` for a lane that has run: "2 sends, 2 orders: charged twice". */
export function captionOf({ attempts, executions }, wanted) {
  const sums = `${count(attempts.length, "send")}, ${count(executions.length, "order")}`;
  const extra = executions.length - wanted;
  if (extra < 0) return { text: `${sums}: not all were placed`, good: false };
  if (extra > 0) return { text: `${sums}: ${wanted === 1 ? `charged ${times(executions.length)}` : `${extra} charged twice`}`, good: false };
  return { text: `${sums}: ${wanted === 1 ? "charged once" : "each charged once"}`, good: true };
}

function times(number) {
  return number === 2 ? "twice" : `${number} times`;
}
