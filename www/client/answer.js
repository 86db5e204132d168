// What an answer means for the operation that was sent.
//
// 1. `final`: it was carried out, or refused for good.
// 2. `not-processed`: it was surely not carried out, and the key is still free.
// 3. `unknown`: it may have been carried out. Whatever is in doubt is unknown.
// 4. An attempt that was turned away says nothing about an earlier one of unknown outcome; that a key
//    is fenced does, for nothing was known of it then.
// 5. An answer that was redirected to is another page's: it says nothing, unless the guard marked it.
// 6. An answer that was kept under the key is final, whatever its status says of others.
// 7. A problem is the guard's only if Cache-Status names `onlyonce` and it has a
//    `code`; what it says then beats its status. Under a profile its body is the protocol's own, and
//    Cache-Status and X-Should-Retry say the same.

/** @typedef {"final" | "not-processed" | "unknown"} Outcome */

/**
 * A refusal of the guard (RFC 9457).
 * @typedef {{ code: string, retryable: boolean, status?: number, title?: string, detail?: string, instance?: string }} Problem
 */

// What the guard lets go again by default: it comes before the work. 52x and 530 say on the edge
// that no connection was made.
const NOT_PROCESSED = /40[1378]|41[17]|42[15689]|431|511|52[1356]|530/;

// Without those that say that the key is missing or malformed: it never is.
/** @type {Record<string, Outcome>} */
const OUTCOME_BY_CODE = {
  "credential-changed": "final",
  "key-fenced": "not-processed",
  "response-not-kept": "final",
  "address-invalid": "not-processed",
  "body-too-large": "not-processed",
  "request-incomplete": "not-processed",
  "origin-busy": "not-processed",
  "too-many-keys": "not-processed",
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
 * Whether it was kept under the key, so that the key is not free and gives this answer again.
 * @param {Response} response
 */
export function isKept(response) {
  const mark = guardMark(response);
  return mark ? /;\s*(hit|stored)/.test(mark) : isReplayed(response);
}

/**
 * What the guard says of it in Cache-Status (RFC 9211); undefined where no guard was asked.
 * @param {Response} response
 */
function guardMark({ headers }) {
  return headers.get("cache-status")?.match(/(^|,)\s*onlyonce(?=\s*([;,]|$))[^,]*/)?.[0];
}

/**
 * @param {Response} response
 * @param {string} type a content type in lower case
 */
export function isOfType({ headers }, type) {
  return headers.get("content-type")?.toLowerCase().startsWith(type);
}

/**
 * The guard's refusal, where the answer is one; the answer stays readable.
 * @param {Response} response
 * @returns {Promise<Problem | null>}
 */
export async function problemOf(response) {
  const mark = guardMark(response);
  if (!mark) return null;
  const { status, headers } = response;
  if (isOfType(response, "application/problem+json")) {
    const problem = await response.clone().json().catch(() => null);
    return typeof problem?.code === "string" ? problem : null;
  }
  const code = mark.match(/^[,\s]*onlyonce;\s*detail=([a-z-]+)$/)?.[1];
  return code ? { code, retryable: headers.get("x-should-retry") === "true", status } : null;
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
  const inDoubt = afterUnknown.has(response) && problem?.code !== "key-fenced";
  return outcome === "not-processed" && inDoubt ? "unknown" : outcome;
}

/**
 * @param {Response} response
 * @returns {Outcome}
 */
function outcomeByStatus(response) {
  const { status, headers, type, redirected } = response;
  // A redirect that the caller wanted to see for itself: an answer, if one without a status.
  if (type === "opaqueredirect") return "final";
  if (redirected && !guardMark(response)) return "unknown";
  const isReleased = NOT_PROCESSED.test(`${status}`) || (/409|4[12]3|503/.test(`${status}`) && headers.has("retry-after"));
  if (isReleased && !isKept(response)) return "not-processed";
  return status >= 200 && status < 500 ? "final" : "unknown";
}
