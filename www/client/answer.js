// What an answer means for the operation that was sent.
//
// 1. `final`: it was carried out, or refused for good.
// 2. `not-processed`: it was surely not carried out, and the key is still free.
// 3. `unknown`: it may have been carried out. Whatever is in doubt is unknown.
// 4. An attempt that was turned away says nothing about an earlier one of unknown outcome.
// 5. A problem is the guard's only if Cache-Status names `onlyonce` and it has a
//    `code`; what it says then beats its status.

/** @typedef {"final" | "not-processed" | "unknown"} Outcome */

/**
 * A refusal of the guard (RFC 9457).
 * @typedef {{ code: string, retryable: boolean, status?: number, title?: string, detail?: string, instance?: string }} Problem
 */

// What the guard lets go again by default: 52x and 530 say on the edge that no connection was made.
const NOT_PROCESSED_STATUSES = new Set([401, 403, 407, 425, 429, 521, 523, 525, 526, 530]);

// Without those that say that the key is missing or malformed: it never is.
/** @type {Record<string, Outcome>} */
const OUTCOME_BY_CODE = {
  "credential-changed": "final",
  "response-not-kept": "final",
  "address-invalid": "not-processed",
  "body-too-large": "not-processed",
  "request-incomplete": "not-processed",
  misconfigured: "not-processed",
};

/**
 * Whether this is an answer that was stored or shared, not the first.
 * @param {Response} response
 */
export function isReplayed({ headers }) {
  return headers.get("idempotency-replayed") === "true";
}

/**
 * @param {Response} response
 * @param {string} type a content type in lower case
 */
export function isOfType({ headers }, type) {
  return (headers.get("content-type") ?? "").toLowerCase().startsWith(type);
}

/**
 * The guard's refusal, where the answer is one; the answer stays readable.
 * @param {Response} response
 * @returns {Promise<Problem | null>}
 */
export async function problemOf(response) {
  const fromGuard = /(^|,)\s*onlyonce\s*([;,]|$)/.test(response.headers.get("cache-status") ?? "");
  if (!fromGuard || !isOfType(response, "application/problem+json")) return null;
  const problem = await response.clone().json().catch(() => null);
  return typeof problem?.code === "string" ? problem : null;
}

/**
 * Answers where an earlier attempt under the same key may have been carried out.
 * @type {WeakSet<Response>}
 */
export const afterUnknown = new WeakSet();

/**
 * @param {Response} response
 * @param {Problem | null} problem of {@link problemOf}
 * @returns {Outcome}
 */
export function outcomeOf(response, problem) {
  const outcome = problem ? (OUTCOME_BY_CODE[problem.code] ?? "unknown") : outcomeByStatus(response);
  return outcome === "not-processed" && afterUnknown.has(response) ? "unknown" : outcome;
}

/**
 * @param {Response} response
 * @returns {Outcome}
 */
function outcomeByStatus(response) {
  const { status, headers, type } = response;
  // A redirect that the caller wanted to see for itself: an answer, if one without a status.
  if (type === "opaqueredirect") return "final";
  if (NOT_PROCESSED_STATUSES.has(status)) return "not-processed";
  if (isReplayed(response)) return status < 500 ? "final" : "unknown";
  if (status === 503 && headers.has("retry-after")) return "not-processed";
  return status >= 200 && status < 500 && status !== 408 ? "final" : "unknown";
}
