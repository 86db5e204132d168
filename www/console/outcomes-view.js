// What became of the last hour's operations, by route.

import { announce, button, count, element, table } from "./dom.js";
import { ask } from "./guard-api.js";
import { linkToRoute, missing } from "./unknown-view.js";

/** The guard's names, and what stands above them. */
const OUTCOMES = { "2xx": "2xx", "3xx": "3xx", "4xx": "4xx", resolved: "Resolved", settled: "Settled", unknown: "Unknown", "in-flight": "In flight" };
const DUPLICATES = { joined: "Joined", replayed: "Replayed", refused: "Refused" };
const NAMES = { ...OUTCOMES, ...DUPLICATES };

export function outcomesView(page) {
  const results = element("section", { "aria-label": "Outcomes by route", tabindex: "-1" });
  const load = () => page.load(results, (signal) => outcomes(signal, load), "Counting on all shards…");
  page.show(page.title("The last hour"), element("p", { class: "lead" }, "What became of the operations that claimed their key within the last hour, by route."),
    element("div", { class: "buttons" }, button("Count again", load)), results);
  load();
}

async function outcomes(signal, load) {
  const { routes, complete, read, unreachable } = await allPages(signal);
  const rows = [...routes].sort(([one], [other]) => (one < other ? -1 : 1));
  const said = rows.length === 0 ? "No operation claimed its key within the last hour." : `${count(operations(rows), "operation")} on ${count(rows.length, "route")}.`;
  announce(said);
  return [
    missing(unreachable, load),
    element("p", { class: "summary" }, said),
    !complete && element("p", { class: "warning" }, `This is a sample: each shard reads at most 1,000 of its records, and ${count(read, "record")} were read. The sums are too small, and the proportions are rough.`),
    rows.length > 0 && table("Outcomes by route", ["Route", ...Object.values(NAMES)], rows.map(row)),
    notes(),
  ];
}

/** With more than 256 shards the guard counts in pages, which add up. */
async function allPages(signal) {
  const sum = { routes: new Map(), complete: true, read: 0, unreachable: [] };
  let after = "";
  do {
    const page = await ask(`outcomes${after && `?after=${after}`}`, { signal });
    for (const { route, ...counts } of page.routes) addTo(sum.routes, route, counts);
    sum.complete &&= page.complete;
    sum.read += page.records_read;
    sum.unreachable.push(...(page.unreachable ?? []));
    after = page.next;
  } while (after);
  return sum;
}

function addTo(routes, route, counts) {
  const sum = routes.get(route) ?? {};
  for (const [name, number] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + number;
  routes.set(route, sum);
}

function operations(rows) {
  return rows.flatMap(([, counts]) => Object.keys(OUTCOMES).map((name) => counts[name] ?? 0)).reduce((sum, number) => sum + number, 0);
}

function row([route, counts]) {
  return [element("code", {}, route), ...Object.keys(NAMES).map((name) => cell(route, name, counts[name] ?? 0))];
}

function cell(route, name, number) {
  const text = number.toLocaleString("en");
  if (name === "unknown" && number > 0) return linkToRoute(route, text, element("span", { class: "visually-hidden" }, ` unknown on ${route}`));
  return number === 0 ? element("span", { class: "none" }, text) : text;
}

function notes() {
  return element("div", { class: "notes" },
    element("p", { class: "hint" }, "Joined, replayed and refused are duplicates, as the shards have seen them: they say “at least”. Retries that were answered from a copy in KV or in an isolate’s memory are not among them."),
    element("p", { class: "hint" }, "What left no record is not here: operations that the origin refused to process (their key is free again), forgotten keys, requests without a key. The log and the metrics have those."));
}
