// What a period's log shows, worst first.
import { commandLine } from "../command.mjs";
import { countText, durationText, finding, shortId } from "./findings.mjs";
import { count } from "./period-collector.mjs";
import { FENCED, NEW_KEY } from "./record-findings.mjs";
import { executedTwice } from "./record-history.mjs";

export function findingsOfPeriod(period) {
  return [...twice(period), ...acts(period), ...unknown(period), ...fenced(period), ...unguarded(period), ...newKeys(period), ...keyless(period), ...watched(period), ...byCookie(period), ...dead(period)];
}

function twice({ executedTwice: { list, total }, window }) {
  const found = list.map(({ record, claims, outcome, source, act, first_at, then_at, apart_ms }) => {
    const [before, line] = [{ claim: claims[0], at: first_at, outcome }, { claim: claims[1], at: then_at, record, source }];
    return executedTwice({ before, line, act, apart: apart_ms, window, evidence: { record, claims, apart_ms } });
  });
  const more = total - list.length;
  return more > 0 ? [...found, finding("more", `${countText(more, "more record")} were carried out under two claims.`, "Narrow the period with --since and --until.")] : found;
}

function unknown({ unknown: records }) {
  if (records.size === 0) return [];
  const names = [...records.keys()];
  return [
    finding(
      "outcome-unknown",
      `${countText(names.length, "operation")} may or may not have been carried out: record ${firstOf(names)}.`,
      `${commandLine("doctor", "<url> --unknown")} lists what is unknown still, with the command that ends each; with <key> in its place it tells of one, with the key from the client's log.`,
      { records: names },
    ),
  ];
}

function fenced({ fenced: records }) {
  if (records.size === 0) return [];
  const names = [...records];
  return [finding("fenced", `${countText(names.length, "key")} had been given up, so that nothing under ${names.length === 1 ? "it" : "them"} is carried out: record ${firstOf(names)}.`, FENCED, { records: names })];
}

function newKeys({ newKeys: { list, total }, near }) {
  if (total === 0) return [];
  const [one] = list;
  return [
    finding(
      "new-key-per-attempt",
      `${countText(total, "time")} the same request was carried out under two keys within ${durationText(near)}, first on ${one.endpoint}, ${durationText(one.apart_ms)} apart (records ${one.records.map(shortId).join(" and ")}).`,
      NEW_KEY,
      { total, examples: list },
    ),
  ];
}

function keyless({ keyless: endpoints }) {
  if (endpoints.size === 0) return [];
  return [
    finding(
      "no-key",
      `${countText(sum(endpoints), "write")} came without a key and went straight to the origin: ${listed(endpoints)}.`,
      'Let the clients of these endpoints send a key; then set key = "required" for the route, or key = "derive" where a client cannot be changed. Where they send one in another header or in a form\'s field, name it in key_from.',
      { endpoints: Object.fromEntries(endpoints) },
    ),
  ];
}

function acts({ acts }) {
  if (acts.size === 0) return [];
  const reasons = new Map();
  for (const { code } of acts.values()) count(reasons, code);
  return [
    finding("operator", `An operator decided about ${countText(acts.size, "record")}: ${listed(reasons)}.`, `${commandLine("doctor", "<url> <key>")} for each; what an operator said is not the origin's word.`, { records: [...acts.keys()] }),
  ];
}

function unguarded({ unguarded: endpoints }) {
  if (endpoints.size === 0) return [];
  return [
    finding("fail-open", `${countText(sum(endpoints), "request")} went to the origin unguarded while the records could not be reached: ${listed(endpoints)}.`, 'Look for duplicates among them in the origin\'s data. Where that is not worth it, set on_guard_failure = "closed".', { endpoints: Object.fromEntries(endpoints) }),
  ];
}

function watched({ watched: endpoints }) {
  if (endpoints.size === 0) return [];
  return [
    finding("observed", `${countText(sum(endpoints), "duplicate")} went on to the origin because the policy only watches: ${listed(endpoints)}.`, 'This is what mode = "enforce" would have stopped.', { endpoints: Object.fromEntries(endpoints) }),
  ];
}

function byCookie({ byCookie: endpoints }) {
  if (endpoints.size === 0) return [];
  return [
    finding(
      "scope-by-cookie",
      `${countText(sum(endpoints), "request")} told who sent them by cookies alone, which scope = "auto" does not look at, so all of them share their keys: ${listed(endpoints)}.`,
      'Name the cookie of the session in the policy: scope = ["cookie:<name>"], and where keys are derived credential = ["cookie:<name>"]. It makes every key a new one, so change it while nothing is retried.',
      { endpoints: Object.fromEntries(endpoints) },
    ),
  ];
}

function dead({ dead: reasons }) {
  if (reasons.size === 0) return [];
  return [
    finding("dead-letter", `${countText(sum(reasons), "message")} went to the dead letters: ${listed(reasons)}.`, "Look at them there; sent again as they are, they are the same operations.", { reasons: Object.fromEntries(reasons) }),
  ];
}

function firstOf(names) {
  return names.slice(0, 5).join(", ") + (names.length > 5 ? ", …" : "");
}

function sum(counts) {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}

function listed(counts) {
  const sorted = [...counts].sort((a, b) => b[1] - a[1]);
  const shown = sorted.slice(0, 5).map(([name, count]) => `${name} (${count})`);
  return shown.join(", ") + (sorted.length > 5 ? ` and ${sorted.length - 5} more` : "");
}
