// One attempt in the drawing: a bar from sending to the end, its label, and its connector to
// the guard or on to the shop, and back.

import { labelOf } from "./captions.js";
import { svg } from "./dom.js";

const CHARACTER_WIDTH = 6.6;
const PADDING = 8;

export function barOf(attempt, middle, { row, thin }, scale) {
  const [from, to] = extentOf(attempt, scale);
  const bar = svg("rect", {
    class: `bar ${attempt.kind ?? "waiting"}`, x: from, y: middle - row.bar / 2,
    width: Math.max(3, to - from), height: row.bar, rx: thin ? 1 : 5,
  });
  if (thin) return [bar];
  const name = svg("text", { class: "row-label", x: 0, y: middle }, attempt.name);
  return [name, bar, ...barLabel(attempt, middle, from, to, scale)];
}

/** Down to `end` when it was sent, and up again when the answer came; nothing comes up where none did. */
export function connectorOf(attempt, middle, end, scale) {
  const line = (x, name) => svg("line", { class: name, x1: x, x2: x, y1: middle, y2: end });
  const [from, to] = extentOf(attempt, scale);
  return attempt.endedAt && attempt.kind !== "lost" ? [line(from, "connector"), line(to, "connector back")] : [line(from, "connector")];
}

function extentOf({ sentAt, endedAt }, scale) {
  return [scale.x(sentAt), scale.x(endedAt ?? Date.now())];
}

// Inside the bar where it fits, else behind it, else before it.
function barLabel(attempt, middle, from, to, scale) {
  const text = labelOf(attempt);
  if (!text) return [];
  const width = text.length * CHARACTER_WIDTH + 2 * PADDING;
  if (to - from >= width) return [svg("text", { class: `label inside ${attempt.kind}`, x: from + PADDING, y: middle }, text)];
  if (to + width <= scale.right + PADDING) return [svg("text", { class: "label beside", x: to + PADDING, y: middle }, text)];
  return [svg("text", { class: "label beside", x: from - PADDING, y: middle, "text-anchor": "end" }, text)];
}
