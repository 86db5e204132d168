// The unknown outcomes of all shards: a list that filters and pages.
//
// 1. The guard filters and pages; what is shown is what it said, in its order.
// 2. Filters and place are kept while the page is open, so that somebody who comes back from a record finds
//    the list as it was left.

import { announce, button, count, element, field, select, table } from "./dom.js";
import { ask } from "./guard-api.js";
import { age } from "./times.js";
import { REASONS, reasonInWords, short } from "./words.js";

const AGES = { "1m": "1 minute", "15m": "15 minutes", "1h": "1 hour", "6h": "6 hours", "1d": "1 day", "7d": "7 days" };
const LIMITS = { 25: "25", 50: "50", 100: "100", 200: "200" };
const COLUMNS = ["Record", "Claimed", "Operation", "Why nobody knows", "Key shut until"];

let list = newList();

function newList(filters = {}) {
  // The cursors of the pages up to the one that is shown.
  return { filters: { limit: "50", ...filters }, cursors: [undefined], last: null };
}

/** Of filters and places nothing is left. */
export function forgetList() {
  list = newList();
}

/** The link to the unknown outcomes of one route. */
export function linkToRoute(route, ...text) {
  const link = element("a", { href: "#unknown" }, ...text);
  link.addEventListener("click", () => (list = newList({ route })));
  return link;
}

export function unknownView(page) {
  const results = element("section", { "aria-label": "Unknown outcomes", tabindex: "-1" });
  const load = () => page.load(results, (signal) => turnTo(signal, load), "Asking all shards…");
  page.show(page.title("Unknown outcomes"), element("p", { class: "lead" }, LEAD), filterForm(load), results);
  load();
}

const LEAD = "Operations of which nobody knows whether the origin carried them out. Each key is shut until somebody finds out, or its window ends.";

function filterForm(load) {
  const { filters } = list;
  const inputs = {
    route: element("input", { type: "text", autocomplete: "off", spellcheck: "false", class: "mono", placeholder: "/payments/**", value: filters.route ?? "" }),
    reason: select({ "": "any", ...REASONS }, filters.reason),
    older_than: select({ "": "any age", ...AGES }, filters.older_than),
    newer_than: select({ "": "any age", ...AGES }, filters.newer_than),
    limit: select(LIMITS, filters.limit),
  };
  const form = element("form", { class: "filters", role: "search", "aria-label": "Filter the list" },
    field("Route’s pattern", inputs.route), field("Reason", inputs.reason),
    field("Older than", inputs.older_than), field("Newer than", inputs.newer_than), field("A page", inputs.limit),
    element("div", { class: "buttons" }, element("button", { class: "primary" }, "Filter"), element("button", { type: "reset" }, "Show all")));
  const apply = () => {
    const chosen = Object.entries(inputs).map(([name, input]) => [name, input.value.trim()]);
    list = newList(Object.fromEntries(chosen.filter(([, value]) => value)));
    load();
  };
  form.addEventListener("submit", (event) => (event.preventDefault(), apply()));
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    for (const [name, input] of Object.entries(inputs)) input.value = name === "limit" ? "50" : "";
    apply();
  });
  return form;
}

async function turnTo(signal, load) {
  const query = new URLSearchParams(list.filters);
  const after = list.cursors.at(-1);
  if (after) query.set("after", after);
  const { unknown, next, unreachable } = await ask(`unknown?${query}`, { signal });
  const said = summary(unknown.length, next);
  announce(said);
  return [
    missing(unreachable, load),
    element("p", { class: "summary" }, said),
    unknown.length > 0 && table("Unknown outcomes, the newest claim first", COLUMNS, unknown.map(row)),
    pager(next, load),
  ];
}

function summary(shown, next) {
  const place = list.cursors.length > 1 || next ? `, page ${list.cursors.length}` : "";
  if (shown === 0 && next) return `None among those that were looked at so far${place}; older ones may follow.`;
  if (shown === 0) return "No outcome is unknown that fits.";
  return `${count(shown, "unknown outcome")}${place}${next ? "; more follow" : ""}.`;
}

/** A warning that names the shards of which nothing could be learnt. */
export function missing(unreachable, load) {
  if (!unreachable?.length) return null;
  const names = element("details", {}, element("summary", {}, "Which"), element("p", { class: "mono" }, unreachable.join(", ")));
  return element("div", { class: "warning" },
    element("p", {}, `${count(unreachable.length, "shard")} could not be reached: what they hold is missing here.`),
    names, button("Ask again", load));
}

function row({ record, claimed_at, method, route, attempt, reason, status, call_open, expires_at }) {
  return [
    element("a", { href: `#record/${record}`, class: "record" }, short(record)),
    age(claimed_at),
    [element("span", { class: "mono" }, `${method} ${route}`), attempt > 1 && element("small", {}, `attempt ${attempt}`)],
    [reasonInWords(reason, status), call_open && element("small", { class: "odd" }, "a call is still open: its answer may come")],
    age(expires_at),
  ];
}

function pager(next, load) {
  const newer = button("Newer", () => (list.cursors.pop(), load()), { disabled: list.cursors.length === 1 });
  const older = button("Older", () => (list.cursors.push(next), load()), { disabled: !next });
  return element("nav", { class: "pager", "aria-label": "Pages" }, newer, element("span", {}, `Page ${list.cursors.length}`), older);
}
