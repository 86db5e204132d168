// One attempt to send, and what became of it.
//
// 1. It is reported when it leaves and when it ends (see recording.js), and never rejects: a lost
//    connection is an outcome too.
// 2. What the guard did is read from its headers, never guessed.

import { isReplayed, newKey, problemOf } from "./client/index.js";

/**
 * Sends it once. `timeout` in ms is this client's patience, and `late` what is said when it ends;
 * `name` is what the picture calls it.
 * Gives the attempt as it ended, with `response` and its `text` where there was an answer.
 */
export async function send(request, { name, key, timeout, late = "gave up", report, fetch = globalThis.fetch }) {
  const attempt = { id: newKey(), name, key, sent: Date.now() };
  report({ ...attempt });
  const limit = timeout ? AbortSignal.timeout(timeout) : undefined;
  const outcome = await outcomeOf(fetch(request, { signal: limit, cache: "no-store" })).catch((error) => lost(error, late));
  const ended = { ...attempt, ended: Date.now(), ...outcome.told };
  report(ended);
  return { ...ended, response: outcome.response, text: outcome.text, error: outcome.error };
}

async function outcomeOf(call) {
  const response = await call;
  const problem = await problemOf(response);
  // A copy: the answer itself stays readable.
  const text = await response.clone().text();
  const { status } = response;
  return { response, text, told: { status, kind: kindOf(response, problem), said: problem?.code, guard: cacheStatus(response) !== "" } };
}

function lost(error, late) {
  return { error, told: { kind: "lost", said: error.name === "TimeoutError" ? late : "no answer" } };
}

function kindOf(response, problem) {
  if (problem) return problem.code === "outcome-unknown" ? "unknown" : "refused";
  const said = cacheStatus(response);
  if (/collapsed/.test(said)) return "joined";
  if (isReplayed(response)) return "replayed";
  if (response.status >= 400) return "failed";
  return /fwd=miss/.test(said) ? "first" : "plain";
}

/** What the guard says of this answer (RFC 9211); empty where no guard was asked. */
export function cacheStatus({ headers }) {
  const list = (headers.get("cache-status") ?? "").split(/,\s*/);
  return list.find((entry) => /^onlyonce\b/.test(entry)) ?? "";
}

/** The record that the guard names in an answer, 64 hex digits. */
export function recordOf(response) {
  return /key="([0-9a-f]{64})"/.exec(cacheStatus(response))?.[1];
}
