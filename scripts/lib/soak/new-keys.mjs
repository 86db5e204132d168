// One caller floods with new keys while another replays, with NEW_KEYS and without. Rules:
// 1. The limiter is Miniflare's, so both guards run under it, side by side in turn.
// 2. The flood comes at a fixed rate, two fifths of what one caller gets carried out without pause: a
//    thread that is saturated makes everybody wait, whatever is refused.
// 3. Shards that nobody has asked yet are woken first: to open a database is what costs most of all.
// 4. Figures are medians of rounds, and compare within this one run.
import { setTimeout } from "node:timers/promises";
import { mix, startOrigin } from "../bench/load.mjs";
import { startUnderMiniflare } from "../bench/miniflare.mjs";
import { rotated } from "../bench/rotation.mjs";
import { freshPrefix } from "../bench/scenarios.mjs";
import { judgeAnswers } from "./judge.mjs";

/** As bench/new-keys.toml has it: so many new keys in so many seconds. */
export const LIMIT = 100;
export const PERIOD = 10;

const SHARE = 0.4;
// By then the customer has the answers that it asks for again, which is not measured.
const LEAD_SECONDS = 2;
// Keys are drawn at random, and 256 shards have to get one.
const WAKING = { callers: 12, keys: 90 };
const ROUNDS = 3;
const GUARDS = [
  ["without", "wrangler.toml"],
  ["with", "bench/new-keys.toml"],
];

/** `{ rate, rounds, findings }`; of each round and guard `{ alone, beside, flood, carriedOut }`. */
export async function floodWithKeys({ seconds, show }) {
  const rounds = { without: [], with: [] };
  let rate;
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, config] of rotated(GUARDS, round)) {
      show(`round ${round + 1} of ${ROUNDS}: ${name} NEW_KEYS`);
      await underFlood(config, async (guard, origin) => {
        rate ??= Math.round(SHARE * (await capacityOf(guard, seconds)));
        rounds[name].push(await oneRound(guard, origin, { rate, seconds }));
      });
    }
  }
  return { rate, rounds, findings: judgeFlood(rounds, seconds) };
}

async function underFlood(config, work) {
  const origin = await startOrigin();
  const args = ["--config", config, "--no-kv", "--var", `ORIGIN=${origin.url}`];
  const guard = await startUnderMiniflare("onlyonce", args);
  try {
    await work(guard, origin);
  } finally {
    await guard.stop();
    origin.stop();
  }
}

async function capacityOf(guard, seconds) {
  await wake(guard);
  const { all } = await mix(guard.port, { kinds: "first", connections: 32, seconds: Math.min(seconds, 5), prefix: freshPrefix() });
  return all.requests / all.seconds;
}

async function oneRound(guard, origin, { rate, seconds }) {
  await wake(guard);
  const alone = await replays(guard, "alone", seconds);
  await wake(guard);
  const before = await origin.counts();
  const serving = replays(guard, "beside", seconds + LEAD_SECONDS);
  await setTimeout(1000 * LEAD_SECONDS);
  const flooding = mix(guard.port, { kinds: "flood", caller: "flooder", rate, seconds, connections: 64, address: "198.51.100.7", prefix: freshPrefix() });
  const [flood, beside] = await Promise.all([flooding, serving]);
  const after = await origin.counts();
  // The customer's own first requests are among them.
  return { alone, beside, flood, carriedOut: after.calls - before.calls - beside.keys, doubled: after.doubled };
}

// No caller asks for more than the limit.
async function wake(guard) {
  for (let caller = 0; caller < WAKING.callers; caller += 1) {
    const prefix = freshPrefix();
    await mix(guard.port, { kinds: "replay", prime: WAKING.keys, caller: prefix, seconds: 0.1, connections: 4, prefix });
  }
}

function replays(guard, caller, seconds) {
  return mix(guard.port, { kinds: "replay", caller, rate: 60, seconds, connections: 48, address: "192.0.2.1", prefix: freshPrefix() });
}

/** What speaks against it: wrong answers, doubled keys, or more carried out than the limit lets through. */
export function judgeFlood(rounds, seconds) {
  const all = Object.values(rounds).flat();
  const answers = all.flatMap(({ alone, beside, flood }) => [alone, beside, flood].flatMap(judgeAnswers));
  const doubled = all.filter((round) => round.doubled > 0).map((round) => `${round.doubled} keys reached the origin more than once`);
  // A flood begins within a period and ends within one.
  const most = LIMIT * (Math.floor(seconds / PERIOD) + 2);
  const over = rounds.with.filter(({ carriedOut }) => carriedOut > most);
  return [...answers, ...doubled, ...over.map(({ carriedOut }) => `${carriedOut} new keys were carried out, and ${most} may be`)];
}
