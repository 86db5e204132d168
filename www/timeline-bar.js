// One attempt in the drawing: a bar from its sending to its end, its label, and its connector to the
// guard or on to the shop, and back. While it stood in the browser's own queue, a line leads to the bar.

import { labelOf } from "./captions.js";
import { svg } from "./dom.js";
import { waited } from "./steps.js";

const CHARACTER_WIDTH = 6.6;
const PADDING = 8;
const LONGEST_NAME = 11;

export function barOf(attempt, middle, { row, thin }, scale) {
  const { asked, from, to } = extentOf(attempt, scale);
  const bar = svg("rect", {
    class: `bar ${attempt.kind ?? "waiting"}${attempt.status >= 400 ? " error" : ""}`, x: from, y: middle - row.bar / 2,
    width: Math.max(3, to - from), height: row.bar, rx: thin ? 1 : 5,
  });
  const queued = from - asked > 1 ? [svg("line", { class: "queued", x1: asked, x2: from, y1: middle, y2: middle })] : [];
  if (thin) return [...queued, bar];
  const name = svg("text", { class: "row-label", x: 0, y: middle }, shortened(attempt.name));
  return [name, ...queued, bar, ...barLabel(attempt, middle, from, to, scale)];
}

function shortened(name) {
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name;
}

/**
 * Down to `end` when it was sent, and up again when the answer came; nothing comes up where none did.
 * An `open` end is one that is not proved.
 */
export function connectorOf(attempt, middle, end, scale) {
  const line = (x, name) => svg("line", { class: name, x1: x, x2: x, y1: middle, y2: end.y });
  const { from, to } = extentOf(attempt, scale);
  const down = line(from, end.open ? "connector open" : "connector");
  return attempt.endedAt && attempt.kind !== "lost" ? [down, line(to, "connector back")] : [down];
}

function extentOf(attempt, scale) {
  const { sentAt, leftAt, endedAt } = attempt;
  return { asked: scale.x(sentAt), from: scale.x(waited(attempt) ? leftAt : sentAt), to: scale.x(endedAt ?? Date.now()) };
}

// Inside the bar where it fits, else behind it, else before it.
function barLabel(attempt, middle, from, to, scale) {
  const text = labelOf(attempt);
  if (!text) return [];
  const width = text.length * CHARACTER_WIDTH + 2 * PADDING;
  const looks = `${attempt.kind}${attempt.status >= 400 ? " error" : ""}`;
  if (to - from >= width) return [svg("text", { class: `label inside ${looks}`, x: from + PADDING, y: middle }, text)];
  if (to + width <= scale.right + PADDING) return [svg("text", { class: "label beside", x: to + PADDING, y: middle }, text)];
  return [svg("text", { class: "label beside", x: from - PADDING, y: middle, "text-anchor": "end" }, text)];
}
