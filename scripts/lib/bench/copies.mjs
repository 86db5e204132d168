// Replays with KV beside the object. workerd has no KV of its own, so this runs under Miniflare,
// with its simulator in the same process: the figures compare with one another, not with the rest.
import { startUnderMiniflare } from "./miniflare.mjs";
import { sample } from "./measure.mjs";
import { rotated } from "./rotation.mjs";

const RUNTIMES = [
  ["without KV", ["--no-kv"]],
  ["with KV", []],
];

/** Samples by scenario and by whether KV is bound. */
export async function copies({ scenarios, rounds, origin, show, ...times }) {
  const samples = {};
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, args] of rotated(RUNTIMES, round)) {
      show(`round ${round + 1} of ${rounds}: ${name}`);
      const runtime = await startUnderMiniflare(name, [...args, "--var", `ORIGIN=${origin.url}`]);
      for (const scenario of scenarios) {
        const figures = await sample(scenario, runtime, origin, times);
        ((samples[scenario.name] ??= {})[name] ??= []).push(figures);
      }
      await runtime.stop();
    }
  }
  return samples;
}
