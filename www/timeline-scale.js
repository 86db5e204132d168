// Where a moment lies in the drawing.

const LABELS = 92;
const NARROW_LABELS = 74;
const RIGHT = 10;
const MIN_SPAN = 600;
const STEPS = [50, 100, 200, 250, 500, 1000, 2000, 5000, 10_000, 30_000];
const PIXELS_PER_TICK = 46;
const MAX_TICKS = 8;

export function scaleOf({ attempts, executions, endedAt }, width) {
  const begin = Math.min(...attempts.map(({ sentAt }) => sentAt), Infinity);
  const start = Number.isFinite(begin) ? begin : Date.now();
  const moments = [...attempts.map(({ endedAt, sentAt }) => endedAt ?? sentAt), ...(executions ?? []).map(({ at }) => at), endedAt ? 0 : Date.now()];
  const span = Math.max(MIN_SPAN, (Math.max(...moments) - start) * 1.04);
  const left = width < 420 ? NARROW_LABELS : LABELS;
  const right = width - RIGHT;
  // A clock that is off by a little must not put a mark outside.
  const x = (at) => Math.min(right, Math.max(left, left + ((at - start) / span) * (right - left)));
  return { x, start, span, left, right };
}

export function ticksOf({ x, start, span, left, right }) {
  const maxTicks = Math.min(MAX_TICKS, Math.max(2, Math.floor((right - left) / PIXELS_PER_TICK)));
  const step = STEPS.find((step) => span / step <= maxTicks) ?? STEPS.at(-1);
  const count = Math.floor(span / step) + 1;
  return Array.from({ length: count }, (_, at) => ({ x: x(start + at * step), label: at === 0 ? "0" : `${(at * step) / 1000} s` }));
}
