// What was measured, as Markdown to paste into docs/PROOF.md.
import { markdown, median } from "../bench/table.mjs";
import { growthOf, SETTLED_AFTER } from "./judge.mjs";

/** One line for each minute, one for each kind, and the figures of the whole. */
export function soakTables({ capacity, rate, seconds, minutes, total, counts, memory }) {
  const settled = memory.filter((sample) => sample.seconds >= Math.min(SETTLED_AFTER, seconds / 2));
  const summary = [
    ["closed loop, requests a second", capacity.toFixed(0)],
    ["rate, requests a second", String(rate)],
    ["requests", String(total.all.requests)],
    ["errors", String(total.errors)],
    ["keys carried out, by what clients were told", String(total.keys)],
    ["calls at the origin", String(counts.calls)],
    ["doubled keys", String(counts.doubled)],
    [`growth of memory from ${Math.min(SETTLED_AFTER, seconds / 2)} s on, %`, (100 * growthOf(settled)).toFixed(1)],
    ["p50 and p99 of all, ms", `${ms(total.all.p50_us)}, ${ms(total.all.p99_us)}`],
  ];
  return [markdown(["", "figure"], summary, 1), byMinute(minutes), byKind(total.kinds)].join("\n\n");
}

function byMinute(minutes) {
  const head = ["minute", "requests/s", "errors", "p50 ms", "p99 ms", "waited for a processor, of ran", "memory MB", "databases MB", "their logs MB"];
  const rows = minutes.map(({ seconds, errors, all, waited, memory, storage }, at) => [
    String(at + 1),
    (all.requests / seconds).toFixed(0),
    String(errors),
    ms(all.p50_us),
    ms(all.p99_us),
    `${(100 * waited).toFixed(0)}%`,
    mb(memory),
    mb(storage.databases),
    mb(storage.logs),
  ]);
  return markdown(head, rows, 1);
}

function byKind(kinds) {
  const rows = Object.entries(kinds).map(([kind, { requests, p50_us: p50, p99_us: p99, statuses }]) => [kind, statusText(statuses), String(requests), ms(p50), ms(p99), (p99 / p50).toFixed(1)]);
  return markdown(["kind", "answers", "requests", "p50 ms", "p99 ms", "p99 / p50"], rows, 2);
}

/** One line for each scenario: memory, and the customer's latencies alone, beside it and afterwards. */
export function hostileTable(results) {
  const head = ["scenario", "memory before, at most, after MB", "customer's errors", "p50 alone, beside, after ms", "p99 alone, beside, after ms", "slowest ms", "doubled"];
  const rows = results.map(({ name, memory, customer, counts }) => {
    const all = Object.values(customer);
    return [
      name,
      [memory.before, memory.peak, memory.after].map(mb).join(", "),
      String(all.reduce((sum, { errors }) => sum + errors, 0)),
      all.map((seen) => ms(seen.all.p50_us)).join(", "),
      all.map((seen) => ms(seen.all.p99_us)).join(", "),
      all.map((seen) => ms(seen.all.slowest_us)).join(", "),
      String(counts.doubled),
    ];
  });
  return markdown(head, rows, 1);
}

/** One line for each shape of each scenario: what the guard answered, and the slowest answer. */
export function shapesTable(results) {
  const rows = results.flatMap(({ name, shapes }) =>
    Object.entries(shapes).map(([shape, { outcomes, slowest_ms: slowest }]) => [name, shape, statusText(outcomes), slowest ? String(slowest) : ""]),
  );
  return markdown(["scenario", "what", "answers", "slowest ms"], rows, 3);
}

/** One line for each of the customer's situations. */
export function floodTable({ rate, rounds }) {
  const middle = (list, figure) => median(list.map(figure));
  const row = (what, list, when) => [
    what,
    ms(middle(list, (round) => round[when].all.p50_us)),
    ms(middle(list, (round) => round[when].all.p99_us)),
    when === "alone" ? "" : String(middle(list, (round) => round.flood.all.requests)),
    when === "alone" ? "" : String(middle(list, (round) => round.carriedOut)),
  ];
  const rows = [
    row("alone, without NEW_KEYS", rounds.without, "alone"),
    row(`beside ${rate} new keys a second, without`, rounds.without, "beside"),
    row("alone, with NEW_KEYS", rounds.with, "alone"),
    row(`beside ${rate} new keys a second, with`, rounds.with, "beside"),
  ];
  return markdown(["another's replays", "p50 ms", "p99 ms", "flood's requests", "carried out"], rows, 1);
}

function statusText(statuses) {
  return Object.entries(statuses).map(([outcome, count]) => `${outcome} × ${count}`).join(" · ");
}

function ms(micros) {
  return (micros / 1000).toFixed(2);
}

function mb(bytes) {
  return (bytes / 1e6).toFixed(0);
}
