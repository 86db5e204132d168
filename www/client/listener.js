// Tells a listener something. A mistake of its own, also of an async one, is reported and costs
// nobody an answer.

/**
 * @template T
 * @param {((value: T) => unknown) | undefined} listener
 * @param {T} value
 */
export function tell(listener, value) {
  // Node has no reportError.
  new Promise((resolve) => resolve(listener?.(value))).catch(globalThis.reportError ?? console.error);
}
