// What is measured. Rules:
// 1. Every scenario says what has to come back; a run that saw anything else is no measurement.
// 2. A replay is asked of the object by going round more keys than an isolate remembers answers
//    (src/guard/recent.rs: 1024, the oldest goes first), so that each is forgotten when its turn
//    comes again. They are few enough for all objects to stay in memory, which they leave after
//    ten seconds without a request.
import { Failure } from "../say.mjs";

const REMEMBERED = 64;
const FORGOTTEN = 1200;
const EVICTION_MS = 12_000;
/** A small order. */
export const small = { connections: 16, path: "/orders", body: 64 };

let runs = 0;
/** Keys that nobody has used. */
export const freshPrefix = () => `bench-${(runs += 1)}`;

/** Everything that is compared, in the order of the table. */
export function scenarios() {
  return [
    { name: "unguarded GET", settings: () => ({ ...small, method: "GET", keys: "none" }), expect: { status: "200", calls: 1 } },
    first("first request", small),
    replay("replay, isolate", small, REMEMBERED),
    replay("replay, object", small, FORGOTTEN),
    cold("replay, cold", small, FORGOTTEN),
    joined("16 on one key", { ...small, connections: 64, path: "/slow/3" }, 16),
    ...sizes(),
  ];
}

function first(name, load) {
  const settings = () => ({ ...load, method: "POST", keys: `unique:${freshPrefix()}` });
  return { name, settings, expect: { status: "201", calls: 1, replayed: 0 } };
}

function replay(name, load, count) {
  const prepare = (prefix) => ({ ...load, method: "POST", keys: `cycle:${prefix}:${count}`, requests: count });
  const settings = (prefix) => ({ ...load, method: "POST", keys: `cycle:${prefix}:${count}` });
  return { name, prepare, settings, expect: { status: "201", calls: 0, replayed: 1 } };
}

// Every key once, after all objects have left the memory.
function cold(name, load, count) {
  const all = (prefix) => ({ ...load, method: "POST", keys: `cycle:${prefix}:${count}`, requests: count });
  return { name, prepare: all, rest: EVICTION_MS, settings: all, expect: { status: "201", calls: 0, replayed: 1 } };
}

function joined(name, load, size) {
  const settings = () => ({ ...load, method: "POST", keys: `shared:${freshPrefix()}:${size}` });
  return { name, settings, expect: { status: "201", calls: 1 / size, replayed: 1 - 1 / size } };
}

// Request and answer are of the same size. Few keys for the large ones: they fill the disk.
function sizes() {
  const rows = [
    ["1 KB", 1_000, 16, REMEMBERED],
    ["100 KB", 100_000, 16, REMEMBERED],
    ["8 MB", 8_000_000, 2, 4],
  ];
  return rows.flatMap(([label, bytes, connections, count]) => {
    const load = { connections, path: `/size/${bytes}`, body: bytes };
    return [first(`first, ${label}`, load), replay(`replay, ${label}`, load, count)];
  });
}

/** Whether a run was what it should be. The bare Worker guards nothing: every request is a call. */
export function check({ name, expect }, subject, seen, calls) {
  const { requests, replayed, statuses } = seen;
  const wrong = (what) => {
    throw new Failure(`${name}, ${subject}: ${what}`, { cure: "a run like that measures nothing; see bench/" });
  };
  if (statuses[expect.status] !== requests) wrong(`of ${requests} answers: ${JSON.stringify(statuses)}`);
  if (subject === "bare" || expect.replayed === undefined) return;
  if (replayed !== Math.round(expect.replayed * requests)) wrong(`${replayed} of ${requests} answers were replays`);
  if (calls !== Math.round(expect.calls * requests)) wrong(`${calls} calls to the origin for ${requests} requests`);
}

