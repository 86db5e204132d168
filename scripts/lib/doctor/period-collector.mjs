// What is worth knowing of a period, gathered line by line:
// 1. a record that was executed under two claims, which within one window must not be;
// 2. one request under several keys within moments: the client makes a new key for each attempt;
// 3. writes that nothing guarded, by the endpoint that they hit;
// 4. what stayed unknown, what a policy that only watches let through, and what one should say.
// It holds a few numbers for each record and the requests of the last moments, not the log.
import { isNear } from "./history-collector.mjs";
import { frees, isAct, isFence, isProbe, isTold } from "./log-file.mjs";

const MOST_EXAMPLES = 100;
/** Where a request reached the origin, as far as its line tells. */
const EXECUTED = new Set(["first", "not-kept"]);

export class PeriodCollector {
  constructor({ near, window }) {
    this.near = near;
    this.window = window;
    this.outcomes = new Map();
    this.refusals = new Map();
    this.executions = new Map();
    this.requests = new Map();
    this.acts = new Map();
    this.freed = new Map();
    this.fenced = new Set();
    this.looked = 0;
    this.executedTwice = new Examples();
    this.newKeys = new Examples();
    this.unknown = new Map();
    this.ended = new Set();
    this.keyless = new Map();
    this.unguarded = new Map();
    this.watched = new Map();
    this.dead = new Map();
    this.byCookie = new Map();
  }

  add(line) {
    if (frees(line)) this.freed.set(line.record, line);
    if (isAct(line)) return void this.acts.set(line.record, line);
    if (isProbe(line)) return;
    if (isTold(line)) return this.told(line);
    if (isFence(line)) return void this.fenced.add(line.record);
    count(this.outcomes, line.outcome);
    if (line.outcome === "refused") this.refused(line);
    if (line.outcome === "bypass") count(this.keyless, endpoint(line));
    if (line.outcome === "fail-open") count(this.unguarded, endpoint(line));
    if (line.outcome === "dead-letter") count(this.dead, `${line.code} in ${line.queue}`);
    if (line.advice === "scope-by-cookie") count(this.byCookie, endpoint(line));
    if (line.would) count(this.watched, `${endpoint(line)}, would ${line.would}`);
    if (EXECUTED.has(line.outcome)) this.executed(line);
  }

  refused(line) {
    count(this.refusals, line.code);
    if (line.code === "key-fenced" && line.record) this.fenced.add(line.record);
    if (line.code === "outcome-unknown" && line.record && !this.ended.has(line.record)) count(this.unknown, line.record);
  }

  // The shard's own word; a request's line may come a moment after it.
  told(line) {
    if (line.outcome === "unknown") {
      this.ended.delete(line.record);
      this.executions.set(line.record, { claim: line.claim, at: line.at, outcome: line.outcome });
      return count(this.unknown, line.record);
    }
    this.ended.add(line.record);
    this.unknown.delete(line.record);
  }

  executed(line) {
    const before = this.executions.get(line.record);
    this.executions.set(line.record, { claim: line.claim, at: line.at, status: line.status });
    const second = before && secondExecution(before, line, [this.freed.get(line.record)]);
    if (second) this.executedTwice.add({ record: line.record, ...gap(before, line), claims: [before.claim, line.claim], outcome: before.outcome, source: line.source, ...second });
    this.underAnotherKey(line);
  }

  underAnotherKey(line) {
    if (!line.fingerprint || line.at === undefined) return;
    const before = this.requests.get(line.fingerprint);
    this.requests.set(line.fingerprint, line);
    if (before && before.record !== line.record && isNear(before, line, this.near)) {
      this.newKeys.add({ endpoint: endpoint(line), fingerprint: line.fingerprint, records: [before.record, line.record], ...gap(before, line) });
    }
    this.forget(line.at);
  }

  // Now and then: what is too long ago will never be near again.
  forget(now) {
    this.looked += 1;
    if (this.looked % 10_000 !== 0) return;
    for (const [fingerprint, { at }] of this.requests) {
      if (now - at > this.near) this.requests.delete(fingerprint);
    }
  }
}

/** What the origin refused for good binds only the credential that it refused: another one's request is carried out. */
function isRefusal({ status }) {
  return status >= 400 && status < 500;
}

/**
 * `{ act }`, where a line's claim is another one than the claim that was carried out before it: what freed the
 * key in between, if anything did. What stayed unknown may have been carried out, which says something only
 * where somebody freed the key.
 */
export function secondExecution(before, line, acts) {
  if (before.claim === line.claim || isRefusal(before)) return null;
  const act = freedBetween(acts, before, line);
  return before.outcome === "unknown" && !act ? null : { act };
}

/** What freed the key between two lines of its record, as far as times tell. */
function freedBetween(acts, before, line) {
  return acts.find((act) => act && !(act.at < before.at) && !(act.at > line.at));
}

/** The first of many, and how many there are. */
class Examples {
  constructor() {
    this.total = 0;
    this.list = [];
  }

  add(example) {
    this.total += 1;
    if (this.list.length < MOST_EXAMPLES) this.list.push(example);
  }
}

function gap(before, after) {
  if (before.at === undefined || after.at === undefined) return {};
  return { first_at: before.at, then_at: after.at, apart_ms: Math.abs(after.at - before.at) };
}

export function endpoint({ method, route }) {
  return `${method} ${route}`;
}

export function count(map, name) {
  map.set(name, (map.get(name) ?? 0) + 1);
}
