// Runs scenarios against Workers. Rules:
// 1. Scenario by scenario, the Workers take turns in slices of a fraction of a second, so that what
//    else the machine does hits all of them alike.
// 2. Each scenario of each round starts the Workers anew: it is an independent sample, and does not
//    pay for the objects that another one has left in memory, which go ten seconds later.
// 3. A run is warmed up by one of the same kind, for longer: V8 compiles what has run for a while.
// 4. A run's figures are medians of its slices. A virtual machine stands still now and then, and a
//    slice that is hit by that says nothing about the Worker.
import { cpuSeconds } from "./process.mjs";
import { drive } from "./load.mjs";
import { check, freshPrefix } from "./scenarios.mjs";
import { startSubject } from "./subjects.mjs";
import { median } from "./table.mjs";

const SLICE_SECONDS = 0.1;
const WARM_SECONDS = 4;

/** Samples by scenario and Worker: `samples[scenario][subject]` is a list, one entry a round. */
export async function measure({ scenarios, subjects, rounds, seconds, origin, show }) {
  const samples = {};
  for (let round = 1; round <= rounds; round += 1) {
    for (const scenario of scenarios) {
      show(`round ${round} of ${rounds}: ${scenario.name}`);
      for (const { name, figures } of await compare({ scenario, subjects, origin, seconds })) {
        ((samples[scenario.name] ??= {})[name] ??= []).push(figures);
      }
    }
  }
  return samples;
}

async function compare({ scenario, subjects, origin, seconds }) {
  const running = [];
  try {
    for (const name of subjects) running.push(await startSubject(name, origin.url));
    return await inTurn(scenario, running, origin, seconds);
  } finally {
    await Promise.all(running.map((subject) => subject.stop()));
  }
}

// What goes through its keys only once cannot be cut.
async function inTurn(scenario, running, origin, seconds) {
  const slices = scenario.rest ? 1 : Math.ceil(seconds / SLICE_SECONDS);
  const lanes = [];
  for (const subject of running) lanes.push(await begin(scenario, subject, WARM_SECONDS));
  for (let slice = 0; slice < slices; slice += 1) {
    for (const lane of lanes) await run(lane, origin, seconds / slices);
  }
  return lanes.map((lane) => ({ name: lane.subject.name, figures: figures(lane) }));
}

/** One run of a scenario: rates in requests a second, latencies in milliseconds, CPU in microseconds. */
export async function sample(scenario, subject, origin, seconds) {
  const lane = await begin(scenario, subject, seconds);
  await run(lane, origin, seconds);
  return figures(lane);
}

async function begin(scenario, subject, warmSeconds) {
  const prefix = freshPrefix();
  if (scenario.prepare) await drive(subject.port, scenario.prepare(prefix));
  // Each run has keys of its own where the scenario wants new ones.
  const settings = () => scenario.settings(prefix);
  const next = scenario.rest ? await rest(scenario) : await warm(subject, settings(), warmSeconds);
  return { scenario, subject, settings, next, runs: [] };
}

// Gives the number of requests so far: the measured run goes on with the next.
async function warm(subject, settings, seconds) {
  return (await drive(subject.port, { ...settings, seconds })).requests;
}

async function rest(scenario) {
  await new Promise((resolve) => setTimeout(resolve, scenario.rest));
  return 0;
}

async function run(lane, origin, seconds) {
  const { scenario, subject, settings, next } = lane;
  const before = { cpu: cpuSeconds(subject.pid), calls: await origin.calls() };
  const seen = await drive(subject.port, { ...settings(), seconds, start: next });
  const cpu = cpuSeconds(subject.pid) - before.cpu;
  check(scenario, subject.name, seen, (await origin.calls()) - before.calls);
  lane.next += seen.requests;
  lane.runs.push({ ...seen, cpu });
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
