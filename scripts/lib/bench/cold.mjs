// From the start of the runtime to the first answer: what a deployment, or a place that has not
// seen the Worker yet, makes somebody wait for.
import { rotated } from "./rotation.mjs";
import { startSubject } from "./subjects.mjs";

/** Milliseconds by Worker, one entry a round; the Workers take turns. */
export async function coldStarts({ subjects, rounds, origin, show }) {
  const times = Object.fromEntries(subjects.map(({ name }) => [name, []]));
  // Else the first measured call would pay for what Node loads at its first fetch.
  await origin.calls();
  for (let round = 0; round < rounds; round += 1) {
    for (const subject of rotated(subjects, round)) {
      show(`start ${round + 1} of ${rounds}: ${subject.name}`);
      times[subject.name].push(await coldStart(subject, origin));
    }
  }
  return times;
}

async function coldStart(subject, origin) {
  const running = await startSubject(subject, origin.url);
  try {
    await (await fetch(`http://127.0.0.1:${running.port}/orders`)).text();
    return performance.now() - running.started;
  } finally {
    await running.stop();
  }
}
