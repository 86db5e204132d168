// Samples as a table: medians, their spread, and what they are beside the others.

/** The value in the middle; of an even number, the lower of the two. */
export function median(values) {
  return [...values].sort((a, b) => a - b)[(values.length - 1) >> 1];
}

/** Half the distance from lowest to highest, in percent of the median. */
export function spread(values) {
  return (50 * (Math.max(...values) - Math.min(...values))) / median(values);
}

/** One line for each scenario and Worker. */
export function table(samples) {
  const lines = [HEADER, RULE];
  for (const [scenario, bySubject] of Object.entries(samples)) {
    for (const subject of Object.keys(bySubject)) lines.push(line(scenario, subject, bySubject));
  }
  return lines.join("\n");
}

const COLUMNS = ["", "", "requests/s", "±", "p50 ms", "p99 ms", "CPU µs", "±", "rate: bare", "floor", "CPU: bare", "floor"];
const WIDTHS = [17, 9, 10, 4, 8, 8, 8, 4, 10, 6, 9, 6];
const HEADER = row(COLUMNS);
const RULE = `|${WIDTHS.map((width, index) => "-".repeat(width + 1) + (index < 2 ? "-" : ":")).join("|")}|`;

function row(cells) {
  return `| ${cells.map((cell, index) => (index < 2 ? cell.padEnd(WIDTHS[index]) : cell.padStart(WIDTHS[index]))).join(" | ")} |`;
}

function line(scenario, subject, bySubject) {
  const of = (name) => bySubject[subject].map((sample) => sample[name]);
  const figures = [
    median(of("rps")).toFixed(0),
    `${spread(of("rps")).toFixed(0)}%`,
    median(of("p50")).toFixed(2),
    median(of("p99")).toFixed(2),
    median(of("cpu")).toFixed(0),
    `${spread(of("cpu")).toFixed(0)}%`,
  ];
  const rates = ["bare", "floor"].map((other) => ratio(bySubject, "rps", subject, other));
  // Less is better here, so the other one's figure is divided: above 1 is always better.
  const costs = ["bare", "floor"].map((other) => ratio(bySubject, "cpu", other, subject));
  return row([scenario, subject, ...figures, ...rates, ...costs]);
}

function ratio(bySubject, figure, above, below) {
  if (!bySubject[above] || !bySubject[below] || above === below) return "";
  const pairs = bySubject[above].map((sample, round) => sample[figure] / bySubject[below][round][figure]);
  return median(pairs).toFixed(2);
}
