// What the guard has to reach, against what was measured. Rules:
// 1. A part that was not run leaves its lines out.
// 2. The control is the guard itself: a distance to a target that is smaller than the one between
//    the two says nothing.
import { cpuRatio, markdown, shown, startRatio } from "./table.mjs";

const FEW_KEYS = 1_000;

const TARGETS = [
  { what: "unguarded GET, of bare", atLeast: 0.8, figure: cpu("unguarded GET", "bare") },
  { what: "first request, of the floor", atLeast: 1, figure: cpu("first request", "floor") },
  { what: "first request, of the sharded floor", atLeast: 0.5, figure: cpu("first request", "sharded floor") },
  { what: "replay from the isolate, of the floor", atLeast: 1.5, figure: cpu("replay, isolate", "floor") },
  { what: "replay from the object, of the floor", atLeast: 1.1, figure: cpu("replay, object", "floor") },
  { what: "16 on one key, of the floor", atLeast: 0.65, figure: cpu("16 on one key", "floor") },
  { what: "memory after the most keys, of that after 1,000", atMost: 2, figure: memoryGrowth },
  { what: "storage for a small answer's key, KB", atMost: 1.5, figure: storage },
  { what: "weight gzipped, KB", atMost: 200, figure: gzipped },
  { what: "start to the first answer, of bare", atMost: 1.5, figure: ({ cold }, subject) => cold && startRatio(cold, subject) },
];

/** One line for each target that the results, by part, have a figure for. */
export function targets(results) {
  const head = ["", "target", "onlyonce", "", "control", "control / onlyonce", "before"];
  const rows = TARGETS.map((target) => row(target, results)).filter(Boolean);
  return rows.length === 0 ? "None concerns what was measured." : markdown(head, rows, 1);
}

function row({ what, atLeast, atMost, figure }, results) {
  const [onlyonce, control, before] = ["onlyonce", "control", "before"].map((subject) => figure(results, subject));
  if (onlyonce === undefined) return undefined;
  const met = atLeast === undefined ? onlyonce <= atMost : onlyonce >= atLeast;
  const target = atLeast === undefined ? `at most ${atMost}` : `at least ${atLeast}`;
  const noise = control === undefined ? undefined : control / onlyonce;
  return [what, target, shown(onlyonce), met ? "met" : "**missed**", shown(control), shown(noise), shown(before)];
}

function cpu(scenario, other) {
  return ({ speed }, subject) => speed?.[scenario] && cpuRatio(speed[scenario], other, subject);
}

function memoryGrowth({ growth }, subject) {
  const steps = growth?.[subject];
  const few = steps?.find(({ keys }) => keys === FEW_KEYS);
  return few && steps.at(-1).memory / few.memory;
}

function storage({ growth }, subject) {
  const last = growth?.[subject]?.at(-1);
  return last && last.storage / 1000;
}

function gzipped({ weight }, subject) {
  const all = weight?.[subject]?.at(-1);
  return all && all.gzipped / 1000;
}
