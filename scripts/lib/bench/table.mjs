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

/** One line for each scenario and Worker; ratios to the others where they were measured. */
export function comparison(samples, others) {
  const ratios = others.flatMap((other) => [`rate / ${other}`, `CPU ${other} /`]);
  const head = ["", "", "requests/s", "±", "p50 ms", "p99 ms", "CPU µs", "±", ...ratios];
  const rows = Object.entries(samples).flatMap(([scenario, bySubject]) =>
    Object.keys(bySubject).map((subject) => [scenario, subject, ...figures(bySubject[subject]), ...against(others, bySubject, subject)]),
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

// Of the costs the other one's is divided by this one's: above 1 is always better than the other.
function against(others, bySubject, subject) {
  return others.flatMap((other) => [ratio(bySubject, "rps", subject, other), ratio(bySubject, "cpu", other, subject)]);
}

// Round by round, since what disturbed one Worker in a round disturbed the others too.
function ratio(bySubject, figure, above, below) {
  if (!bySubject[above] || !bySubject[below] || above === below) return "";
  const pairs = bySubject[above].map((sample, round) => sample[figure] / bySubject[below][round][figure]);
  return median(pairs).toFixed(2);
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

/** One line for each Worker: the median of its starts, and how that compares with the first one's. */
export function starts(times) {
  const [base] = Object.values(times);
  const row = ([name, list]) => [name, median(list).toFixed(0), spread(list), (median(list) / median(base)).toFixed(2)];
  return markdown(["", "ms", "±", "/ bare"], Object.entries(times).map(row), 1);
}
