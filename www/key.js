// Makes idempotency keys: 128 random bits from the platform, never a clock.

export function newKey() {
  // randomUUID exists only where the page is a secure context; http:// on a
  // phone in the same network is not one.
  return crypto.randomUUID?.() ?? hex(crypto.getRandomValues(new Uint8Array(16)));
}

function hex(bytes) {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
