// What the guard's own words mean, in a sentence.

import { element } from "./dom.js";

/** Why nobody knows what became of an operation. */
export const REASONS = {
  "connection-lost": "the connection to the origin broke",
  restarted: "the guard was restarted while the call was open",
  "deadline-passed": "the origin had not answered by the deadline",
  "server-error": "the origin answered with a server error",
  "no-such-status": "the origin answered with a status that does not exist",
};

export function reasonInWords(reason, status) {
  const words = REASONS[reason] ?? reason ?? "the guard does not say why";
  return status ? `${words} (${status})` : words;
}

/** What a record's state means for whoever sends its key. */
export const STATES = {
  vacant: ["No record", "The guard holds nothing under this id: the key was never sent, it was freed, or its window is over. The next request with it is carried out."],
  "in-flight": ["In flight", "The request is at the origin. Duplicates wait for its answer."],
  done: ["Done", "The answer is known. Every retry gets it, and the origin is not called again."],
  unknown: ["Unknown", "Nobody knows whether the origin acted. The key is shut: every retry is told so, and nothing is sent."],
  forgotten: ["Forgotten", "The key is shut a little longer, until no old copy of its answer can be shown. Then the next request with it is carried out."],
  moved: ["Moved", "The number of shards was changed, and the key lives in another one."],
  fenced: ["Given up", "The caller said that this key shall never be carried out. Requests with it are refused."],
};

export function stateInWords(state) {
  return STATES[state] ?? [state, "This console does not know this state; docs/OPERATIONS.md does."];
}

/** As many digits of an id as tell it from others. */
export function short(id) {
  return element("code", { title: id }, `${id.slice(0, 12)}…`);
}
