// Runs scenarios against Workers. Rules:
// 1. Scenario by scenario, the Workers take turns, so that what else the machine does hits all.
// 2. Each round starts the Workers anew: a round is an independent sample.
// 3. A run is warmed up by a shorter one of the same kind.
import { cpuSeconds } from "./process.mjs";
import { drive } from "./load.mjs";
import { check, freshPrefix } from "./scenarios.mjs";
import { startSubject } from "./subjects.mjs";

/** Samples by scenario and Worker: `samples[scenario][subject]` is a list, one entry a round. */
export async function measure({ scenarios, subjects, rounds, seconds, origin, show }) {
  const samples = {};
  for (let round = 1; round <= rounds; round += 1) {
    const running = [];
    try {
      for (const name of subjects) running.push(await startSubject(name, origin.url));
      for (const scenario of scenarios) {
        for (const subject of running) {
          show(`round ${round} of ${rounds}: ${scenario.name}, ${subject.name}`);
          const figures = await sample(scenario, subject, origin, seconds);
          ((samples[scenario.name] ??= {})[subject.name] ??= []).push(figures);
        }
      }
    } finally {
      await Promise.all(running.map((subject) => subject.stop()));
    }
  }
  return samples;
}

// Gives the number of requests so far: the measured run goes on with the next.
async function warm(scenario, subject, prefix, seconds) {
  return (await drive(subject.port, { ...scenario.settings(prefix), seconds: seconds / 2 })).requests;
}

async function rest(scenario) {
  await new Promise((resolve) => setTimeout(resolve, scenario.rest));
  return 0;
}

/** One run of a scenario: rates in requests a second, latencies in milliseconds, CPU in microseconds. */
export async function sample(scenario, subject, origin, seconds) {
  const prefix = freshPrefix();
  if (scenario.prepare) await drive(subject.port, scenario.prepare(prefix));
  const warmed = scenario.rest ? await rest(scenario) : await warm(scenario, subject, prefix, seconds);
  const before = { cpu: cpuSeconds(subject.pid), origin: cpuSeconds(origin.pid), calls: await origin.calls() };
  const seen = await drive(subject.port, { ...scenario.settings(prefix), seconds, start: warmed });
  const cpu = cpuSeconds(subject.pid) - before.cpu;
  check(scenario, subject.name, seen, (await origin.calls()) - before.calls);
  return {
    rps: seen.requests / seen.seconds,
    p50: seen.p50_us / 1000,
    p99: seen.p99_us / 1000,
    cpu: (cpu / seen.requests) * 1e6,
    origin: ((cpuSeconds(origin.pid) - before.origin) / seen.requests) * 1e6,
  };
}
