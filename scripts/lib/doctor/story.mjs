// The story of single records out of a log: their own lines, and those beside them that may be the
// same operation under another key or under none. A log is read once, from its first line to its
// last, so what came shortly before is kept for a while.
import { Recent } from "./recent.mjs";

const MOST_LINES = 1_000;

export class Story {
  /** `records`: ids, or their first 16 digits; `near`: milliseconds. */
  constructor(records, near) {
    this.near = near;
    this.recent = new Recent(near);
    this.stories = new Map(records.map((record) => [record.slice(0, 16), { lines: [], beside: new Set(), more: 0 }]));
  }

  add(line) {
    if (this.stories.size === 0) return;
    const own = this.stories.get(line.record);
    if (own) this.continued(own, line);
    else this.besideOthers(line);
    this.recent.add(line);
  }

  continued(story, line) {
    if (story.lines.length >= MOST_LINES) {
      story.more += 1;
      return;
    }
    story.lines.push(line);
    for (const other of this.recent.lines) this.compare(story, line, other);
  }

  besideOthers(line) {
    for (const story of this.stories.values()) {
      const last = story.lines.at(-1);
      if (last) this.compare(story, last, line);
    }
  }

  compare(story, line, other) {
    if (line.record === other.record || !isNear(line, other, this.near)) return;
    const sameRequest = line.fingerprint && line.fingerprint === other.fingerprint;
    const keyless = !other.record && line.route === other.route && line.method === other.method;
    if (sameRequest || keyless) story.beside.add(other);
  }

  /** By the first 16 digits of the record, each in the order of time. */
  told() {
    const sorted = (lines) => [...lines].sort((a, b) => (a.at ?? 0) - (b.at ?? 0));
    const entries = [...this.stories].map(([record, { lines, beside, more }]) => [record, { lines: sorted(lines), beside: sorted(beside), more }]);
    return new Map(entries);
  }
}

/** Where a line has no time, nothing can be said of it. */
export function isNear(one, other, near) {
  return one.at !== undefined && other.at !== undefined && Math.abs(one.at - other.at) <= near;
}
