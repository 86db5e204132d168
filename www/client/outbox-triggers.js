// When an outbox looks again: online, shown or hidden, after a while, on Background Sync.

/**
 * Until the signal ends it.
 * @param {() => void} flush
 * @param {AbortSignal} signal
 */
export function onTrigger(flush, signal) {
  globalThis.addEventListener?.("online", flush, { signal });
  // Hidden too: a look at the outbox is cheap, and the last chance counts.
  globalThis.document?.addEventListener("visibilitychange", flush, { signal });
}

/**
 * Asks for Background Sync, where a service worker is registered and the browser has it.
 * @param {string} tag
 */
export async function requestBackgroundSync(tag) {
  try {
    /** @type {(ServiceWorkerRegistration & { sync?: { register(tag: string): Promise<void> } }) | undefined} */
    const registration = await navigator.serviceWorker?.getRegistration();
    await registration?.sync?.register(tag);
  } catch {
    // Not allowed here; the other occasions remain.
  }
}
