// One attempt to send, and what became of it.
//
// 1. It is reported when it leaves and when it ends (see recording.js), and never rejects: a lost
//    connection is an outcome too.
// 2. What the guard did is read from its headers, never guessed.
// 3. A browser opens a few connections to one address and lets the rest wait: when an attempt really
//    left is reported as soon as the browser tells (see departures.js).

import { newKey, problemOf } from "./client/index.js";
import { departureOf } from "./departures.js";

/**
 * Sends it once. `timeout` in ms is how long this client waits, `timeoutReason` what is shown when it
 * ends; `name` is what the picture calls it.
 * Returns the attempt as it ended, with `response`, its `text` and `problem` where there was an answer.
 */
export async function send(request, { name, key, timeout, timeoutReason = "gave up", report, fetch = globalThis.fetch }) {
  const attempt = { id: newKey(), name, key, sentAt: Date.now() };
  report({ ...attempt });
  departureOf(request.url, attempt.sentAt).then((leftAt) => leftAt && report({ id: attempt.id, leftAt }));
  const limit = timeout ? AbortSignal.timeout(timeout) : undefined;
  const result = await readResponse(fetch(request, { signal: limit, cache: "no-store" })).catch((error) => lostResponse(error, timeoutReason));
  const ended = { ...attempt, endedAt: Date.now(), ...result.report };
  report(ended);
  return { ...ended, ...result };
}

async function readResponse(call) {
  const response = await call;
  const problem = await problemOf(response);
  // A copy: the answer itself stays readable.
  const text = await response.clone().text();
  const { status } = response;
  const report = { status, kind: kindOf(response, problem), reason: problem?.code, record: recordIdOf(response, problem) };
  return { response, problem, text, report };
}

function lostResponse(error, timeoutReason) {
  return { error, report: { kind: "lost", reason: error.name === "TimeoutError" ? timeoutReason : "no answer" } };
}

function kindOf(response, problem) {
  const said = cacheStatus(response);
  if (said === "") return "plain";
  if (problem) return problem.code === "outcome-unknown" ? "unknown" : "refused";
  return Object.entries(KINDS).find(([, parameter]) => parameter.test(said))?.[0] ?? "plain";
}

// In this order: a request that joined another says `fwd=miss`, too.
const KINDS = { collapsed: /;\s*collapsed/, replayed: /;\s*hit\b/, bypassed: /fwd=bypass/, first: /fwd=miss/ };

/** What the guard says of this answer (RFC 9211); empty where no guard was asked. */
export function cacheStatus({ headers }) {
  const list = (headers.get("cache-status") ?? "").split(/,\s*/);
  return list.find((entry) => /^onlyonce\b/.test(entry)) ?? "";
}

/** The record that the guard names, 64 hex digits. */
function recordIdOf(response, problem) {
  const named = /key="([0-9a-f]{64})"/.exec(cacheStatus(response)) ?? /records\/([0-9a-f]{64})$/.exec(problem?.instance ?? "");
  return named?.[1];
}
