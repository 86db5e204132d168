// What a request costs beside few keys and many, and what the keys take. Rules:
// 1. One runtime a Worker holds ever more keys; at each step the same things are measured.
// 2. Memory is the process's own at the end of filling up, without waiting for its objects to be
//    put away: what a busy runtime takes.
import { freshPrefix, small } from "./scenarios.mjs";
import { drive } from "./load.mjs";
import { sample } from "./measure.mjs";
import { diskBytes, memoryBytes } from "./process.mjs";
import { startSubject } from "./subjects.mjs";

/** A list of steps for each Worker: `{ keys, memory, storage, samples }`. */
export async function grow({ scenarios, subjects, steps, seconds, origin, show }) {
  const grown = {};
  for (const name of subjects) {
    const subject = await startSubject(name, origin.url);
    try {
      grown[name] = await growOne({ subject, scenarios, steps, seconds, origin, show });
    } finally {
      await subject.stop();
    }
  }
  return grown;
}

async function growOne({ subject, scenarios, steps, seconds, origin, show }) {
  const before = await origin.calls();
  const empty = diskBytes(subject.storage);
  const list = [];
  for (const step of steps) {
    show(`${subject.name}: ${step} keys`);
    const missing = step - ((await origin.calls()) - before);
    if (missing > 0) await drive(subject.port, { ...small, keys: `unique:${freshPrefix()}`, requests: missing });
    const keys = (await origin.calls()) - before;
    const figures = { keys, memory: memoryBytes(subject.pid), storage: (diskBytes(subject.storage) - empty) / keys };
    const samples = {};
    for (const scenario of scenarios) samples[scenario.name] = await sample(scenario, subject, origin, seconds);
    list.push({ ...figures, samples });
  }
  return list;
}
