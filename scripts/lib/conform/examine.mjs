// Holds the exchanges of the checks that were chosen, once each, and has them judged. Rules:
// 1. The control comes first, whatever was chosen. Where a first request is not carried out, or another key is not
//    another operation, nothing else would prove anything, and nothing else is sent.
// 2. What cannot be tried is skipped, with the reason; an answer that does not come is a failure.
// 3. After ten minutes what is left is skipped.
import { Failure } from "../log.mjs";
import { described, identityOf, isSuccess } from "./answer.mjs";
import { Conversation, NoAnswer, Skip } from "./conversation.mjs";
import { EXCHANGES } from "./exchanges.mjs";
import { redacted } from "./redact.mjs";

const MOST_MS = 600_000;
const UNCONTROLLED = "a first request, or another key, is not carried out: nothing else would prove anything";
const OPTION_OF = { slow: "--slow", other: "--other", otherUrl: "--other-url", serverError: "--server-error", clientError: "--client-error" };

/** The report; `tell` gets a line for a person before anything is sent. */
export async function examine(question, tell) {
  try {
    return redacted(await examined(question, tell), question);
  } catch (error) {
    if (error instanceof Failure) error.message = redacted(error.message, question);
    throw error;
  }
}

async function examined(question, tell) {
  const started = Date.now();
  const checks = question.profile.checks.filter(({ id }) => !question.only || question.only.includes(id));
  const plan = exchangesOf(checks, question);
  const most = plan.reduce((sum, name) => sum + EXCHANGES[name].most(question), 0);
  tell(`conform: up to ${most} requests go to ${question.method} ${place(question.url)}; most of them create something there, and it stays`);
  const conversation = new Conversation(question);
  const held = new Map();
  for (const name of plan) held.set(name, await hold(name, conversation, question, { started, held }));
  const results = checks.map((check) => judged(check, held, question));
  return report(question, conversation, results, started, most);
}

// In the order in which the checks name them, the control first, and only what can be held.
function exchangesOf(checks, question) {
  const names = new Set(["control", ...checks.flatMap(({ exchange }) => exchange)]);
  return [...names].filter((name) => missing(name, question).length === 0);
}

function missing(name, question) {
  return (EXCHANGES[name].needs ?? []).filter((option) => question[option] === undefined || question[option].length === 0);
}

async function hold(name, conversation, question, { started, held }) {
  if (name !== "control" && !isControlled(held.get("control").seen, question)) return { skipped: UNCONTROLLED };
  if (Date.now() - started > MOST_MS) return { skipped: `${MOST_MS / 60_000} minutes were over` };
  const { hold, most } = EXCHANGES[name];
  const begun = Date.now();
  conversation.allow(most(question));
  const outcome = await hold(conversation, question).then((seen) => ({ seen }), (error) => ended(error, name, question));
  if (name === "control") refuseBlindness(outcome.seen, question);
  return { ...outcome, ms: Date.now() - begun };
}

function isControlled(seen, question) {
  const controls = question.profile.checks.filter(({ exchange }) => exchange === "control");
  return controls.every(({ judge }) => judge(seen, question).verdict === "passed");
}

// Of the control nothing may be missing.
function ended(error, name, { url }) {
  const isControl = name === "control";
  if (error instanceof NoAnswer) {
    if (!isControl) return { broken: error.message };
    throw new Failure(`${place(url)} cannot be reached: ${error.message}`, { cure: "see whether the address is right and the server runs" });
  }
  if (!(error instanceof Skip)) throw error;
  if (!isControl) return { skipped: error.message };
  throw new Failure(error.message, { cure: "wait until it takes requests again" });
}

// Where a request does not work, or two of them look like one, no check would prove anything.
function refuseBlindness({ first, again }, { url, id, count }) {
  const shown = described(first.answer);
  if (!isSuccess(first.answer)) {
    throw new Failure(`${place(url)} answered ${shown}, and the kit needs a request that is carried out`, {
      cure: "look at --method, --body, --header and --spelling",
    });
  }
  const name = identityOf(first.answer, id);
  if (name === undefined) throw new Failure(`--id /${id.join("/")} names nothing in ${shown}`, { cure: "point it at what is another for each thing that is made" });
  if (count !== undefined || !isSuccess(again.answer) || name !== identityOf(again.answer, id)) return;
  const why = "either the key does not count, or the answers do not tell what was made";
  throw new Failure(`the same request under two keys was answered alike (${shown}): ${why}`, {
    cure: "give --count, a command that prints how many things there are; or --id, what names them in an answer",
  });
}

function judged(check, held, question) {
  const { id, level, quote, note, exchange } = check;
  const names = [exchange].flat();
  const does = names.map((name) => EXCHANGES[name].does).join("; ");
  const { verdict, seen, ms } = Array.isArray(exchange) ? together(names, held, check, question) : alone(exchange, held, check, question);
  return { id, level, verdict, seen, does, quote, ...(note && { note }), ms };
}

function alone(name, held, { judge }, question) {
  const outcome = held.get(name);
  if (!outcome) return { verdict: "skipped", seen: withoutOption(name, question), ms: 0 };
  const { ms } = outcome;
  if (outcome.skipped) return { verdict: "skipped", seen: outcome.skipped, ms };
  if (outcome.broken) return { verdict: "failed", seen: outcome.broken, ms };
  return { ...judge(outcome.seen, question), ms };
}

// What holds for the refusals of several exchanges, of which some may not have been held.
function together(names, held, check, question) {
  const seen = names.filter((name) => held.get(name)?.seen).map((name) => [name, held.get(name).seen]);
  if (seen.length > 0) return { ...check.judge(Object.fromEntries(seen), question), ms: 0 };
  return { ...alone(names[0], held, check, question), ms: 0 };
}

function withoutOption(name, question) {
  return `no ${missing(name, question).map((option) => OPTION_OF[option]).join(" and no ")} was given`;
}

function report({ profile, url, method, id, count }, { total }, checks, started, most) {
  const number = (verdict, level) => checks.filter((check) => check.verdict === verdict && check.level === level).length;
  const tally = (verdict) => Object.fromEntries(["must", "should", "may"].map((level) => [level, number(verdict, level)]));
  return {
    profile: profile.name,
    title: profile.title,
    endpoint: `${method} ${place(url)}`,
    evidence: count !== undefined ? "count" : id === undefined ? "answers" : `answers at /${id.join("/")}`,
    started: new Date(started).toISOString(),
    ms: Date.now() - started,
    requests: { sent: total, most },
    passed: tally("passed"),
    failed: tally("failed"),
    skipped: tally("skipped"),
    checks,
  };
}

// A query may carry a credential.
function place(url) {
  return url.origin + url.pathname;
}
