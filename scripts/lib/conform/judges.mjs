// What an exchange proves. A judge gets what was seen and gives `{ verdict, seen }`: passed, failed, or
// skipped where nothing tells. Rules:
// 1. Executions are counted by the user's command where there is one, else by the things that answers name.
// 2. What nobody saw proves nothing: a first answer that was lost needs a count, or an answer that says
//    that it is stored.
import { described, identities, identityOf, inTurn, isBusy, isMarkedReplay, isSuccess, statuses } from "./answer.mjs";

const passed = (seen) => ({ verdict: "passed", seen });
const failed = (seen) => ({ verdict: "failed", seen });
const skipped = (seen) => ({ verdict: "skipped", seen });
const ruling = (holds, seen) => (holds ? passed(seen) : failed(seen));

const times = (count) => ({ 0: "not carried out", 1: "carried out once", 2: "carried out twice" })[count] ?? `carried out ${count} times`;

// How often something was carried out, as far as can be told.
function executions({ counted }, answers, { id }) {
  return counted ?? identities(answers, id).length;
}

function evidence({ counted }) {
  return counted === undefined ? "by the answers" : "by the count";
}

function same(one, other, { id }) {
  return one.status === other.status && identityOf(one, id) === identityOf(other, id);
}

/** The first request under a new key is carried out. */
export function firstIsExecuted({ first }) {
  const { answer, counted } = first;
  const byCount = counted === undefined ? "" : `; ${times(counted)}, by the count`;
  return ruling(isSuccess(answer) && (counted ?? 1) === 1, described(answer) + byCount);
}

/** Another key is another operation. */
export function otherKeyIsAnother({ first, again, other }, { id }) {
  if (!isSuccess(other.answer)) return failed(`under another key: ${described(other.answer)}`);
  const another = identityOf(first.answer, id) !== identityOf(other.answer, id);
  const bySame = again === other ? "" : `; the same body under another key: ${described(again.answer)}`;
  const holds = other.counted === undefined ? another : other.counted === 1;
  return ruling(holds, `${described(first.answer)}, then under another key ${described(other.answer)}${bySame}`);
}

/** A retry has the first's status and names the same thing, and nothing more was made. */
export function retryIsAnswered(x, question) {
  const { first, retries } = x;
  const count = executions(x, [first, ...retries], question);
  const seen = `${inTurn([first, ...retries])}; ${times(count)}, ${evidence(x)}`;
  return ruling(isSuccess(first) && count === 1 && retries.every((retry) => same(first, retry, question)), seen);
}

/** A retry has the first's bytes and content type. */
export function retryIsTheSame({ first, retries }) {
  const other = retries.find((retry) => retry.text !== first.text || retry.header("content-type") !== first.header("content-type"));
  if (!other) return passed(`${first.text.length} characters of ${first.header("content-type") ?? "no content type"}, each time`);
  const [one, two] = [first, other].map((answer) => `${described(answer)} (${answer.header("content-type") ?? "no content type"})`);
  return failed(`${one}, then ${two}`);
}

/** A retry carries a header, and the first answer does not. */
export function replayIsMarked(name) {
  return ({ first, retries }) => {
    const values = retries.map((retry) => retry.header(name) ?? "nothing");
    const seen = `${name}: ${first.header(name) ?? "nothing"}, then ${values.join(", then ")}`;
    return ruling(first.header(name) === undefined && values.every((value) => value === "true"), seen);
  };
}

/** Each answer repeats the key that it was sent with. */
export function keyIsEchoed(name) {
  return ({ first, retries }) => {
    const values = [first, ...retries].map((answer) => answer.header(name));
    const seen = `${name}: ${values.map((value) => value ?? "nothing").join(", then ")}`;
    return ruling(values.every((value) => value !== undefined && value === values[0]), seen);
  };
}

/** Of many at once one is carried out; the others share its answer or are told to wait. */
export function concurrentIsOnce({ rounds }, question) {
  const told = rounds.map((round) => concurrentRound(round, question));
  const wrong = told.find(({ holds }) => !holds);
  if (wrong) return failed(wrong.seen);
  const each = rounds.map(({ answers }) => statuses(answers)).join("; ");
  return passed(`${rounds[0].answers.length} at once: ${each}; each time ${times(1)}, ${evidence(rounds[0])}`);
}

function concurrentRound({ answers, after, counted }, question) {
  const count = executions({ counted }, [...answers, after], question);
  const strange = answers.find((answer) => !isBusy(answer) && !same(answer, after, question));
  const seen = `${answers.length} at once: ${statuses(answers)}; afterwards ${described(after)}; ${times(count)}, ${evidence({ counted })}`;
  const one = answers.some(isSuccess) || isMarkedReplay(after);
  return { holds: one && isSuccess(after) && count === 1 && !strange, seen: strange ? `${seen}; one got ${described(strange)}` : seen };
}

/** A request beside one that is still running is not carried out. */
export function inFlightIsOnce(x, question) {
  const { first, second, after } = x;
  const count = executions(x, [first, second, after], question);
  return ruling(count === 1 && same(first, after, question), inFlightSeen(x, count));
}

/** A request beside one that is still running is refused with a status (and a code). */
export function inFlightIsRefused(expected) {
  return (x) => refusedAs(x.second, expected, isSuccess(x.second) ? `it waited ${x.second.ms} ms: ` : "");
}

function inFlightSeen(x, count) {
  return `the first ${described(x.first)}; beside it ${described(x.second)}; afterwards ${described(x.after)}; ${times(count)}, ${evidence(x)}`;
}

/** Another body under a used key is not carried out, and the first's answer stays. */
export function reuseIsNotExecuted(x, question) {
  const { first, second, after } = x;
  const made = x.counted ?? identities([first, second, after], question.id).length - 1;
  const answers = `${described(first)}; another body under its key: ${described(second)}; the first body again: ${described(after)}`;
  return ruling(made === 0 && same(first, after, question), `${answers}; the other body ${times(made)}, ${evidence(x)}`);
}

export function reuseIsRefused(expected) {
  return ({ second }) => refusedAs(second, expected);
}

/** The same JSON, written in another way, is the same request. */
export function rewrittenIsTheSame(x, question) {
  const count = executions(x, [x.first, x.second], question);
  const seen = `${inTurn([x.first, x.second])}; ${times(count)}, ${evidence(x)}`;
  return ruling(count === 1 && same(x.first, x.second, question), seen);
}

/** The same JSON, written in another way, is another request. */
export function rewrittenIsRefused(expected) {
  return ({ second }) => refusedAs(second, expected);
}

/** A request without a key is refused, where a key is required at all. */
export function missingIsRefused(expected, { always = false } = {}) {
  return ({ answer }) => {
    if (isSuccess(answer) && !always) return skipped(`the endpoint takes requests without a key: ${described(answer)}`);
    return refusedAs(answer, expected);
  };
}

/** Keys that are none are refused, and nothing is carried out under them. */
export function malformedIsRefused(expected) {
  return ({ tried, counted }) => {
    const wrong = tried.filter(({ answer }) => !fits(answer, expected));
    const shown = (wrong.length ? wrong : tried).map(({ name, answer }) => `${name}: ${described(answer)}`).join("; ");
    return ruling(wrong.length === 0 && (counted ?? 0) === 0, shown);
  };
}

/** The longest key is a key. */
export function longIsAKey(x, question) {
  const count = executions(x, [x.first, x.second], question);
  const seen = `${inTurn([x.first, x.second])}; ${times(count)}, ${evidence(x)}`;
  return ruling(isSuccess(x.first) && count === 1 && same(x.first, x.second, question), seen);
}

/** With and without quotes a key is the same. */
export const spellingIsOneKey = longIsAKey;

/** Who hung up gets the answer of what was carried out once. */
export function hangUpIsKept(x, question) {
  const { first, second, answered } = x;
  const seen = `${answered ? "the answer came before the hang-up; then " : ""}${inTurn([first, second])}`;
  if (!isSuccess(first) || !same(first, second, question)) return failed(seen);
  if (x.counted !== undefined) return ruling(x.counted === 1, `${seen}; ${times(x.counted)}, by the count`);
  if (isMarkedReplay(first)) return passed(`${seen}; the retry's answer says that it is a stored one`);
  return skipped(`${seen}; nothing tells whether it was carried out before: give --count`);
}

/** What the first caller's request made is not shown to the other. */
export function otherIsNotShown({ first, second }, { id }) {
  const name = identityOf(first, id);
  const bare = name.replace(/^"|"$/g, "");
  const shown = (isSuccess(second) && identityOf(second, id) === name) || (bare.length >= 8 && second.text.includes(bare));
  return ruling(!shown, `the first caller ${described(first)}; the other ${described(second)}`);
}

/** The other caller's request under the same key is an operation of its own. */
export function otherIsAnOperation(x, { id }) {
  const { first, second } = x;
  const own = x.counted === undefined ? identityOf(second, id) !== identityOf(first, id) : x.counted === 1;
  return ruling(isSuccess(second) && own, `the first caller ${described(first)}; the other ${described(second)}`);
}

/** After another caller came with its key, the first still gets its own answer. */
export function firstKeepsItsAnswer({ first, after }, question) {
  return ruling(same(first, after, question), `${described(first)}, and after the other caller ${described(after)}`);
}

/** One endpoint's answer is not another's. */
export function endpointIsNotShown({ first, second }, { id }) {
  return ruling(!isSuccess(second) || identityOf(second, id) !== identityOf(first, id), atBoth(first, second));
}

/** One key at two endpoints is two operations. */
export function endpointIsAnOperation({ first, second }, { id }) {
  return ruling(isSuccess(second) && identityOf(second, id) !== identityOf(first, id), atBoth(first, second));
}

function atBoth(first, second) {
  return `${described(first)}; at the other endpoint ${described(second)}`;
}

export function endpointIsRefused(expected) {
  return ({ second }) => refusedAs(second, expected);
}

/** What failed is not carried out again. */
export function errorIsOnce(x) {
  const seen = inTurn([x.first, x.second]);
  if (x.counted !== undefined) return ruling(x.counted === 0, `${seen}; the retry was ${times(x.counted)}, by the count`);
  if (isMarkedReplay(x.second)) return passed(`${seen}; the second says that it is a stored one`);
  if (isSuccess(x.second)) return failed(seen);
  return skipped(`${seen}; nothing tells whether it was carried out again: give --count`);
}

/** What failed has the same status and the same bytes again. */
export function errorIsTheSame({ first, second }) {
  return ruling(first.status === second.status && first.text === second.text, inTurn([first, second]));
}

/** After a server error a retry is a new request, and not the stored error. */
export function errorIsFresh(x) {
  const seen = inTurn([x.first, x.second]);
  if (isMarkedReplay(x.second)) return failed(`${seen}; the second says that it is a stored one`);
  if (x.counted !== undefined && x.made > 0) return ruling(x.counted > 0, `${seen}; the retry was ${times(x.counted)}, by the count`);
  if (x.first.text !== x.second.text || x.first.status !== x.second.status) return passed(seen);
  return skipped(`${seen}; the same twice, and nothing tells a stored one from a new one: give --count`);
}

/** Refusals are problem documents. */
export function refusalsAreProblems(xs) {
  return eachRefusal(xs, "application/problem+json with a title", (answer) => isProblem(answer) && typeof answer.json?.title === "string");
}

/** Refusals lead to documentation: by the problem's type, or by a Link header. */
export function refusalsLead(xs) {
  return eachRefusal(xs, "a type that is a link, or a Link header", (answer) => leadsByType(answer) || leadsByHeader(answer));
}

function isProblem(answer) {
  return /^application\/problem\+json\b/i.test(answer.header("content-type") ?? "");
}

function leadsByType({ json }) {
  return typeof json?.type === "string" && /^(https?:|\/)/.test(json.type);
}

function leadsByHeader(answer) {
  return /;\s*rel="?[^;]*\b(describedby|help|service-doc)\b/i.test(answer.header("link") ?? "");
}

/** Refusals have these members: a path such as `error.type`, and what it must be. */
export function refusalsHave(members) {
  const wanted = Object.entries(members);
  const text = wanted.map(([path, value]) => (value === String ? path : `${path} = ${[value].flat().join(" or ")}`)).join(", ");
  return (xs) => eachRefusal(xs, text, (answer) => wanted.every(([path, value]) => hasMember(answer, path, value)));
}

/** Refusals of one status carry a header. */
export function refusalsCarry(status, name, pattern) {
  return (xs) => {
    const some = Object.values(xs).flatMap(({ refusals = [] }) => refusals).filter((answer) => answer.status === status);
    return eachRefusal({ some: { refusals: some } }, `${name} on ${status}`, (answer) => pattern.test(answer.header(name) ?? ""));
  };
}

function eachRefusal(xs, wanted, fits) {
  const refusals = Object.values(xs).flatMap(({ refusals = [] }) => refusals);
  if (refusals.length === 0) return skipped("nothing was refused");
  const wrong = refusals.find((answer) => !fits(answer));
  if (!wrong) return passed(`${statuses(refusals)}, each with ${wanted}`);
  const type = wrong.header("content-type") ?? "without a content type";
  return failed(`without ${wanted}: ${described(wrong)} (${type})`);
}

function refusedAs(answer, expected, prefix = "") {
  const { status, members } = expected;
  const wanted = members ? `${status} with ${Object.entries(members).map(([path, value]) => `${path} = ${value}`).join(", ")}` : status;
  return ruling(fits(answer, expected), `${prefix}${described(answer)}; expected ${wanted}`);
}

function fits(answer, { status, members = {} }) {
  return answer.status === status && Object.entries(members).every(([path, value]) => hasMember(answer, path, value));
}

function hasMember({ json }, path, value) {
  const member = path.split(".").reduce((at, name) => at?.[name], json);
  return value === String ? typeof member === "string" && member !== "" : [value].flat().includes(member);
}
