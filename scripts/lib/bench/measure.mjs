// Runs scenarios against Workers. Rules:
// 1. Scenario by scenario, the Workers take turns in slices, in an order that is rotated from slice
//    to slice and from round to round: what else the machine does hits all of them alike.
// 2. Each scenario of each round starts the Workers anew: it is an independent sample, and does not
//    pay for the objects that another one has left in memory, which go ten seconds later.
// 3. A run is warmed up by one of the same kind, for longer: V8 compiles what has run for a while.
// 4. A run's figures are medians of its slices. A virtual machine stands still now and then, and a
//    slice that is hit by that says nothing about the Worker.
// 5. Where objects have to be awake, each slice follows a pass through all keys: by the time a
//    Worker's turn comes again, its objects may have left the memory. A slice in which the keys came
//    round too late all the same is measured again.
import { Failure } from "../log.mjs";
import { cpuSeconds } from "./process.mjs";
import { drive } from "./load.mjs";
import { rotated } from "./rotation.mjs";
import { AWAKE_SECONDS, check, freshPrefix } from "./scenarios.mjs";
import { startSubject } from "./subjects.mjs";
import { median } from "./table.mjs";

const SLICE_SECONDS = 0.1;
const AWAKE_ATTEMPTS = 5;

/** Samples by scenario and Worker: `samples[scenario][subject]` is a list, one entry a round. */
export async function measure({ scenarios, subjects, rounds, show, ...rest }) {
  const samples = {};
  for (const { name } of scenarios) samples[name] = Object.fromEntries(subjects.map((subject) => [subject.name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const scenario of scenarios) {
      show(`round ${round + 1} of ${rounds}: ${scenario.name}`);
      const order = rotated(subjects, round);
      for (const lane of await compare({ ...rest, scenario, subjects: order })) {
        samples[scenario.name][lane.subject.name].push(figures(lane));
      }
    }
  }
  return samples;
}

async function compare({ scenario, subjects, origin, seconds, warmSeconds }) {
  const running = [];
  try {
    for (const subject of subjects) running.push(await startSubject(subject, origin.url));
    return await inTurn({ scenario, running, origin, seconds, warmSeconds });
  } finally {
    await Promise.all(running.map((subject) => subject.stop()));
  }
}

async function inTurn({ scenario, running, origin, seconds, warmSeconds }) {
  const lanes = [];
  for (const subject of running) lanes.push(await begin(scenario, subject, warmSeconds));
  await rest(scenario);
  const slices = slicesOf(scenario, seconds);
  for (let slice = 0; slice < slices; slice += 1) {
    for (const lane of rotated(lanes, slice)) await run(lane, origin, seconds / slices);
  }
  return lanes;
}

// What goes through its keys only once cannot be cut.
function slicesOf(scenario, seconds) {
  return scenario.rest ? 1 : Math.ceil(seconds / (scenario.slice ?? SLICE_SECONDS));
}

/** One run of a scenario: rates in requests a second, latencies in milliseconds, CPU in microseconds. */
export async function sample(scenario, subject, origin, { seconds, warmSeconds }) {
  const lane = await begin(scenario, subject, warmSeconds);
  await rest(scenario);
  await run(lane, origin, seconds);
  return figures(lane);
}

async function begin(scenario, subject, warmSeconds) {
  const prefix = freshPrefix();
  if (scenario.pass) await drive(subject.port, scenario.pass(prefix));
  // Each run has keys of its own where the scenario wants new ones.
  const settings = () => scenario.settings(prefix);
  const pass = scenario.pass && (() => scenario.pass(prefix));
  const warm = Math.min(warmSeconds, scenario.warm ?? warmSeconds);
  // The number of requests so far: the measured run goes on with the next.
  const next = scenario.rest ? 0 : (await drive(subject.port, { ...settings(), seconds: warm })).requests;
  return { scenario, subject, settings, pass, next, runs: [] };
}

async function rest(scenario) {
  if (scenario.rest) await new Promise((resolve) => setTimeout(resolve, scenario.rest));
}

async function run(lane, origin, seconds) {
  const { scenario, subject } = lane;
  for (let attempt = 1; ; attempt += 1) {
    const woken = scenario.awake && (await drive(subject.port, { ...lane.pass(), start: lane.next }));
    const seen = await runOnce(lane, origin, seconds);
    const round = woken ? secondsRound(woken, seen) : 0;
    if (round < AWAKE_SECONDS) return lane.runs.push(seen);
    if (attempt === AWAKE_ATTEMPTS) throw asleep(scenario, subject, round);
  }
}

async function runOnce(lane, origin, seconds) {
  const { scenario, subject, settings, next } = lane;
  const before = { cpu: cpuSeconds(subject.pid), calls: await origin.calls() };
  const seen = await drive(subject.port, { ...settings(), seconds, start: next });
  const cpu = cpuSeconds(subject.pid) - before.cpu;
  check(scenario, subject, seen, (await origin.calls()) - before.calls);
  lane.next += seen.requests;
  return { ...seen, cpu };
}

// How long a key took to come round. A pass goes through all keys once, so its requests are their number.
function secondsRound(pass, seen) {
  return Math.max(pass.seconds, (pass.requests * seen.seconds) / seen.requests);
}

function asleep({ name }, subject, seconds) {
  const what = `a key came round after ${seconds.toFixed(1)} s, when its object may have left the memory`;
  return new Failure(`${name}, ${subject.name}: ${what}`, { cure: "measure on a machine that nothing else uses" });
}

function figures({ runs }) {
  const middle = (figure) => median(runs.map(figure));
  return {
    rps: middle(({ requests, seconds }) => requests / seconds),
    p50: middle(({ p50_us: micros }) => micros) / 1000,
    p99: middle(({ p99_us: micros }) => micros) / 1000,
    cpu: middle(({ cpu, requests }) => cpu / requests) * 1e6,
  };
}
