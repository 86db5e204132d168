// What is measured. Rules:
// 1. Every scenario says what has to come back; a run that saw anything else is no measurement.
// 2. A replay is asked of the object by going round more keys than an isolate remembers answers
//    (1,024, the oldest goes first), so that each is forgotten when its turn comes again. They are
//    few enough to come round in a second or two, well within the ten in which an object stays in
//    memory without a request; a slice in which they did not does not count.
import { Failure } from "../log.mjs";

const REMEMBERED = 64;
const FORGOTTEN = 1_100;
const EVICTION_MS = 12_000;
/** Within this time after a request its object is surely in memory. */
export const AWAKE_SECONDS = 8;
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
    // A slice that goes round about once, so that the pass before it does not take most of the time.
    { ...replay("replay, object", small, FORGOTTEN), awake: true, slice: 1 },
    cold("replay, cold", small, FORGOTTEN),
    joined("16 on one key", { ...small, connections: 64, path: "/slow/3" }, 16),
    ...sizes(),
  ];
}

function first(name, load) {
  const settings = () => ({ ...load, method: "POST", keys: `unique:${freshPrefix()}` });
  return { name, settings, expect: { status: "201", calls: 1, replayed: 0 } };
}

// A pass asks for every key once.
function replay(name, load, count) {
  const settings = (prefix) => ({ ...load, method: "POST", keys: `cycle:${prefix}:${count}` });
  const pass = (prefix) => ({ ...settings(prefix), requests: count });
  return { name, pass, settings, expect: { status: "201", calls: 0, replayed: 1 } };
}

// Every key once, after all objects have left the memory.
function cold(name, load, count) {
  const { pass, expect } = replay(name, load, count);
  return { name, pass, rest: EVICTION_MS, settings: pass, expect };
}

function joined(name, load, size) {
  const settings = () => ({ ...load, method: "POST", keys: `shared:${freshPrefix()}:${size}` });
  return { name, settings, expect: { status: "201", calls: 1 / size, replayed: 1 - 1 / size } };
}

// Request and answer are of the same size. Few keys and little time for the large ones: they fill
// the disk.
function sizes() {
  const rows = [
    ["1 KB", { bytes: 1_000, connections: 16, keys: REMEMBERED }],
    ["100 KB", { bytes: 100_000, connections: 16, keys: REMEMBERED }],
    ["8 MB", { bytes: 8_000_000, connections: 2, keys: 4, warm: 1 }],
  ];
  return rows.flatMap(([label, { bytes, connections, keys, warm }]) => {
    const load = { connections, path: `/size/${bytes}`, body: bytes };
    return [{ ...first(`first, ${label}`, load), warm }, { ...replay(`replay, ${label}`, load, keys), warm }];
  });
}

/** Whether a run was what it should be. The bare Worker guards nothing: every request is a call. */
export function check({ name, expect }, subject, seen, calls) {
  const { requests, replayed, statuses } = seen;
  const wrong = (what) => {
    throw new Failure(`${name}, ${subject.name}: ${what}`, { cure: "a run like that measures nothing; see bench/" });
  };
  if (requests === 0) wrong("no request was answered");
  if (statuses[expect.status] !== requests) wrong(`of ${requests} answers: ${JSON.stringify(statuses)}`);
  if (!subject.guards || expect.replayed === undefined) return;
  if (replayed !== Math.round(expect.replayed * requests)) wrong(`${replayed} of ${requests} answers were replays`);
  if (calls !== Math.round(expect.calls * requests)) wrong(`${calls} calls to the origin for ${requests} requests`);
}
