// Which attempts reached the shop: "yes", "no", or "unknown". Only what is proved is said.
//
// 1. What was answered says it by its answer's head.
// 2. For the rest the ledger's count may prove it. Orders that are not accounted for by an answer came
//    from attempts without one: from all of them where there are as many; where there are fewer, from
//    those that had been sent when the order was executed, if these are as many; from none of them
//    where there are none.
// 3. An attempt's orders are those under its key, where it carried one.

const BY_KIND = { first: "yes", bypassed: "yes", plain: "yes", collapsed: "no", replayed: "no", resolved: "no", settled: "no", refused: "no" };
/** After these refusals the origin may have got the request, or not. */
const SAY_NOTHING = new Set(["guard-unavailable", "origin-unreachable"]);
const CLOCKS_AGREE_WITHIN = 25;

/** By each attempt's id; what has not ended may still be executed. */
export function reachOf({ attempts, executions, endedAt }) {
  const reach = new Map(attempts.map((attempt) => [attempt.id, byAnswer(attempt)]));
  for (const same of groups(attempts)) {
    const open = same.filter(({ id }) => reach.get(id) === "unknown");
    if (open.length === 0) continue;
    const sure = same.filter(({ id }) => reach.get(id) === "yes").length;
    const verdicts = byLedger(open, sure, executionsOf(same, attempts, executions), endedAt);
    if (verdicts) open.forEach(({ id }, at) => reach.set(id, verdicts[at]));
  }
  return reach;
}

function byAnswer({ kind, reason }) {
  return SAY_NOTHING.has(reason) ? "unknown" : (BY_KIND[kind] ?? "unknown");
}

function groups(attempts) {
  const byKey = new Map();
  for (const attempt of attempts) byKey.set(attempt.key, [...(byKey.get(attempt.key) ?? []), attempt]);
  return [...byKey.values()];
}

// A ledger of one key holds its orders, whether or not they carried it.
function executionsOf([{ key }], attempts, executions) {
  if (!executions || attempts.every((attempt) => attempt.key === key)) return executions;
  return executions.filter(({ headers }) => headers["idempotency-key"]?.replaceAll('"', "") === key);
}

function byLedger(open, sure, executions, endedAt) {
  if (!executions) return undefined;
  const unexplained = executions.length - sure;
  if (unexplained >= open.length) return open.map(() => "yes");
  // What is under way may still be executed.
  if (unexplained <= 0) return endedAt && open.every((attempt) => attempt.endedAt) ? open.map(() => "no") : undefined;
  const last = Math.max(...executions.map(({ at }) => at));
  const early = open.map(({ sentAt }) => sentAt <= last + CLOCKS_AGREE_WITHIN);
  if (sure > 0 || early.filter(Boolean).length !== unexplained) return undefined;
  return early.map((was) => (was ? "yes" : endedAt ? "no" : "unknown"));
}
