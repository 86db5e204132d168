// The guard's own lines out of a log, with the time of each. It reads what the guard's line looks
// like in three places:
//   wrangler tail --format json   events whose logs[].message[] hold it, as text or as an object
//   npm start                     `guard | <time> {…}`
//   anything else that keeps one line to a line, with or without a time before it
// Whatever cannot be read is counted and shown, never passed over in silence; what `npm start` says
// to a person, with JSON in a command to copy, is no line of a log.
import { Failure } from "../log.mjs";
import { readPieces } from "./log-reader.mjs";

const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/;
const SHOWN_BROKEN = 3;

/** Hands every line of the guard's within the period to `take`, and sums up what was read. */
export async function readLog(file, { since = -Infinity, until = Infinity }, take) {
  const read = { file, guarded: 0, acts: 0, untimed: 0, outside: 0, broken: 0, examples: [], sampled: false, from: undefined, to: undefined };
  for await (const piece of readPieces(file)) {
    for (const line of linesOf(piece, read)) {
      const { at } = line;
      if (at === undefined ? since > -Infinity || until < Infinity : at < since || at > until) read.outside += 1;
      else take(countedIn(read, line));
      if (at === undefined) read.untimed += 1;
    }
  }
  return refuseNothing(read);
}

function countedIn(read, line) {
  read[isRequest(line) ? "guarded" : "acts"] += 1;
  if (line.at === undefined) return line;
  read.from = Math.min(read.from ?? line.at, line.at);
  read.to = Math.max(read.to ?? line.at, line.at);
  return line;
}

function linesOf(piece, read) {
  const begin = piece.text.indexOf("{");
  if (piece.broken) return broken(piece, piece.broken, read);
  if (begin < 0) return [];
  const value = parsed(piece.text.slice(begin));
  if (value === undefined) return isMeantAsJson(piece.text, begin) ? broken(piece, "it is cut off, or not JSON", read) : [];
  if (isSampling(value)) read.sampled = true;
  if (isGuardLine(value)) return [Object.assign(value, { at: timeIn(piece.text.slice(0, begin)) })];
  return eventLines(value);
}

// A sentence may hold a brace, and a command's argument stands in quotes.
function isMeantAsJson(text, begin) {
  return begin === 0 || (text[begin + 1] === '"' && !/['"]/.test(text[begin - 1]));
}

function eventLines(event) {
  const logs = Array.isArray(event?.logs) ? event.logs : [];
  return logs.flatMap(({ message, timestamp }) => {
    const values = [message].flat().map((text) => (typeof text === "string" ? parsed(text) : text));
    return values.filter(isGuardLine).map((line) => ({ ...line, at: timestamp ?? event.eventTimestamp }));
  });
}

// A queue's message that is no request has neither route nor time.
function isGuardLine(value) {
  if (isAct(value) || isTold(value) || isProbe(value)) return typeof value.record === "string" && typeof value.code === "string";
  if (isFence(value)) return typeof value.record === "string";
  if (value?.outcome === "dead-letter") return typeof value.queue === "string";
  return typeof value?.outcome === "string" && typeof value.route === "string" && typeof value.total_ms === "number";
}

/** What an operator did to a record, rather than what became of a request. */
export function isAct(line) {
  return line?.outcome === "operator";
}

/** What a shard tells of an outcome that became unknown, or ended. */
export function isTold(line) {
  return line?.outcome === "unknown" || line?.outcome === "ended";
}

/** What the origin said when it was asked about an unknown outcome. */
export function isProbe(line) {
  return line?.outcome === "probe";
}

/** What freed a key: an operator, or the origin that was asked and had not acted. */
export function frees(line) {
  return (isAct(line) && line.code !== "resolved") || (line?.outcome === "ended" && line.code === "absent");
}

/** A key that its own caller gave up. */
export function isFence(line) {
  return line?.outcome === "fenced";
}

export function isRequest(line) {
  return !isAct(line) && !isTold(line) && !isProbe(line) && !isFence(line);
}

// wrangler writes this event when the platform drops others.
function isSampling(value) {
  return value?.event?.type === "overload";
}

function timeIn(prefix) {
  const time = prefix.match(TIME);
  return time ? Date.parse(time[0]) : undefined;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function broken({ number, text }, why, read) {
  read.broken += 1;
  if (read.examples.length < SHOWN_BROKEN) read.examples.push({ line: number, why, begins: text.slice(0, 60) });
  return [];
}

function refuseNothing(read) {
  if (read.guarded + read.acts > 0) return read;
  if (read.outside > 0 && read.untimed === read.outside) {
    throw new Failure(`the ${read.untimed} lines of the guard's in ${read.file} carry no time, so a period cannot be picked`, { cure: "leave --since and --until out" });
  }
  if (read.outside > 0) throw new Failure(`none of the ${read.outside} lines of the guard's in ${read.file} is of that period`, { cure: "widen --since and --until" });
  const example = read.examples[0];
  throw new Failure(`${read.file} holds no line of the guard's${example ? `; line ${example.line} could not be read: ${example.why}` : ""}`, {
    cure: "npx wrangler tail --format json > guard.log, while guarded requests arrive",
  });
}
