// What a request costs beside few keys and many, and what the keys take. Rules:
// 1. One runtime a Worker holds ever more keys; at each step the same things are measured.
// 2. Memory is the process's own at the end of filling up, without waiting for its objects to be
//    put away: what a busy runtime takes.
// 3. The Workers do not take turns: what is compared is one Worker's step with another step of its own.
import { databaseBytes } from "./database-size.mjs";
import { drive } from "./load.mjs";
import { sample } from "./measure.mjs";
import { memoryBytes } from "./process.mjs";
import { freshPrefix, small } from "./scenarios.mjs";
import { startSubject } from "./subjects.mjs";

/** A list of steps for each Worker: `{ keys, memory, storage, samples }`; `storage` is bytes a key. */
export async function grow({ subjects, ...rest }) {
  const grown = {};
  for (const subject of subjects) {
    const running = await startSubject(subject, rest.origin.url);
    try {
      grown[subject.name] = await growOne({ ...rest, subject: running });
    } finally {
      await running.stop();
    }
  }
  return grown;
}

async function growOne({ subject, scenarios, steps, origin, show, ...times }) {
  const before = await origin.calls();
  const empty = databaseBytes(subject.storage);
  const list = [];
  for (const step of steps) {
    show(`${subject.name}: ${step} keys`);
    const missing = step - ((await origin.calls()) - before);
    if (missing > 0) await drive(subject.port, { ...small, keys: `unique:${freshPrefix()}`, requests: missing });
    const keys = (await origin.calls()) - before;
    const memory = memoryBytes(subject.pid);
    const storage = (databaseBytes(subject.storage) - empty) / keys;
    const samples = {};
    for (const scenario of scenarios) samples[scenario.name] = await sample(scenario, subject, origin, times);
    list.push({ keys, memory, storage, samples });
  }
  return list;
}
