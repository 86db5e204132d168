// What the guard's own record of a key says, in sentences.
import { countText, durationText, finding, shortId } from "./findings.mjs";

const REASONS = {
  "connection-lost": "the connection to the origin broke before its answer was complete",
  restarted: "the guard's runtime was restarted while the request was at the origin",
  "deadline-passed": "the origin took longer than the deadline",
  "server-error": "the origin answered with a 5xx, and may have acted before it did",
  "no-such-status": "the origin answered with a status outside 200 to 599, which nobody can be shown",
};

/** How things are, where that is how they are meant to be. */
export function notesOfRecord(record, { now }) {
  const notes = [];
  if (record.state === "in-flight") notes.push(inFlight(record, now));
  if (record.state === "done") notes.push(done(record), lifetime(record, now));
  if (record.seen) notes.push(seen(record.seen));
  if (record.answer?.body === "not-kept") notes.push("The answer was too large to keep, or is not kept on its route: a retry is told response-not-kept, and the operation stands.");
  if (record.answer?.body === "sealed") notes.push("The answer is sealed: ask with its key and --answer to read it.");
  if (record.answer?.omitted) notes.push(`A retry does not get all of the answer, as the policy has it: ${record.answer.omitted}.`);
  return notes;
}

function inFlight({ claimed_at, deadline_at, waiting }, now) {
  const since = durationText(now - Date.parse(claimed_at));
  return `The request is at the origin since ${claimed_at} (${since}); ${countText(waiting ?? 0, "duplicate")} wait for its answer. It is called unknown at ${deadline_at}, unless its answer is a stream that is coming in.`;
}

function done({ claimed_at, attempt, answer }) {
  const sent = attempt > 1 ? `It was sent to the origin ${attempt} times` : "It was sent to the origin once";
  if (answer?.resolved_at) return `${sent}, on ${claimed_at}. How that ended nobody knew; an operator gave the answer ${answer.status} on ${answer.resolved_at}.`;
  if (answer?.settled_at) return `${sent}, on ${claimed_at}. How that ended nobody knew; the origin, asked on ${answer.settled_at}, had carried it out, and what it showed is the answer.`;
  const answered = answer ? `, which answered ${answer.status} after ${durationText(answer.took_ms)}` : "";
  return `${sent}, on ${claimed_at}${answered}.`;
}

function lifetime({ expires_at }, now) {
  const left = Date.parse(expires_at) - now;
  const ends = left > 0 ? `in ${durationText(left)}` : "now";
  return `The retry window ends on ${expires_at}, ${ends}: a request with this key before then is a replay, one after it a new operation.`;
}

function seen({ first, joined, replayed, refused }) {
  return `The record's object has seen: ${first} sent to the origin, ${joined} that waited for that answer, ${replayed} answered from the record, ${refused} refused. Replays out of a copy do not reach it; the log has them.`;
}

export function findingsOfRecord(record, context) {
  const found = [];
  if (record.state === "vacant") found.push(vacant(record, context));
  if (record.state === "unknown") found.push(unknown(record, context));
  if (record.state === "forgotten") found.push(forgotten(record));
  if (record.state === "fenced") found.push(fenced(record));
  if (record.answer?.resolved_at) found.push(resolved(record));
  if (record.attempt > 1) found.push(sentAgain(record));
  return found;
}

function vacant({ record, key, asked }, { asked: { scope } }) {
  const named = key === undefined ? `record ${asked}` : `the key "${key}"`;
  const belongs = Object.keys(scope).length === 0 ? "it belongs to a caller with a credential, and this asked for one without (--scope header:authorization='Bearer …')" : "--scope or --realm is not what the request carried";
  const whose = key === undefined ? "" : `; or ${belongs}`;
  const causes = `no request came with it, or its retry window has ended, or the origin's answer freed it${whose}`;
  return finding("no-record", `The guard holds nothing under ${named}: ${causes}.`, "Look whether the client sent the key at all: read the log of that hour with --log.", { record });
}

function unknown(record, { asked: { url } }) {
  const reason = REASONS[record.reason] ?? record.reason;
  const stands = record.call_open ? " The call is still open: a late answer will settle it." : "";
  const which = record.method ? ` (${record.method} ${record.route}, ${record.claimed_at})` : "";
  const what = `Nobody knows whether the operation${which} was carried out: ${reason}.${stands}${asked(record.settle)} The key stays taken until ${record.expires_at}.`;
  const evidence = { command: settling(record, url), record: record.record, claim: record.claim, reason: record.reason };
  return finding("outcome-unknown", what, SETTLE, evidence);
}

// What the origin said when it was asked, where it can be.
function asked(settle) {
  if (!settle) return "";
  const { asked: times, last_asked_at, said, status, next_at } = settle;
  const word = said === "absent" ? "did not have it, which does not count yet, or a call is open" : `said nothing that could be understood${status ? `, with status ${status}` : ""}`;
  const last = times > 0 ? `The origin was asked ${countText(times, "time")}, last on ${last_asked_at}, and ${word}.` : "The origin has not been asked yet.";
  return ` ${last}${next_at ? ` It is asked again on ${next_at}, or when the client retries.` : ""}`;
}

const SETTLE =
  "Look in the origin's data for the operation. Where it is not there, the command frees the key, and the client may retry. Where it is there, the same with \"outcome\":\"answer\", \"status\", \"headers\" and \"body_base64\" gives every retry that answer.";

function settling({ record, claim }, url) {
  const body = JSON.stringify({ claim, outcome: "not-processed" });
  return `curl -X POST ${url}/.onlyonce/records/${record}/resolve -H "Authorization: Bearer $ADMIN_TOKEN" -d '${body}'`;
}

function forgotten({ record, until }) {
  const free = until ? `the key is free from ${until} on` : "the key is free two minutes after the copy is known to be deleted";
  return finding("forgotten", `An operator made the guard forget this key; ${free}.`, "A request with the key after that is carried out anew. Ask who forgot it, and why.", { record, until });
}

function fenced({ record, until }) {
  return finding("fenced", `A caller gave this key up while it was free: until ${until} whatever comes under it is refused (key-fenced), and nothing is carried out.`, FENCED, { record, until });
}

export const FENCED =
  "Who gave it up sends the operation, where it is still wanted, under a new key. Where nobody meant to give it up, look for the program that sends DELETE /.onlyonce/key.";

function resolved({ record, answer: { status, resolved_at } }) {
  return finding(
    "resolved",
    `An operator, not the origin, answered ${status} on ${resolved_at}; every retry gets that answer.`,
    "Look whether the origin's data agrees with it. The guard cannot: it never had the origin's own answer.",
    { record, resolved_at },
  );
}

function sentAgain({ record, attempt }) {
  return finding(
    "sent-again",
    `The request was sent to the origin ${attempt} times under this key, because the policy says unknown = "resend" and an earlier sending had no known end.`,
    'Look whether the origin honours Idempotency-Key. Where it does not, this executes twice: set unknown = "hold".',
    { record, attempt },
  );
}

/** What a list of unknown outcomes leaves out. */
export function findingsOfList({ unreachable = [], more = false } = {}) {
  const found = [];
  if (unreachable.length > 0) found.push(finding("unreachable", `${countText(unreachable.length, "shard")} could not be reached, and what is unknown there is not listed: ${unreachable.join(", ")}.`, "Ask again in a moment; then look at the guard's log and at the platform's status.", { shards: unreachable }));
  if (more) found.push(finding("more", "There are more unknown outcomes than these.", "GET /.onlyonce/unknown lists them page by page, by route, reason and age (docs/OPERATIONS.md)."));
  return found;
}

/** What two keys have to do with each other: the question when an order is there twice. */
export function findingsAcross(records) {
  const known = records.filter(({ claim }) => claim !== undefined);
  return known.flatMap((one, at) => known.slice(at + 1).flatMap((other) => compared(one, other)));
}

function compared(one, other) {
  // Without a PEPPER the guard tells no fingerprints.
  const sameRequest = one.fingerprint !== undefined && one.fingerprint === other.fingerprint;
  if (one.record === other.record || !sameRequest) return [];
  const apart = Math.abs(Date.parse(one.claimed_at) - Date.parse(other.claimed_at));
  return [
    finding(
      "new-key-per-attempt",
      `Records ${shortId(one.record)} and ${shortId(other.record)} are the same request under two keys, ${durationText(apart)} apart: both were carried out.`,
      NEW_KEY,
      { records: [one.record, other.record], apart_ms: apart },
    ),
  ];
}

export const NEW_KEY =
  "Make the key once for each operation of the user's and keep it for every attempt, for instance with fetchOnce or guardForm of www/client. Two users who send the very same bytes look alike: compare who sent them.";
