// Samples as tables in Markdown: medians, their spread, and what they are beside the others.

/** The value in the middle; of an even number, the lower of the two. */
export function median(values) {
  return [...values].sort((a, b) => a - b)[(values.length - 1) >> 1];
}

/** Half the distance from lowest to highest, in percent of the median. */
function spread(values) {
  return `${((50 * (Math.max(...values) - Math.min(...values))) / median(values)).toFixed(0)}%`;
}

/** Rows of cells, the first `names` columns of which are names, under a head. */
export function markdown(head, rows, names) {
  const widths = head.map((cell, column) => Math.max(...[head, ...rows].map((row) => row[column].length), 2));
  const pad = (cell, column) => (column < names ? cell.padEnd(widths[column]) : cell.padStart(widths[column]));
  const line = (row) => `| ${row.map(pad).join(" | ")} |`;
  const rule = widths.map((width, column) => "-".repeat(width + 1) + (column < names ? "-" : ":"));
  return [line(head), `|${rule.join("|")}|`, ...rows.map(line)].join("\n");
}

/** One line for each scenario and Worker; how its CPU compares with the others' where they were measured. */
export function comparison(samples, others) {
  const head = ["", "", "requests/s", "±", "p50 ms", "p99 ms", "CPU µs", "±", ...others.map((other) => `CPU ${other} /`)];
  const rows = Object.entries(samples).flatMap(([scenario, bySubject]) =>
    Object.keys(bySubject).map((subject) => {
      const ratios = others.map((other) => (other === subject ? "" : shown(cpuRatio(bySubject, other, subject))));
      return [scenario, subject, ...figures(bySubject[subject]), ...ratios];
    }),
  );
  return markdown(head, rows, 2);
}

function figures(list) {
  const of = (name) => list.map((figure) => figure[name]);
  return [
    median(of("rps")).toFixed(0),
    spread(of("rps")),
    median(of("p50")).toFixed(2),
    median(of("p99")).toFixed(2),
    median(of("cpu")).toFixed(0),
    spread(of("cpu")),
  ];
}

/**
 * The other Worker's CPU by this one's, so that above 1 this one is cheaper; undefined where one of
 * them was not measured. Round by round, since what disturbed one Worker in a round disturbed the
 * others too.
 */
export function cpuRatio(bySubject, other, subject) {
  if (!bySubject[other] || !bySubject[subject]) return undefined;
  return median(bySubject[other].map(({ cpu }, round) => cpu / bySubject[subject][round].cpu));
}

/** A ratio as a cell. */
export function shown(ratio) {
  return ratio === undefined ? "" : ratio.toFixed(2);
}

/** One line for each number of keys and Worker. */
export function growth(grown) {
  const [[first]] = Object.values(grown);
  const scenarios = Object.keys(first.samples);
  const head = ["keys", "", "memory MB", "bytes/key", ...scenarios.flatMap((name) => [`${name} CPU µs`, "p50 ms"])];
  const rows = Object.entries(grown).flatMap(([subject, steps]) =>
    steps.map(({ keys, memory, storage, samples }) => [
      String(keys),
      subject,
      (memory / 1e6).toFixed(0),
      storage.toFixed(0),
      ...scenarios.flatMap((name) => [samples[name].cpu.toFixed(0), samples[name].p50.toFixed(2)]),
    ]),
  );
  return markdown(head, rows, 2);
}

/** One line for each Worker: the median of its starts, and how that compares with the bare one's. */
export function starts(times) {
  const row = ([name, list]) => [name, median(list).toFixed(0), spread(list), shown(startRatio(times, name))];
  return markdown(["", "ms", "±", "/ bare"], Object.entries(times).map(row), 1);
}

/** A Worker's start by the bare one's; undefined where one of them was not measured. */
export function startRatio(times, subject) {
  if (!times.bare || !times[subject]) return undefined;
  return median(times[subject]) / median(times.bare);
}

/** One line for each of a Worker's modules, and one for all of them together. */
export function weights(bySubject) {
  const kilobytes = ({ bytes, gzipped }) => [bytes, gzipped].map((figure) => (figure / 1000).toFixed(1));
  const rows = Object.entries(bySubject).flatMap(([subject, list]) => list.map((entry) => [subject, entry.name, ...kilobytes(entry)]));
  return markdown(["", "", "KB", "KB gzipped"], rows, 2);
}
