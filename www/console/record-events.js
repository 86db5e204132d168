// What happened to a record, in the order of time: made of the document that the guard gives, and of
// nothing else. What the document does not say is left out; a member that is not known is no mistake.

import { count } from "./dom.js";
import { reasonInWords, stateInWords } from "./words.js";

/**
 * `[{ at, when, title, text, kind }]`, the oldest first. `at` is absent where the guard does not know one
 * time, and `when` may say it in words; what is still to come follows the entry of kind `now`.
 */
export function eventsOf(record, now = Date.now()) {
  const told = [claimed, deadline, answered, becameUnknown, asked, ended, seen].flatMap((tell) => tell(record, now) ?? []);
  const moment = { at: new Date(now).toISOString(), kind: "now", ...present(record) };
  const events = [...told, moment, ...[asksAgain, windowEnds, until].flatMap((tell) => tell(record) ?? [])];
  return inOrder(events, now);
}

// What has no time stands behind the last thing that it follows from, and never in the future; the sort is
// stable.
function inOrder(events, now) {
  let last = -Infinity;
  const placed = events.map((event) => {
    const at = event.at ? Date.parse(event.at) : Math.min(last, now);
    last = Math.max(last, at);
    return { event, at };
  });
  return placed.sort((one, other) => one.at - other.at).map(({ event }) => event);
}

function claimed({ claimed_at, method, route, attempt }) {
  if (!claimed_at) return null;
  const again = attempt > 1 ? ` It was sent again since: this is attempt ${attempt}.` : "";
  return { at: claimed_at, title: "Claimed, and sent to the origin", text: `${method} on ${route}.${again}` };
}

// Of a call that ended before it, the deadline tells nothing.
function deadline({ deadline_at, state, reason, answer }, now) {
  const at = Date.parse(deadline_at);
  // What somebody else said later tells nothing of the call.
  const cameAt = answer?.resolved_at || answer?.settled_at ? NaN : Date.parse(answer?.answered_at);
  const wasReached = reason === "deadline-passed" || cameAt > at;
  if (state !== "in-flight" && !wasReached) return null;
  const isOver = at <= now;
  return { at: deadline_at, title: "Deadline", text: isOver ? "From here on callers were told that the outcome is unknown." : "From then on callers are told that the outcome is unknown." };
}

function becameUnknown({ state, reason, unknown_since, deadline_at, answer }) {
  if (state !== "unknown" && !unknown_since) return null;
  const at = unknown_since ?? { "deadline-passed": deadline_at, "server-error": answer?.answered_at }[reason];
  return { at, kind: "doubt", title: "Became unknown", text: `${capital(reasonInWords(reason, reason === "server-error" ? answer?.status : null))}. The origin may or may not have acted.` };
}

const WORDS_OF_THE_ORIGIN = {
  absent: "that it has no such operation, which is believed once enough time has passed",
  "no-word": "nothing that settles it",
};

function asked({ settle }) {
  if (!settle?.asked) return null;
  const said = WORDS_OF_THE_ORIGIN[settle.said] ?? settle.said;
  const status = settle.status ? ` (${settle.status})` : "";
  return { at: settle.last_asked_at, title: `The origin was asked ${settle.asked === 1 ? "once" : `${settle.asked} times`}`, text: said ? `Last it said ${said}${status}.` : null };
}

function asksAgain({ settle }) {
  if (!settle?.next_at) return null;
  if (Date.parse(settle.next_at) <= Date.now()) return { when: "any moment", kind: "to-come", title: "The origin is to be asked", text: "It is due. What it says may settle this." };
  return { at: settle.next_at, kind: "to-come", title: "The origin is asked again", text: "What it says may settle this." };
}

function ended({ answer }) {
  const [at, title] = answer?.settled_at ? [answer.settled_at, "Settled by the origin’s word"] : answer?.resolved_at ? [answer.resolved_at, "Resolved by an operator"] : [];
  return at && { at, kind: "good", title, text: `Every retry gets ${answer.status}. It is not the origin’s own answer to the request.` };
}

function answered({ answer, state }) {
  if (!answer || answer.settled_at || answer.resolved_at) return null;
  const kept = answer.body === "not-kept" ? "Its body was too large to keep, or is not kept on its route: a retry is told so." : null;
  return { at: answer.answered_at, kind: state === "done" ? "good" : "doubt", title: `The origin answered ${answer.status}`, text: [`It took ${count(answer.took_ms, "millisecond")}.`, kept].filter(Boolean).join(" ") };
}

function seen({ seen, waiting }) {
  if (!seen) return null;
  const counts = [[seen.joined, "waited for the first one’s answer"], [seen.replayed, "got the stored answer"], [seen.refused, "were refused"], [waiting, "wait now"]];
  const words = counts.filter(([number]) => number > 0).map(([number, what]) => `${number.toLocaleString("en")} ${what}`);
  if (words.length === 0) return { when: "since then", title: "No duplicate seen", text: "By the shard, that is: a copy may have answered some." };
  return { when: "since then", title: "Duplicates", text: `Seen by the shard, at least: ${words.join(", ")}.` };
}

function present({ state, call_open }) {
  const [title, text] = stateInWords(state);
  const open = call_open && state === "unknown" ? " A call is still open: a late answer ends this by itself." : "";
  return { title: `Now: ${title.toLowerCase()}`, text: text + open };
}

function windowEnds({ expires_at }) {
  return expires_at ? { at: expires_at, kind: "to-come", title: "The window ends", text: "The key is forgotten: from then on it is a new one." } : null;
}

function until({ until }) {
  return until ? { at: until, kind: "to-come", title: "This ends", text: "From then on the key is a new one." } : null;
}

function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
