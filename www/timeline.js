// Draws a recording as a time line: one row for each attempt, one for the guard, one for the shop.
//
// 1. Drawn in the pixels of its place, so that text keeps its size on a phone, and larger where the
//    visitor's text is.
// 2. Nothing is shown by colour alone: bars carry labels, marks have shapes.
// 3. Many attempts get thin rows, without labels of their own. Room is kept for those to come, so that
//    nothing below moves while they do.
// 4. To a screen reader it is one image with a sentence; the steps are beside it in words.
// 5. A line goes on to the shop only where it is proved that the attempt did (evidence.js).

import { svg } from "./dom.js";
import { reachOf } from "./evidence.js";
import { barOf, connectorOf } from "./timeline-bar.js";
import { guardRow, shopRow } from "./timeline-rows.js";
import { scaleOf, ticksOf } from "./timeline-scale.js";

const USUAL_TEXT = 16;
const AXIS = 22;
const ROW = { height: 30, bar: 20 };
const THIN_ROW = { height: 5, bar: 3 };
const THIN_FROM = 9;
const GAP = 10;

/** `picture`: { recording, title, shop }; `place`: its width in pixels. Returns the new drawing. */
export function timeline({ recording, title, shop = "Shop" }, place) {
  const zoom = parseFloat(getComputedStyle(document.documentElement).fontSize) / USUAL_TEXT;
  const width = Math.floor(place / zoom);
  const scale = scaleOf(recording, width);
  const rows = rowsOf(recording);
  const reach = reachOf(recording);
  const drawing = svg("svg", { class: "timeline", width: width * zoom, height: rows.bottom * zoom, viewBox: `0 0 ${width} ${rows.bottom}`, role: "img", "aria-label": title });
  // Connectors first: bars, marks and labels lie over them.
  drawing.append(...axis(scale, rows.bottom), ...connectors(recording, reach, rows, scale));
  drawing.append(...guardRow(recording, reach, rows, scale), ...shopRow(recording, rows, scale, shop), ...bars(recording, rows, scale));
  return drawing;
}

function rowsOf({ attempts, room }) {
  const drawn = Math.max(attempts.length, room, 1);
  const row = drawn >= THIN_FROM ? THIN_ROW : ROW;
  const top = AXIS + 4;
  const middle = (index) => top + index * row.height + row.height / 2;
  const guard = top + drawn * row.height + GAP + ROW.height / 2;
  const shop = guard + ROW.height + GAP / 2;
  return { row, thin: row === THIN_ROW, middle, guard, shop, bottom: shop + ROW.height / 2 + 4 };
}

function axis(scale, bottom) {
  return ticksOf(scale).flatMap(({ x, label }) => [
    svg("line", { class: "tick", x1: x, x2: x, y1: AXIS - 4, y2: bottom }),
    svg("text", { class: "tick-label", x, y: 12, "text-anchor": x > scale.right - 20 ? "end" : "middle" }, label),
  ]);
}

function connectors({ attempts, guarded }, reach, rows, scale) {
  // Fifty of them would hide what they lead to.
  const shown = rows.thin ? attempts.filter(({ id }) => guarded && reach.get(id) === "yes") : attempts;
  return shown.flatMap((attempt) => connectorOf(attempt, rows.middle(attempts.indexOf(attempt)), endOf(attempt, reach, rows, guarded), scale));
}

/** How far down it is known to have gone; without a guard there is only one place to go to. */
function endOf({ id }, reach, rows, guarded) {
  if (reach.get(id) === "yes") return { y: rows.shop };
  if (guarded === false) return { y: rows.shop, open: true };
  return { y: rows.guard, open: guarded === undefined };
}

function bars({ attempts }, rows, scale) {
  const drawn = attempts.flatMap((attempt, index) => barOf(attempt, rows.middle(index), rows, scale));
  if (!rows.thin || attempts.length === 0) return drawn;
  return [svg("text", { class: "row-label", x: 0, y: rows.middle(attempts.length / 2) }, `${attempts.length} sends`), ...drawn];
}
