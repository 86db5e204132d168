// What happened on one lane of a scene, or in one try: every attempt to send, and every execution.
//
// 1. Attempts are plain data, so that another page can report its own:
//    { id, name, key, sentAt, leftAt, endedAt, kind, reason, status, record, fingerprint },
//    times in ms since the epoch; `sentAt` is when the page asked for it, `leftAt` when the browser
//    really sent it, where that is known.
// 2. An attempt is reported when it leaves and again when it ends; `kind` comes with the end:
//    first     sent on, and answered by the shop
//    collapsed waited for the answer to another that was under way
//    replayed  got the stored answer
//    resolved  got the answer that an operator gave in the shop's place
//    settled   got what the shop showed when the guard asked it
//    bypassed  passed on as it is; `reason` says why
//    refused   turned away by the guard
//    unknown   told that nobody can know
//    plain     answered, with no guard involved
//    lost      no answer arrived
// 3. Executions are the shop's ledger, as it reports them; their times are moved to this clock. They
//    are `null` where it was not read.

export class Recording {
  attempts = [];
  executions = null;
  endedAt = undefined;
  #listeners = [];

  /** `guarded`: whether a guard is in front; undefined where only an answer can tell. */
  constructor({ guarded, attempts = 0 } = {}) {
    this.guarded = guarded;
    /** How many attempts the picture keeps room for. */
    this.room = attempts;
  }

  /** Nothing has happened, and nothing will. */
  static empty(options) {
    return Object.assign(new Recording(options), { endedAt: Date.now() });
  }

  onChange(listener) {
    this.#listeners.push(listener);
  }

  /** Takes a report of an attempt, the first or a later one. */
  report(attempt) {
    const at = this.attempts.findIndex(({ id }) => id === attempt.id);
    if (at < 0 && attempt.sentAt === undefined) return;
    if (at < 0) this.attempts.push(attempt);
    else this.attempts[at] = { ...this.attempts[at], ...attempt };
    if (attempt.kind && attempt.kind !== "lost") this.guarded ??= attempt.kind !== "plain";
    this.#notify();
  }

  setExecutions(executions) {
    this.executions = executions;
    this.#notify();
  }

  end() {
    this.endedAt = Date.now();
    this.#notify();
  }

  /** More is going to happen, after an end. */
  resume() {
    this.endedAt = undefined;
  }

  #notify() {
    this.#listeners.forEach((listener) => listener());
  }
}
