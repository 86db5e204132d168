// The lines of the last moments of a log. Many isolates write one log, so its lines are only nearly
// in the order of time: a line goes when one comes that is later by the whole span.
const MOST = 50_000;

export class RecentLines {
  constructor(span) {
    this.span = span;
    this.lines = [];
  }

  add(line) {
    if (line.at === undefined) return;
    this.lines.push(line);
    const first = this.lines[0];
    // Half of them at once: to drop each by itself would move all the others each time.
    if (line.at - first.at > 2 * this.span || this.lines.length > MOST) this.tidy(line.at);
  }

  tidy(now) {
    this.lines = this.lines.filter(({ at }) => now - at <= this.span).slice(-MOST / 2);
  }
}
