// Whether a guard has held. Pure: figures in, sentences out; no sentence is good news. Rules:
// 1. No answer may be other than its kind has to get, and the origin has each key once.
// 2. Memory must not grow after the first five minutes, by a straight line through its samples (least
//    squares): the line may rise by 5 % of its mean over what is left of the soak. A collector of garbage
//    moves memory up and down, and a line through 25 minutes of that little; a leak of a hundred bytes a
//    request is 60 MB by then at 400 requests a second, a tenth of what the guard takes.
// 3. A soak that is shorter than ten minutes says nothing of memory: it is still filling up.
// 4. Requests are answered as fast as they are due: a guard that falls behind, here by three seconds, has
//    an even latency, and a long one.
// 5. p99 is at most five times p50, kind by kind: kinds differ in what they cost, and `join` in the
//    origin's time. A kind with fewer than a thousand answers has no p99 to speak of.

export const SETTLED_AFTER = 5 * 60;
export const GROWTH = 0.05;
export const TAIL = 5;
const LEAST_SECONDS = 10 * 60;
const LEAST_ANSWERS = 1_000;
const BEHIND_SECONDS = 3;

/** What speaks against a soak (mixed.mjs). */
export function judgeSoak({ total, counts, memory, minutes, rate, seconds }) {
  return [
    ...judgeAnswers(total),
    ...judgeCounts(counts, total.keys),
    ...judgeMemory(memory, seconds),
    ...judgeRate(minutes, rate),
    ...judgeTails(total.kinds),
  ];
}

export function judgeAnswers({ errors, failures, all }) {
  if (errors === 0 && all.requests > 0) return [];
  if (all.requests === 0) return ["no request was answered"];
  return [`${errors} of ${all.requests} answers were wrong or missing, such as ${failures.join("; ")}`];
}

/** What the origin counted; `keys` is how many were answered as carried out. */
export function judgeCounts({ calls, doubled }, keys) {
  const findings = [];
  if (doubled > 0) findings.push(`${doubled} keys reached the origin more than once`);
  if (keys !== undefined && calls !== keys) findings.push(`the origin had ${calls} calls for ${keys} keys that were answered`);
  return findings;
}

export function judgeMemory(samples, seconds) {
  if (seconds < LEAST_SECONDS) return [];
  const growth = growthOf(samples.filter((sample) => sample.seconds >= SETTLED_AFTER));
  if (growth <= GROWTH) return [];
  return [`memory grew by ${percent(growth)} from minute ${SETTLED_AFTER / 60} on, and may by ${percent(GROWTH)}`];
}

export function judgeRate(minutes, rate) {
  let [due, answered] = [0, 0];
  for (const [at, { seconds, all }] of minutes.entries()) {
    due += rate * seconds;
    answered += all.requests;
    const behind = (due - answered) / rate;
    if (behind > BEHIND_SECONDS) return [`after stretch ${at + 1} it was ${behind.toFixed(1)} s behind what was due`];
  }
  return [];
}

export function judgeTails(kinds) {
  return Object.entries(kinds)
    .filter(([, { requests, p50_us: p50, p99_us: p99 }]) => requests >= LEAST_ANSWERS && p99 > TAIL * p50)
    .map(([kind, { p50_us: p50, p99_us: p99 }]) => `${kind}: p99 is ${(p99 / p50).toFixed(1)} times p50, and may be ${TAIL} times`);
}

/** By how much of their mean the line through samples rises from the first to the last. */
export function growthOf(samples) {
  const middle = average(samples.map(({ seconds }) => seconds));
  const level = average(samples.map(({ bytes }) => bytes));
  const spread = samples.reduce((sum, { seconds }) => sum + (seconds - middle) ** 2, 0);
  const slope = samples.reduce((sum, { seconds, bytes }) => sum + (seconds - middle) * (bytes - level), 0) / spread;
  return (slope * (samples.at(-1).seconds - samples[0].seconds)) / level;
}

function average(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function percent(share) {
  return `${(100 * share).toFixed(1)} %`;
}
