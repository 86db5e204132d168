// Hostile load, with a customer beside it who is served as if nothing were. Rules:
// 1. Each scenario has a guard of its own. The customer, who sends first requests and replays at a fixed
//    rate from another address, comes alone first, then beside the scenario, then alone again after a
//    rest in which what is not needed has left the memory.
// 2. What the customer gets must be right, and the origin has each key once, a hostile one's too. Its
//    latencies and the memory are figures, and not judged: they are the machine's as well.
// 3. workerd holds two open files for each connection. Where a process may have fewer than 21,500
//    (`ulimit -n`), there are fewer waiters, and the table says how many.
import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { attack, mix } from "../bench/load.mjs";
import { residentBytes } from "../bench/process.mjs";
import { freshPrefix } from "../bench/scenarios.mjs";
import { isWell, withGuard } from "./guard.mjs";
import { judgeAnswers, judgeCounts } from "./judge.mjs";
import { peak, watchMemory } from "./memory.mjs";

const REST_SECONDS = 15;
// By then the customer has the answers that it asks for again, which is not measured.
const LEAD_SECONDS = 2;
// Databases, calls to the origin, and the customer's connections.
const OTHER_FILES = 1_500;
const CUSTOMER = { kinds: "first:1,replay:2", rate: 60, connections: 48, address: "192.0.2.1" };

/** `scenario` is the driver's; the rest are its settings (bench/load/hostile). */
export const HOSTILE = {
  "slow-readers": { scenario: "slow-readers", clients: 200, least: 30 },
  "slow-writers": { scenario: "slow-writers", clients: 600, least: 40 },
  waiters: { scenario: "waiters", clients: 10_000, keys: 200, least: 30 },
  "waiters-one-key": { scenario: "waiters", clients: 10_000, keys: 1, least: 30 },
  headers: { scenario: "headers", clients: 32, rate: 30 },
  bodies: { scenario: "bodies", clients: 24, rate: 8 },
  json: { scenario: "json", clients: 16, rate: 3 },
  multipart: { scenario: "multipart", clients: 16, rate: 3 },
};

/** `{ name, shapes, memory, customer, counts, well, findings }`; some scenarios take a least time. */
export function endure({ name, modules, seconds: wanted, show }) {
  const { scenario, least = 0, clients: most, ...rest } = HOSTILE[name];
  const seconds = Math.max(wanted, least);
  const settings = { ...rest, clients: Math.min(most, mostConnections()), seconds };
  return withGuard(modules, async (guard, origin) => {
    show("warming up");
    await customer(guard, Math.min(seconds, 5));
    show("the customer alone");
    const alone = await customer(guard, seconds);
    const before = residentBytes(guard.pid);
    show("the customer beside it");
    const watch = watchMemory(guard.pid);
    const serving = customer(guard, seconds + LEAD_SECONDS);
    await sleep(LEAD_SECONDS);
    const [{ shapes }, beside] = await Promise.all([attack(scenario, guard.port, settings), serving]);
    watch.stop();
    show("at rest");
    await sleep(REST_SECONDS);
    const after = await customer(guard, Math.min(seconds, 10));
    const memory = { before, peak: peak(watch.samples), after: residentBytes(guard.pid) };
    const [counts, well] = [await origin.counts(), await isWell(guard)];
    const result = { name, shapes, memory, customer: { alone, beside, after }, counts, well };
    return { ...result, findings: judgeHostile(result) };
  });
}

function sleep(seconds) {
  return setTimeout(1000 * seconds);
}

function mostConnections() {
  const [, limit] = readFileSync("/proc/self/limits", "utf8").match(/^Max open files\s+(\d+)/m);
  return Math.floor((Number(limit) - OTHER_FILES) / 2);
}

function customer(guard, seconds) {
  return mix(guard.port, { ...CUSTOMER, seconds, prefix: freshPrefix() });
}

/** What speaks against a guard that was under hostile load. */
export function judgeHostile({ customer, counts, well }) {
  const answers = Object.entries(customer).flatMap(([when, seen]) => judgeAnswers(seen).map((finding) => `the customer, ${when}: ${finding}`));
  return [...answers, ...judgeCounts(counts), ...(well ? [] : ["the guard is not well afterwards"])];
}
