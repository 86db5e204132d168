// Draws a recording as a time line: one lane for each attempt, one for the guard, one for the shop.
//
// 1. Drawn in the pixels of its place, so that text keeps its size on a phone.
// 2. Nothing is told by colour alone: bars carry words, marks have shapes.
// 3. Many attempts get thin lanes, without words of their own.
// 4. To a screen reader it is one image with a sentence; the steps are beside it in words.

import { svg } from "./dom.js";
import { barOf, wayOf } from "./timeline-bar.js";
import { sentOn } from "./recording.js";
import { guardLane, shopLane } from "./timeline-lanes.js";
import { scaleOf, ticksOf } from "./timeline-scale.js";

const AXIS = 22;
const LANE = { height: 30, bar: 20 };
const THIN = { height: 5, bar: 3 };
const MANY = 9;
const GAP = 10;

/** `picture`: { recording, guarded, title, shop } ; gives the new drawing. */
export function timeline({ recording, guarded, title, shop = "Shop" }, width) {
  const scale = scaleOf(recording, width);
  const lanes = lanesOf(recording, guarded);
  const drawing = svg("svg", { class: "timeline", width, height: lanes.bottom, viewBox: `0 0 ${width} ${lanes.bottom}`, role: "img", "aria-label": title });
  // Ways first: bars, marks and words lie over them.
  drawing.append(...axis(scale, lanes.bottom), ...ways(recording, lanes, scale, guarded));
  drawing.append(...guardLane(recording, lanes, scale, guarded), ...shopLane(recording, lanes, scale, shop), ...bars(recording, lanes, scale));
  return drawing;
}

function lanesOf({ attempts }, guarded) {
  const lane = attempts.length >= MANY ? THIN : LANE;
  const top = AXIS + 4;
  const middle = (index) => top + index * lane.height + lane.height / 2;
  const guard = top + Math.max(attempts.length, 1) * lane.height + GAP + LANE.height / 2;
  const shop = guard + LANE.height + GAP / 2;
  return { lane, thin: lane === THIN, middle, guard, shop, guarded, bottom: shop + LANE.height / 2 + 4 };
}

function axis(scale, bottom) {
  return ticksOf(scale).flatMap(({ x, label }) => [
    svg("line", { class: "tick", x1: x, x2: x, y1: AXIS - 4, y2: bottom }),
    svg("text", { class: "tick-label", x, y: 12, "text-anchor": x > scale.right - 20 ? "end" : "middle" }, label),
  ]);
}

function ways({ attempts }, lanes, scale, guarded) {
  const on = sentOn(attempts, guarded);
  // Fifty of them would hide what they lead to.
  const shown = lanes.thin && guarded ? attempts.filter(({ id }) => on.has(id)) : attempts;
  if (lanes.thin && !guarded) return [];
  return shown.flatMap((attempt) => wayOf(attempt, lanes.middle(attempts.indexOf(attempt)), on.has(attempt.id) ? lanes.shop : lanes.guard, scale));
}

function bars({ attempts }, lanes, scale) {
  const drawn = attempts.flatMap((attempt, index) => barOf(attempt, lanes.middle(index), lanes, scale));
  if (!lanes.thin) return drawn;
  return [svg("text", { class: "lane-label", x: 0, y: lanes.middle(attempts.length / 2) }, `${attempts.length} sends`), ...drawn];
}
