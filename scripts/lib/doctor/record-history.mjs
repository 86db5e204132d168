// What the log's lines of one record add up to: who executed, who joined or got a replay, whether
// they fell into one retry window, and what came beside them under another key or under none.
import { countText, durationText, finding, shortId, timeText } from "./findings.mjs";
import { frees, isAct, isFence, isRequest } from "./log-file.mjs";
import { endpoint, secondExecution } from "./period-collector.mjs";
import { FENCED, NEW_KEY } from "./record-findings.mjs";

const EXECUTED = new Set(["first", "not-kept"]);

/** Who did what, where all fell into one window. */
export function notesOfHistory({ lines }) {
  const claims = [...new Set(lines.map(({ claim }) => claim).filter(Boolean))];
  if (claims.length !== 1) return [];
  const requests = lines.filter(isRequest);
  const of = (outcome) => lines.filter((line) => line.outcome === outcome).length;
  const counted = ["first", "not-kept", "joined", "replayed", "released", "refused", "observed"].filter(of).map((outcome) => `${of(outcome)} ${outcome}`);
  return [`The log has ${countText(requests.length, "request")} under this key, all in one retry window and of one claim: ${counted.join(", ")}.`];
}

export function findingsOfHistory(record, { lines, beside }, { window, asked }) {
  if (lines.length === 0) return record.state === "vacant" ? [] : [unseen(record, asked)];
  return [...claims(lines, window), ...acts(record, lines), ...unknowns(record, lines), ...fences(record, lines), ...otherKeys(record, lines, beside), ...keyless(lines, beside), ...watched(lines)];
}

function unseen({ record }, { log }) {
  return finding("not-in-log", `${log} has no line of record ${shortId(record)}.`, "Read the log of the time in which the request was sent; a sampled log may lack it.", { record });
}

// One claim, one execution. A second claim is right where the first had ended, or was refused.
function claims(lines, window) {
  // Of what nobody knew, it may have been one.
  const executed = lines.filter(({ outcome }) => EXECUTED.has(outcome) || outcome === "unknown");
  const acts = lines.filter(frees);
  return executed.slice(1).flatMap((line, at) => {
    const before = executed[at];
    const second = line.outcome === "unknown" ? null : secondExecution(before, line, acts);
    return second ? [secondClaim(before, line, second.act, window)] : [];
  });
}

function secondClaim(before, line, act, window) {
  const apart = line.at === undefined || before.at === undefined ? undefined : line.at - before.at;
  const evidence = { record: line.record, claims: [before.claim, line.claim], apart_ms: apart };
  return executedTwice({ before, line, act, apart, window, evidence });
}

/** Two executions of one record, as far as their distance explains them. */
export function executedTwice({ before, line, act, apart, window, evidence }) {
  const twice = before.outcome === "unknown" ? "may have been carried out twice" : "was carried out twice";
  const what = `Record ${shortId(line.record)} ${twice}, under claim ${before.claim} (${timeText(before.at)}) and again under ${line.claim} (${timeText(line.at)}), ${durationText(apart)} later`;
  if (act?.code === "absent") return finding("freed-by-origin", `${what}: in between the origin, asked what had become of the first, did not have it (${timeText(act.at)}).`, "Look whether it had only been slow: then raise absent_after in the route's settle.", evidence);
  if (act) return finding("freed-by-operator", `${what}: an operator freed the key in between (${[act.code, ...named(act), timeText(act.at)].join(", ")}).`, "Ask who did so, and on what ground: if the first had been carried out after all, this is a second order.", evidence);
  if (line.source === "derived") return finding("derived-again", `${what}: its key is derived, and remembered for derive_window only.`, "Where that is one operation, let the client send a key, or raise derive_window.", evidence);
  if (window !== undefined && apart >= window) {
    return finding("two-windows", `${what}: the retry window of ${durationText(window)} lay between them.`, "Where clients retry for longer than that, raise retry_window.", evidence);
  }
  return finding(
    "executed-twice",
    `${what}. Within one retry window this happens only after an operator's forget or resolve.`,
    "Look whether somebody forgot the key in between (the access log of DELETE /.onlyonce/records/…), or whether the policy's retry_window is shorter than --window says. Where neither is so, please report it: it is the one thing that must not happen.",
    evidence,
  );
}

function acts(record, lines) {
  const done = lines.filter(isAct);
  // What the record says of it, the record's own finding tells.
  const told = done.filter(({ code }) => code !== "resolved" || !record.answer?.resolved_at);
  return told.map(({ code, at, status, operator }) => finding("operator", `An operator ${ACTS[code] ?? code} ${[timeText(at), ...named({ operator }), ...(status ? [`with status ${status}`] : [])].join(", ")}.`, "What an operator said is not the origin's word: compare it with the origin's data.", { record: record.record, at }));
}

// Whom Cloudflare Access named; whoever has the token has no name.
function named({ operator }) {
  return operator && operator !== "token" ? [operator] : [];
}

const ACTS = {
  resolved: "gave this operation its answer",
  "not-processed": "said that it was not carried out, and so freed the key,",
  forgotten: "made the guard forget this key",
};

function unknowns(record, lines) {
  const refused = lines.filter(({ code }) => code === "outcome-unknown");
  if (refused.length === 0 || record.state === "unknown") return [];
  return [finding("was-unknown", `${countText(refused.length, "request")} under this key got outcome-unknown, first ${timeText(refused[0].at)}.`, "A client that then sent the operation under a new key may have made the duplicate: look for one in the origin's data.", { record: record.record })];
}

// What the record says of it, the record's own finding tells.
function fences(record, lines) {
  const [first] = lines.filter((line) => isFence(line) || line.code === "key-fenced");
  if (!first || record.state === "fenced") return [];
  const since = isFence(first) ? "given up by a caller" : "refused as given up by its caller";
  return [finding("fenced", `This key was ${since} ${timeText(first.at)}: while that holds, nothing under it is carried out.`, FENCED, { record: record.record, at: first.at })];
}

function otherKeys(record, lines, beside) {
  const others = beside.filter((line) => line.record && EXECUTED.has(line.outcome));
  const records = [...new Set(others.map((line) => line.record))];
  if (records.length === 0) return [];
  const apart = Math.abs(others[0].at - lines[0].at);
  return [finding("new-key-per-attempt", `The same request was carried out under ${countText(records.length, "other key")} too (record ${records.map(shortId).join(", ")}), ${durationText(apart)} apart.`, NEW_KEY, { records: [record.record, ...records], apart_ms: apart })];
}

function keyless(lines, beside) {
  const bypassed = beside.filter(({ outcome, record }) => !record && (outcome === "bypass" || outcome === "fail-open"));
  if (bypassed.length === 0) return [];
  const [one] = bypassed;
  return [
    finding(
      "no-key",
      `${countText(bypassed.length, "request")} without a key went to ${endpoint(one)} within moments of this one, the first ${timeText(one.at)}, unguarded. The log cannot tell whether it is the same operation.`,
      'Let every client send a key there; then set key = "required" for the route, so that one without is refused, or key = "derive" where the client cannot be changed. Where it sends one in another header or in a form\'s field, name it in key_from.',
      { endpoint: endpoint(one), at: one.at },
    ),
  ];
}

function watched(lines) {
  const passed = lines.filter(({ would }) => would);
  if (passed.length === 0) return [];
  return [finding("observed", `${countText(passed.length, "duplicate")} of this request went on to the origin, because the policy only watches (mode = "observe").`, 'Set mode = "enforce" for the route.', { record: lines[0].record })];
}
