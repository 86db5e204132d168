// What a process takes of memory, looked at again and again.
import { residentBytes } from "../bench/process.mjs";

const EVERY_MS = 1_000;

/** Looks from now on; `samples` are `{ seconds, bytes }`, and `stop` ends it. */
export function watchMemory(pid) {
  const started = performance.now();
  const samples = [];
  const look = () => samples.push({ seconds: (performance.now() - started) / 1000, bytes: residentBytes(pid) });
  look();
  const timer = setInterval(() => {
    try {
      look();
    } catch {
      // It has ended; whoever drives it learns that by its own means.
      clearInterval(timer);
    }
  }, EVERY_MS);
  return { samples, stop: () => clearInterval(timer) };
}

export function peak(samples) {
  return Math.max(...samples.map(({ bytes }) => bytes));
}

export function mean(samples) {
  return samples.reduce((sum, { bytes }) => sum + bytes, 0) / samples.length;
}
