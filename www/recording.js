// What happened on one lane of a scene, or in one try: every attempt to send, and every execution.
//
// 1. Attempts are plain data, so that another page can report its own:
//    { id, name, key, sentAt, endedAt, kind, reason, status, guard, fingerprint },
//    times in ms since the epoch; `guard` is whether a guard answered.
// 2. An attempt is reported when it leaves and again when it ends; `kind` comes with the end:
//    first     forwarded, and answered by the shop
//    collapsed waited for the answer to another that was under way
//    replayed  got the stored answer
//    refused   turned away by the guard
//    unknown   told that nobody can know
//    plain     answered, with no guard involved
//    failed    answered with an error that is not the guard's
//    lost      no answer arrived
// 3. Executions are the shop's ledger, as it reports them; their times are moved to this clock.

export class Recording {
  attempts = [];
  executions = [];
  endedAt = undefined;
  #listeners = [];

  /** Nothing has happened, and nothing will. */
  static empty() {
    return Object.assign(new Recording(), { endedAt: Date.now() });
  }

  onChange(listener) {
    this.#listeners.push(listener);
  }

  /** Takes a report of an attempt, the first or a later one. */
  report(attempt) {
    const at = this.attempts.findIndex(({ id }) => id === attempt.id);
    if (at < 0) this.attempts.push(attempt);
    else this.attempts[at] = { ...this.attempts[at], ...attempt };
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

  #notify() {
    this.#listeners.forEach((listener) => listener());
  }
}

/**
 * The ids of the attempts that were forwarded to the shop. With a guard, one for each key: the one
 * whose answer was the first, or where none was, the earliest, since the guard sends what it sees
 * first.
 */
export function forwardedIds(attempts, guarded) {
  if (!guarded) return new Set(attempts.map(({ id }) => id));
  const byKey = groupByKey(attempts);
  return new Set([...byKey.values()].map((same) => (same.find(({ kind }) => kind === "first") ?? same[0]).id));
}

function groupByKey(attempts) {
  const byKey = new Map();
  for (const attempt of attempts) byKey.set(attempt.key, [...(byKey.get(attempt.key) ?? []), attempt]);
  return byKey;
}
