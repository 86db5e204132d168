// An address that names a part of the page (`/#unknown`) leads there.
//
// 1. The browser goes there before the time lines are built, and these then push the part away. So it
//    is gone to once more when they are, without a way that can be seen.
// 2. Until then what is to move is veiled (style.css), and the veil ends by itself.
// 3. A visitor who has moved by then stays.

const MOVES = ["wheel", "touchstart", "pointerdown", "keydown"];

/** Call it before anything is built; what it returns, when everything is. */
export function watchArrival() {
  const watch = new AbortController();
  let moved = false;
  MOVES.forEach((type) => addEventListener(type, () => (moved = true), { signal: watch.signal, passive: true }));
  return async () => {
    watch.abort();
    const target = document.querySelector(":target");
    if (!target) return;
    if (!moved) target.scrollIntoView({ behavior: "instant", block: "start" });
    await new Promise((resolve) => setTimeout(resolve, SETTLED));
  };
}

/** A moment in which what was filled in is laid out; not frames, which a hidden tab has none of. */
const SETTLED = 50;
