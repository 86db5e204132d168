// The rows of the guard and of the shop.
//
// 1. The guard's shows each key from its arrival on: open until there is an answer, kept after.
//    A dot is what it forwarded, a ring what it collapsed or replayed, a cross what it refused.
// 2. The shop's shows a numbered square for each execution; one that was there before is marked.

import { svg } from "./dom.js";
import { forwardedIds } from "./recording.js";

const SQUARE = 18;
const MAX_NUMBERED = 8;

export function guardRow({ attempts }, rows, scale, guarded) {
  const base = row("Guard", rows.guard, scale, !guarded);
  if (!guarded) return [...base, svg("text", { class: "label beside quiet", x: scale.left + 8, y: rows.guard }, "none in front")];
  const forwarded = forwardedIds(attempts, true);
  const keys = [...new Set(attempts.map(({ key }) => key))];
  const bars = keys.map((key) => keyBar(attempts.filter((attempt) => attempt.key === key), rows.guard, scale));
  return [...base, ...bars, ...attempts.flatMap((attempt) => mark(attempt, forwarded.has(attempt.id), rows.guard, scale))];
}

function row(name, middle, scale, absent) {
  return [
    svg("text", { class: "row-label strong", x: 0, y: middle }, name),
    svg("line", { class: absent ? "row absent" : "row", x1: scale.left, x2: scale.right, y1: middle, y2: middle }),
  ];
}

function keyBar(attempts, middle, scale) {
  const from = scale.x(Math.min(...attempts.map(({ sentAt }) => sentAt)));
  const answers = attempts.filter(({ endedAt, kind }) => endedAt && kind !== "lost").map(answerTime);
  const to = scale.x(answers.length ? Math.min(...answers) : Date.now());
  return svg("rect", { class: "key", x: from, y: middle - 7, width: Math.max(2, to - from), height: 14, rx: 7 });
}

// What could be replayed was there before.
function answerTime({ kind, sentAt, endedAt }) {
  return kind === "replayed" ? sentAt : endedAt;
}

function mark({ sentAt, kind }, isForwarded, middle, scale) {
  const x = scale.x(sentAt);
  if (isForwarded) return [svg("circle", { class: "mark on", cx: x, cy: middle, r: 5.5 })];
  if (kind === "refused") return [svg("path", { class: "mark cross", d: `M${x - 5} ${middle - 5}l10 10m0 -10l-10 10` })];
  return [svg("circle", { class: "mark", cx: x, cy: middle, r: 5 })];
}

export function shopRow({ executions }, rows, scale, name) {
  const crowded = executions.length > MAX_NUMBERED;
  const seen = new Set();
  const marks = executions.flatMap((execution) => {
    const again = seen.has(execution.item);
    seen.add(execution.item);
    return square(execution, again, rows.shop, scale, crowded);
  });
  const total = crowded && svg("text", { class: "label strong", x: scale.right, y: rows.shop - 16, "text-anchor": "end" }, `${executions.length} orders`);
  return [...row(name, rows.shop, scale, false), ...marks, total].filter(Boolean);
}

function square({ at, number }, again, middle, scale, crowded) {
  const size = crowded ? 8 : SQUARE;
  const x = Math.min(scale.x(at), scale.right - size / 2);
  const box = svg("rect", { class: again ? "order again" : "order", x: x - size / 2, y: middle - size / 2, width: size, height: size, rx: 3 });
  return crowded ? [box] : [box, svg("text", { class: "order-number", x, y: middle, "text-anchor": "middle" }, number)];
}
