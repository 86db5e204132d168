// The guard that is put under load: on a workerd of its own with nothing in front, as `npm run bench` has
// it, before the bench's origin. Rules:
// 1. `retry_window` is two minutes, so that keys are purged as fast as new ones come well before the
//    first five minutes are over: else memory and storage would grow by design. Its least is 61 s, and
//    the deadline and a minute.
// 2. `/keyed/**` has its key in JSON and `/formed/**` in a form's field; all else is as by default.
// 3. Every scenario has a guard and an origin of its own.
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { startOrigin } from "../bench/load.mjs";
import { startSubject } from "../bench/subjects.mjs";

/** Seconds. */
export const RETRY_WINDOW = 120;

const POLICY = {
  retry_window: `${RETRY_WINDOW}s`,
  deadline: "30s",
  routes: [
    { path: "/keyed/**", key: "required", key_from: ["json:/idempotency_key"] },
    { path: "/formed/**", key: "required", key_from: ["form:idempotency-key"] },
  ],
};

/** Has `work` done with a guard and its origin; both end with it. */
export async function withGuard(modules, work) {
  const origin = await startOrigin();
  try {
    const guard = await startSubject({ name: "onlyonce", modules, guards: true }, origin.url, POLICY);
    try {
      return await work(guard, origin);
    } finally {
      await guard.stop();
    }
  } finally {
    origin.stop();
  }
}

/** Whether the guard says that it is well. */
export async function isWell({ port }) {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/.onlyonce/health`);
    return answer.ok;
  } catch {
    return false;
  }
}

/**
 * Bytes of the files below a guard's storage: databases, and the logs beside open ones. A log takes up to
 * 4 MB, whatever is stored, and goes with its object.
 */
export function storageBytes(folder) {
  const bytes = { databases: 0, logs: 0 };
  for (const name of readdirSync(folder, { recursive: true })) {
    const size = sizeOf(join(folder, name));
    if (name.endsWith(".sqlite")) bytes.databases += size;
    else if (name.endsWith("-wal")) bytes.logs += size;
  }
  return bytes;
}

// An object that leaves the memory takes its log away, and that may be while this looks.
function sizeOf(path) {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
