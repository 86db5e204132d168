// Draws a recording as a time line: one row for each attempt, one for the guard, one for the shop.
//
// 1. Drawn in the pixels of its place, so that text keeps its size on a phone.
// 2. Nothing is shown by colour alone: bars carry labels, marks have shapes.
// 3. Many attempts get thin rows, without labels of their own.
// 4. To a screen reader it is one image with a sentence; the steps are beside it in words.

import { svg } from "./dom.js";
import { forwardedIds } from "./recording.js";
import { barOf, connectorOf } from "./timeline-bar.js";
import { guardRow, shopRow } from "./timeline-rows.js";
import { scaleOf, ticksOf } from "./timeline-scale.js";

const AXIS = 22;
const ROW = { height: 30, bar: 20 };
const THIN_ROW = { height: 5, bar: 3 };
const THIN_FROM = 9;
const GAP = 10;

/** `picture`: { recording, guarded, title, shop } ; returns the new drawing. */
export function timeline({ recording, guarded, title, shop = "Shop" }, width) {
  const scale = scaleOf(recording, width);
  const rows = rowsOf(recording, guarded);
  const drawing = svg("svg", { class: "timeline", width, height: rows.bottom, viewBox: `0 0 ${width} ${rows.bottom}`, role: "img", "aria-label": title });
  // Connectors first: bars, marks and labels lie over them.
  drawing.append(...axis(scale, rows.bottom), ...connectors(recording, rows, scale, guarded));
  drawing.append(...guardRow(recording, rows, scale, guarded), ...shopRow(recording, rows, scale, shop), ...bars(recording, rows, scale));
  return drawing;
}

function rowsOf({ attempts }, guarded) {
  const row = attempts.length >= THIN_FROM ? THIN_ROW : ROW;
  const top = AXIS + 4;
  const middle = (index) => top + index * row.height + row.height / 2;
  const guard = top + Math.max(attempts.length, 1) * row.height + GAP + ROW.height / 2;
  const shop = guard + ROW.height + GAP / 2;
  return { row, thin: row === THIN_ROW, middle, guard, shop, guarded, bottom: shop + ROW.height / 2 + 4 };
}

function axis(scale, bottom) {
  return ticksOf(scale).flatMap(({ x, label }) => [
    svg("line", { class: "tick", x1: x, x2: x, y1: AXIS - 4, y2: bottom }),
    svg("text", { class: "tick-label", x, y: 12, "text-anchor": x > scale.right - 20 ? "end" : "middle" }, label),
  ]);
}

function connectors({ attempts }, rows, scale, guarded) {
  const forwarded = forwardedIds(attempts, guarded);
  // Fifty of them would hide what they lead to.
  const shown = rows.thin && guarded ? attempts.filter(({ id }) => forwarded.has(id)) : attempts;
  if (rows.thin && !guarded) return [];
  return shown.flatMap((attempt) => connectorOf(attempt, rows.middle(attempts.indexOf(attempt)), forwarded.has(attempt.id) ? rows.shop : rows.guard, scale));
}

function bars({ attempts }, rows, scale) {
  const drawn = attempts.flatMap((attempt, index) => barOf(attempt, rows.middle(index), rows, scale));
  if (!rows.thin) return drawn;
  return [svg("text", { class: "row-label", x: 0, y: rows.middle(attempts.length / 2) }, `${attempts.length} sends`), ...drawn];
}
