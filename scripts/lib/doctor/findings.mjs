// How a finding is made and how its figures are written. Each says what happened and what to do.
export function finding(kind, what, next, evidence = {}) {
  return { kind, what, next, ...evidence };
}

export function durationText(ms) {
  if (ms === undefined) return "an unknown time";
  if (ms < 1_000) return `${ms} ms`;
  if (ms < 120_000) return `${(ms / 1_000).toFixed(1)} s`;
  if (ms < 2 * 3_600_000) return `${Math.round(ms / 60_000)} minutes`;
  return `${Math.round(ms / 3_600_000)} hours`;
}

export function countText(count, thing) {
  return count === 1 ? `one ${thing}` : `${count} ${thing}s`;
}

export function shortId(record) {
  return record?.slice(0, 16);
}

export function timeText(ms) {
  return ms === undefined ? "at an unknown time" : new Date(ms).toISOString();
}
