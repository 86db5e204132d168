// What happened, as text: for the bars of the picture and as the caption of a lane, all from what was
// counted.

import { count } from "./dom.js";

const KIND_LABELS = { first: "", plain: "", bypassed: " passed on", collapsed: " joined", replayed: " replayed", resolved: " resolved", settled: " settled", refused: " refused", unknown: " unknown" };

/** The label of a bar: a few characters. */
export function labelOf({ kind, status, reason }) {
  if (!kind) return "";
  return kind === "lost" ? reason : `${status}${KIND_LABELS[kind]}`;
}

/**
 * `{ text, verdict }` for a lane that has run: "2 sends, 2 orders: charged twice". The verdict is
 * "good", "bad", or "unknown" where the ledger could not be read.
 */
export function captionOf({ attempts, executions }, expected) {
  const sends = count(attempts.length, "send");
  if (!executions) return { text: `${sends}. The shop’s ledger could not be read, so nobody here knows how many orders that made`, verdict: "unknown" };
  const counts = `${sends}, ${count(executions.length, "order")}`;
  const surplus = executions.length - expected;
  if (surplus < 0) return { text: `${counts}: not all were placed`, verdict: "bad" };
  if (surplus > 0) return { text: `${counts}: ${expected === 1 ? `charged ${times(executions.length)}` : `${surplus} charged twice`}`, verdict: "bad" };
  return { text: `${counts}: ${expected === 1 ? "charged once" : "each charged once"}`, verdict: "good" };
}

function times(number) {
  return number === 2 ? "twice" : `${number} times`;
}
