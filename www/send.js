// One attempt to send, and what became of it.
//
// 1. It is reported when it leaves and when it ends (see recording.js), and never rejects: a lost
//    connection is an outcome too.
// 2. What the guard did is read from its headers, never guessed.

import { isReplayed, newKey, problemOf } from "./client/index.js";

/**
 * Sends it once. `timeout` in ms is how long this client waits, `timeoutReason` what is shown when it
 * ends; `name` is what the picture calls it.
 * Returns the attempt as it ended, with `response` and its `text` where there was an answer.
 */
export async function send(request, { name, key, timeout, timeoutReason = "gave up", report, fetch = globalThis.fetch }) {
  const attempt = { id: newKey(), name, key, sentAt: Date.now() };
  report({ ...attempt });
  const limit = timeout ? AbortSignal.timeout(timeout) : undefined;
  const result = await readResponse(fetch(request, { signal: limit, cache: "no-store" })).catch((error) => lostResponse(error, timeoutReason));
  const ended = { ...attempt, endedAt: Date.now(), ...result.report };
  report(ended);
  return { ...ended, response: result.response, text: result.text, error: result.error };
}

async function readResponse(call) {
  const response = await call;
  const problem = await problemOf(response);
  // A copy: the answer itself stays readable.
  const text = await response.clone().text();
  const { status } = response;
  return { response, text, report: { status, kind: kindOf(response, problem), reason: problem?.code, guard: cacheStatus(response) !== "" } };
}

function lostResponse(error, timeoutReason) {
  return { error, report: { kind: "lost", reason: error.name === "TimeoutError" ? timeoutReason : "no answer" } };
}

function kindOf(response, problem) {
  if (problem) return problem.code === "outcome-unknown" ? "unknown" : "refused";
  const status = cacheStatus(response);
  if (/collapsed/.test(status)) return "collapsed";
  if (isReplayed(response)) return "replayed";
  if (response.status >= 400) return "failed";
  return /fwd=miss/.test(status) ? "first" : "plain";
}

/** What the guard says of this answer (RFC 9211); empty where no guard was asked. */
export function cacheStatus({ headers }) {
  const list = (headers.get("cache-status") ?? "").split(/,\s*/);
  return list.find((entry) => /^onlyonce\b/.test(entry)) ?? "";
}

/** The record that the guard names in an answer, 64 hex digits. */
export function recordIdOf(response) {
  return /key="([0-9a-f]{64})"/.exec(cacheStatus(response))?.[1];
}
