// The history of single records out of a log: their own lines, and those beside them that may be the
// same operation under another key or under none. A log is read once, from its first line to its
// last, so what came shortly before is kept for a while.
import { RecentLines } from "./recent-lines.mjs";

const MOST_LINES = 1_000;

export class HistoryCollector {
  /** `records`: ids, or their first 16 digits; `near`: milliseconds. */
  constructor(records, near) {
    this.near = near;
    this.recent = new RecentLines(near);
    this.histories = new Map(records.map((record) => [record.slice(0, 16), { lines: [], beside: new Set(), more: 0 }]));
  }

  add(line) {
    if (this.histories.size === 0) return;
    const own = this.histories.get(line.record);
    if (own) this.addOwn(own, line);
    else this.addBeside(line);
    this.recent.add(line);
  }

  addOwn(history, line) {
    if (history.lines.length >= MOST_LINES) {
      history.more += 1;
      return;
    }
    history.lines.push(line);
    for (const other of this.recent.lines) this.compare(history, line, other);
  }

  addBeside(line) {
    for (const history of this.histories.values()) {
      const last = history.lines.at(-1);
      if (last) this.compare(history, last, line);
    }
  }

  compare(history, line, other) {
    if (line.record === other.record || !isNear(line, other, this.near)) return;
    const sameRequest = line.fingerprint && line.fingerprint === other.fingerprint;
    const keyless = !other.record && line.route === other.route && line.method === other.method;
    if (sameRequest || keyless) history.beside.add(other);
  }

  /** By the first 16 digits of the record, each in the order of time. */
  collected() {
    const sorted = (lines) => [...lines].sort((a, b) => (a.at ?? 0) - (b.at ?? 0));
    const entries = [...this.histories].map(([record, { lines, beside, more }]) => [record, { lines: sorted(lines), beside: sorted(beside), more }]);
    return new Map(entries);
  }
}

/** Where a line has no time, nothing can be said of it. */
export function isNear(one, other, near) {
  return one.at !== undefined && other.at !== undefined && Math.abs(one.at - other.at) <= near;
}
