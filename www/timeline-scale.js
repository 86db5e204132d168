// Where a moment lies in the drawing.

const LABELS = 92;
const NARROW_LABELS = 74;
const RIGHT = 10;
const LEAST_SPAN = 600;
const STEPS = [50, 100, 200, 250, 500, 1000, 2000, 5000, 10_000, 30_000];
const PIXELS_A_TICK = 46;
const MOST_TICKS = 8;

export function scaleOf({ attempts, executions, ended }, width) {
  const begin = Math.min(...attempts.map(({ sent }) => sent), Infinity);
  const start = Number.isFinite(begin) ? begin : Date.now();
  const moments = [...attempts.map(({ ended, sent }) => ended ?? sent), ...executions.map(({ at }) => at), ended ? 0 : Date.now()];
  const span = Math.max(LEAST_SPAN, (Math.max(...moments) - start) * 1.04);
  const left = width < 420 ? NARROW_LABELS : LABELS;
  const right = width - RIGHT;
  // A clock that is off by a little must not put a mark outside.
  const x = (at) => Math.min(right, Math.max(left, left + ((at - start) / span) * (right - left)));
  return { x, start, span, left, right };
}

export function ticksOf({ x, start, span, left, right }) {
  const most = Math.min(MOST_TICKS, Math.max(2, Math.floor((right - left) / PIXELS_A_TICK)));
  const step = STEPS.find((step) => span / step <= most) ?? STEPS.at(-1);
  const count = Math.floor(span / step) + 1;
  return Array.from({ length: count }, (_, at) => ({ x: x(start + at * step), label: at === 0 ? "0" : `${(at * step) / 1000} s` }));
}
