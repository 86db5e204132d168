// One attempt to send, and what became of it.
//
// 1. It is reported when it leaves and when it ends (see recording.js), and never rejects: a lost
//    connection is an outcome too.
// 2. What the guard did is read from its headers, never guessed.
// 3. A browser opens a few connections to one address and lets the rest wait: when an attempt really
//    left is reported as soon as the browser tells (see departures.js).

import { newKey, problemOf } from "./client/index.js";
import { nextDeparture } from "./departures.js";

/**
 * Sends it once. `timeout` in ms is how long this client waits, `timeoutReason` what is shown when it
 * ends; `name` is what the picture calls it.
 * Returns the attempt as it ended, with `response`, its `text` and `problem` where there was an answer, and
 * `departed`, which settles when it has been reported when it left.
 */
export async function send(request, { name, key, timeout, timeoutReason = "gave up", report, fetch = globalThis.fetch }) {
  const attempt = { id: newKey(), name, key, sentAt: Date.now() };
  const departure = nextDeparture(request.url);
  const limit = timeout ? AbortSignal.timeout(timeout) : undefined;
  // Before it is reported: the picture takes its time.
  const call = fetch(request, { signal: limit, cache: "no-store" });
  report({ ...attempt });
  const result = await readResponse(call).catch((error) => lostResponse(error, timeoutReason));
  const ended = { ...attempt, endedAt: Date.now(), ...result.report };
  report(ended);
  const departed = departure.then((leftAt) => leftAt && report({ id: attempt.id, leftAt }));
  return { ...ended, ...result, departed };
}

/** Settles when all of these attempts have been reported when they left, or when `patience` ms are over. */
export function allDeparted(attempts, patience) {
  const over = new Promise((resolve) => setTimeout(resolve, patience));
  return Promise.race([Promise.all(attempts.map(({ departed }) => departed)), over]);
}

async function readResponse(call) {
  const response = await call;
  const problem = await problemOf(response);
  // A copy: the answer itself stays readable.
  const text = await response.clone().text();
  const { status } = response;
  const kind = kindOf(response, problem);
  const reason = kind === "bypassed" ? reasonOfBypass(response) : problem?.code;
  return { response, problem, text, report: { status, kind, reason, record: recordIdOf(response, problem) } };
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

// In this order: a request that joined another says `fwd=miss`, too, and what an operator or the
// origin's own word answered is a hit.
const KINDS = { collapsed: /;\s*collapsed/, resolved: /;\s*detail=resolved\b/, settled: /;\s*detail=settled\b/, replayed: /;\s*hit\b/, bypassed: /fwd=bypass/, first: /fwd=miss/ };

/** Why a request that is guarded was passed on as it came. */
function reasonOfBypass(response) {
  const [, detail] = /;\s*detail=([a-z-]+)/.exec(cacheStatus(response)) ?? [];
  return BYPASSES[detail] ?? "no key";
}

const BYPASSES = { observe: "the policy only watches", "fail-open": "the guard’s objects could not be reached" };

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
