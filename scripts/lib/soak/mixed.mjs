// The soak: mixed traffic at four fifths of what the guard holds. Rules:
// 1. What it holds is what clients get who ask without pause, with the same mix and on the same guard,
//    just before, and, where the run is long enough, once keys are purged as fast as they come.
// 2. Then requests come at a fixed rate, answered or not, and latencies count from the time at which a
//    request was due (bench/load/mix).
// 3. How long the guard waited for a processor is told: where that is more than a tenth or two of what it
//    ran, the latencies are those of a busy machine.
import { mix } from "../bench/load.mjs";
import { cpuSeconds, waitedSeconds } from "../bench/process.mjs";
import { freshPrefix } from "../bench/scenarios.mjs";
import { storageBytes, RETRY_WINDOW, withGuard } from "./guard.mjs";
import { mean, watchMemory } from "./memory.mjs";

/** What share of which kind; see bench/load/mix/kinds.rs. `join` is four requests each. */
const KINDS = {
  get: 15,
  first: 20,
  replay: 25,
  join: 2,
  reused: 4,
  form: 6,
  "form-replay": 6,
  json: 6,
  "json-replay": 6,
  large: 1,
  "large-replay": 1,
  refused: 4,
};
const SHARE = 0.8;
const CLOSED_LOOP = 64;
/** Seconds. */
const WARMUP = 1.5 * RETRY_WINDOW;
const OPEN_LOOP = 256;

/** `{ capacity, rate, seconds, minutes, total, counts, memory }`. */
export function soak({ modules, seconds, calibration, rate: wanted, show }) {
  return withGuard(modules, async (guard, origin) => {
    const isLong = seconds >= 4 * RETRY_WINDOW;
    const capacity = await capacityOf(guard, { warmup: isLong ? WARMUP : calibration, calibration }, show);
    const rate = wanted ?? Math.max(1, Math.round(SHARE * capacity));
    const before = await origin.counts();
    const watch = watchMemory(guard.pid);
    const minutes = [];
    const settings = { kinds: kinds(), rate, seconds, connections: OPEN_LOOP, every: Math.min(60, seconds / 2), age: RETRY_WINDOW / 2, prefix: freshPrefix() };
    let seen = 0;
    let clock = clockOf(guard);
    const total = await mix(guard.port, settings, (report) => {
      const memory = mean(watch.samples.slice(seen));
      seen = watch.samples.length;
      const before = clock;
      clock = clockOf(guard);
      const waited = (clock.waited - before.waited) / (clock.ran - before.ran);
      minutes.push({ ...report, memory, waited, storage: storageBytes(guard.storage) });
      show(`minute ${minutes.length}: ${report.all.requests} answers, ${report.errors} errors, ${(memory / 1e6).toFixed(0)} MB`);
    });
    watch.stop();
    const after = await origin.counts();
    const counts = { calls: after.calls - before.calls, doubled: after.doubled };
    return { capacity, rate, seconds, minutes, total, counts, memory: watch.samples };
  });
}

// The first pass warms up what the second one measures.
async function capacityOf(guard, { warmup, calibration }, show) {
  const settings = { kinds: kinds(), connections: CLOSED_LOOP };
  show("warming up");
  await mix(guard.port, { ...settings, seconds: warmup, prefix: freshPrefix() });
  show("how much it holds");
  const { all } = await mix(guard.port, { ...settings, seconds: calibration, prefix: freshPrefix() });
  return all.requests / all.seconds;
}

function clockOf({ pid }) {
  return { ran: cpuSeconds(pid), waited: waitedSeconds(pid) };
}

function kinds() {
  return Object.entries(KINDS).map(([name, share]) => `${name}:${share}`).join(",");
}
