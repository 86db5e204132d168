// From the start of the runtime to the first answer: what a deployment, or a place that has not
// seen the Worker yet, makes somebody wait for.
import { startSubject } from "./subjects.mjs";

/** Milliseconds by Worker, one entry a round; the Workers take turns. */
export async function coldStarts({ subjects, rounds, origin, show }) {
  const times = Object.fromEntries(subjects.map((name) => [name, []]));
  // Else the first measured call would pay for what Node loads at its first fetch.
  await origin.calls();
  for (let round = 1; round <= rounds; round += 1) {
    for (const name of subjects) {
      show(`start ${round} of ${rounds}: ${name}`);
      times[name].push(await coldStart(name, origin));
    }
  }
  return times;
}

async function coldStart(name, origin) {
  const subject = await startSubject(name, origin.url);
  try {
    await (await fetch(`http://127.0.0.1:${subject.port}/orders`)).text();
    return performance.now() - subject.started;
  } finally {
    await subject.stop();
  }
}
