// One attempt in the drawing: a bar from sending to the end, words, and its way to the guard or on
// to the shop, and back.

import { svg } from "./dom.js";
import { sentOn } from "./recording.js";
import { wordsFor } from "./words.js";

const CHARACTER = 6.6;
const ROOM = 8;

export function barOf(attempt, index, recording, lanes, scale, guarded) {
  const middle = lanes.middle(index);
  const [from, to] = [scale.x(attempt.sent), scale.x(attempt.ended ?? Date.now())];
  const bar = svg("rect", {
    class: `bar ${attempt.kind ?? "waiting"}`, x: from, y: middle - lanes.lane.bar / 2,
    width: Math.max(3, to - from), height: lanes.lane.bar, rx: lanes.thin ? 1 : 5,
  });
  if (lanes.thin) return [bar];
  const name = svg("text", { class: "lane-label", x: 0, y: middle }, attempt.name);
  return [name, ...ways(attempt, middle, [from, to], recording, lanes, guarded), bar, label(attempt, middle, from, to, scale)].filter(Boolean);
}

function ways(attempt, middle, [from, to], recording, lanes, guarded) {
  const deep = sentOn(recording.attempts, guarded).has(attempt.id);
  const end = deep ? lanes.shop : lanes.guard;
  const way = (x, back) => svg("line", { class: back ? "way back" : "way", x1: x, x2: x, y1: middle, y2: end });
  // Nothing came back where there was no answer.
  return attempt.ended && attempt.kind !== "lost" ? [way(from, false), way(to, true)] : [way(from, false)];
}

// Inside its bar where it fits, else behind it, else before it.
function label(attempt, middle, from, to, scale) {
  const text = wordsFor(attempt);
  if (!text) return null;
  const wide = text.length * CHARACTER + 2 * ROOM;
  if (to - from >= wide) return svg("text", { class: `said inside ${attempt.kind}`, x: from + ROOM, y: middle }, text);
  if (to + wide <= scale.right + ROOM) return svg("text", { class: "said", x: to + ROOM, y: middle }, text);
  return svg("text", { class: "said", x: from - ROOM, y: middle, "text-anchor": "end" }, text);
}
