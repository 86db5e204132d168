// What the guard has the platform do in one go. Rules:
// 1. Every function here stands for several calls that WebAssembly would make one by one: each such
//    call crosses a boundary, and each string that goes along is copied and decoded.
// 2. Nothing is decided here: the rules are in src/guard.

let resume;

/** Tells whom to call when something has settled: `resume(place, fulfilled, value)`. */
export function onSettled(callback) {
  resume = callback;
}

/** Waits for a promise. The instance that waits is the one that hears of it. */
export function watch(promise, place) {
  const tell = resume;
  promise.then(
    (value) => tell(place, true, value),
    (reason) => tell(place, false, reason),
  );
}

/** Waits for some milliseconds, and gives what `clearTimeout` takes. */
export function sleep(place, milliseconds) {
  const tell = resume;
  return setTimeout(() => tell(place, true), milliseconds);
}

/** A promise, and the two functions that settle it. */
export function deferred() {
  return Promise.withResolvers();
}
