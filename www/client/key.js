// Idempotency keys: how one is made, and how it is written into a request.
//
// 1. A key is 128 random bits from the platform, never a timestamp or a counter.
// 2. It travels as a structured-field string (RFC 9651): in quotes, with `\"` and `\\`.
// 3. A key that no guard accepts is refused here, before anything is sent.

export const HEADER = "Idempotency-Key";
/** What the key's field is called in a form that the browser submits by itself. */
export const FIELD = "idempotency-key";

/**
 * A new key: 128 random bits.
 * @returns {string}
 */
export function newKey() {
  // randomUUID exists only where the page is a secure context; http:// on a
  // phone in the same network is not one.
  return crypto.randomUUID?.() ?? hex(crypto.getRandomValues(new Uint8Array(16)));
}

/** @param {Uint8Array} bytes */
function hex(bytes) {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * The value of the `Idempotency-Key` header.
 * @param {string} key 1 to 255 characters from space to `~`
 * @returns {string}
 * @throws {TypeError} for any other key
 */
export function headerValue(key) {
  if (typeof key === "string" && /^[ -~]{1,255}$/.test(key)) return `"${key.replace(/["\\]/g, "\\$&")}"`;
  throw new TypeError(`${HEADER} ${JSON.stringify(key)} is not 1 to 255 ASCII characters: use newKey().`);
}
