// The rows of the guard and of the shop.
//
// 1. The guard's shows each key from its arrival on: open until there is an answer, kept after.
//    A dot is what it sent on, a ring what it joined or answered from its record, a triangle what it
//    passed on as it is, a cross what it refused, a question mark what nobody knows of. What has no
//    answer yet has no mark.
// 2. Where nobody has told yet whether there is a guard, the row says so.
// 3. The shop's shows a numbered square for each execution; one that was there before is marked.

import { svg } from "./dom.js";

const SQUARE = 18;
const MAX_NUMBERED = 8;
const FROM_RECORD = new Set(["replayed", "resolved", "settled"]);
/** The answers that a key's claim was open for. */
const OPENED = new Set([undefined, "first", "collapsed", "unknown", "lost"]);

export function guardRow({ attempts, guarded, endedAt }, reach, rows, scale) {
  const base = row("Guard", rows.guard, scale, !guarded);
  if (!guarded) return [...base, svg("text", { class: "label beside quiet", x: scale.left + 8, y: rows.guard }, absence(guarded, attempts))];
  const keys = new Set(attempts.filter(({ key, kind }) => key !== undefined && OPENED.has(kind)).map(({ key }) => key));
  const bars = [...keys].map((key) => keyBar(attempts.filter((attempt) => attempt.key === key), endedAt, rows.guard, scale));
  // What was sent on lies over what came with it.
  const ordered = [...attempts].sort((one, other) => (reach.get(one.id) === "yes") - (reach.get(other.id) === "yes"));
  return [...base, ...bars, ...ordered.flatMap((attempt) => mark(attempt, reach.get(attempt.id), rows.guard, scale))];
}

function absence(guarded, attempts) {
  if (guarded === false) return "none in front";
  return attempts.some(({ endedAt }) => !endedAt) ? "not known yet" : "not known: nothing was answered";
}

function row(name, middle, scale, absent) {
  return [
    svg("text", { class: "row-label strong", x: 0, y: middle }, name),
    svg("line", { class: absent ? "row absent" : "row", x1: scale.left, x2: scale.right, y1: middle, y2: middle }),
  ];
}

function keyBar(attempts, endedAt, middle, scale) {
  const from = scale.x(Math.min(...attempts.map(leaving)));
  const answers = attempts.filter(({ endedAt, kind }) => endedAt && kind !== "lost").map(answeredBy);
  const open = answers.length === 0;
  const to = scale.x(open ? (endedAt ?? Date.now()) : Math.min(...answers));
  return svg("rect", { class: open ? "key open" : "key", x: from, y: middle - 7, width: Math.max(2, to - from), height: 14, rx: 7 });
}

// What its record answered was there before.
function answeredBy(attempt) {
  return FROM_RECORD.has(attempt.kind) ? leaving(attempt) : attempt.endedAt;
}

function leaving({ sentAt, leftAt }) {
  return leftAt ?? sentAt;
}

function mark(attempt, reach, middle, scale) {
  const x = scale.x(leaving(attempt));
  const { kind } = attempt;
  if (kind === "bypassed") return [svg("path", { class: "mark passed", d: `M${x - 6} ${middle - 5}h12l-6 11z` })];
  if (reach === "yes") return [svg("circle", { class: "mark on", cx: x, cy: middle, r: 5.5 })];
  if (kind === "refused" && reach === "no") return [svg("path", { class: "mark cross", d: `M${x - 5} ${middle - 5}l10 10m0 -10l-10 10` })];
  if (kind === "collapsed" || FROM_RECORD.has(kind)) return [svg("circle", { class: "mark", cx: x, cy: middle, r: 5 })];
  if (kind === undefined) return [];
  return [svg("circle", { class: "mark doubt", cx: x, cy: middle, r: 8 }), svg("text", { class: "doubt-sign", x, y: middle, "text-anchor": "middle" }, "?")];
}

export function shopRow({ executions, attempts, endedAt }, rows, scale, name) {
  const base = row(name, rows.shop, scale, false);
  if (!executions) return endedAt && attempts.length > 0 ? [...base, svg("text", { class: "label beside quiet", x: scale.left + 8, y: rows.shop }, "what it did is not known here")] : base;
  const crowded = executions.length > MAX_NUMBERED;
  const seen = new Set();
  const marks = executions.flatMap((execution) => {
    const again = seen.has(execution.item);
    seen.add(execution.item);
    return square(execution, again, rows.shop, scale, crowded);
  });
  const total = crowded && svg("text", { class: "label strong", x: scale.right, y: rows.shop - 16, "text-anchor": "end" }, `${executions.length} orders`);
  return [...base, ...marks, total].filter(Boolean);
}

function square({ at, number }, again, middle, scale, crowded) {
  const size = crowded ? 8 : SQUARE;
  const x = Math.min(scale.x(at), scale.right - size / 2);
  const box = svg("rect", { class: again ? "order again" : "order", x: x - size / 2, y: middle - size / 2, width: size, height: size, rx: 3 });
  return crowded ? [box] : [box, svg("text", { class: "order-number", x, y: middle, "text-anchor": "middle" }, number)];
}
