// One attempt in the drawing: a bar from sending to the end, its words, and its way to the guard or
// on to the shop, and back.

import { svg } from "./dom.js";
import { wordsFor } from "./captions.js";

const CHARACTER = 6.6;
const ROOM = 8;

export function barOf(attempt, middle, { row, thin }, scale) {
  const [from, to] = endsOf(attempt, scale);
  const bar = svg("rect", {
    class: `bar ${attempt.kind ?? "waiting"}`, x: from, y: middle - row.bar / 2,
    width: Math.max(3, to - from), height: row.bar, rx: thin ? 1 : 5,
  });
  if (thin) return [bar];
  const name = svg("text", { class: "row-label", x: 0, y: middle }, attempt.name);
  return [name, bar, ...words(attempt, middle, from, to, scale)];
}

/** Down to `end` when it was sent, and up again when the answer came; nothing comes up where none did. */
export function wayOf(attempt, middle, end, scale) {
  const way = (x, name) => svg("line", { class: name, x1: x, x2: x, y1: middle, y2: end });
  const [from, to] = endsOf(attempt, scale);
  return attempt.ended && attempt.kind !== "lost" ? [way(from, "way"), way(to, "way back")] : [way(from, "way")];
}

function endsOf({ sent, ended }, scale) {
  return [scale.x(sent), scale.x(ended ?? Date.now())];
}

// Inside the bar where they fit, else behind it, else before it.
function words(attempt, middle, from, to, scale) {
  const text = wordsFor(attempt);
  if (!text) return [];
  const wide = text.length * CHARACTER + 2 * ROOM;
  if (to - from >= wide) return [svg("text", { class: `said inside ${attempt.kind}`, x: from + ROOM, y: middle }, text)];
  if (to + wide <= scale.right + ROOM) return [svg("text", { class: "said beside", x: to + ROOM, y: middle }, text)];
  return [svg("text", { class: "said beside", x: from - ROOM, y: middle, "text-anchor": "end" }, text)];
}
