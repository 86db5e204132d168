// The faults that the query may ask the shop for.
//
//   delay_before=<ms>   waits, then executes
//   delay=<ms>          executes, then waits: a caller's time-out hits after it
//   status=<200..599>   answers with this status
//   retry_after=<s>     with this Retry-After
//   execute=0|1         executes or not; else below 400 does and from 400 does not
//   drop=before         breaks the connection: not executed, no answer
//   drop=after          breaks the connection: executed, no answer
//   drop=body           breaks the connection in the middle of the answer's body
//
// A Worker cannot close its caller's connection. What it can do is to answer
// with a body that fails: workerd writes the head together with the first
// bytes of the body, so a body that fails at once closes the connection with
// nothing sent, and one that fails half-way leaves the promised Content-Length
// unmet. Tried on workerd; Cloudflare's edge may put an error page of its own there.

import { Refusal, json } from "./answer.js";

const MAX_DELAY = 150_000;
const MAX_RETRY_AFTER = 3600;
const FLUSH_MS = 100;
const DROPS = ["before", "after", "body"];
const BODILESS = new Set([204, 205, 304]);

export function faultsFrom(query) {
  const status = numberFrom(query, "status", 200, 599, 503);
  const drop = choiceFrom(query, "drop", DROPS);
  return {
    status,
    drop,
    execute: executes(choiceFrom(query, "execute", ["0", "1"]), status, drop),
    delayBefore: numberFrom(query, "delay_before", 0, MAX_DELAY, 800) ?? 0,
    delay: numberFrom(query, "delay", 0, MAX_DELAY, 800) ?? 0,
    retryAfter: numberFrom(query, "retry_after", 0, MAX_RETRY_AFTER, 2),
  };
}

function numberFrom(query, name, min, max, example) {
  const text = query.get(name);
  if (text === null) return null;
  if (/^\d{1,6}$/.test(text) && Number(text) >= min && Number(text) <= max) return Number(text);
  throw new Refusal(400, "instruction-invalid",
    `${name} "${text}" is not a whole number from ${min} to ${max}: write for example ${name}=${example}.`);
}

function choiceFrom(query, name, choices) {
  const text = query.get(name);
  if (text === null || choices.includes(text)) return text;
  throw new Refusal(400, "instruction-invalid",
    `${name} "${text}" is not known: write ${choices.map((choice) => `${name}=${choice}`).join(" or ")}.`);
}

function executes(requested, status, drop) {
  if (drop === "before" && requested === "1") throw contradiction("execute=1", "drop=before");
  if (drop === "after" && requested === "0") throw contradiction("execute=0", "drop=after");
  if (drop === "body" && BODILESS.has(status)) throw contradiction(`status=${status}`, "drop=body");
  if (drop === "before" || drop === "after") return drop === "after";
  return requested === null ? (status ?? 200) < 400 : requested === "1";
}

function contradiction(one, other) {
  return new Refusal(400, "instruction-invalid", `${one} contradicts ${other}: leave one of them out.`);
}

export async function respondWithFaults(faults, { execute, answer }) {
  await scheduler.wait(faults.delayBefore);
  const result = faults.execute ? await execute() : undefined;
  await scheduler.wait(faults.delay);
  if (faults.drop === "before" || faults.drop === "after") return brokenResponse("", 0);
  const response = responseFor(faults, () => answer(result));
  return faults.drop === "body" ? breakInBody(response) : response;
}

function responseFor(faults, answer) {
  if (faults.status !== null && faults.status >= 400) return errorResponse(faults);
  const { status, headers, body } = answer();
  const all = { ...headers, ...retryAfter(faults) };
  const finalStatus = faults.status ?? status;
  return BODILESS.has(finalStatus) ? new Response(null, { status: finalStatus, headers: all }) : json(finalStatus, body, all);
}

function errorResponse(faults) {
  const done = faults.execute ? "executed" : "not executed";
  const detail = `Told to answer ${faults.status} by the query; ${done}.`;
  return json(faults.status, { error: { code: "told-to-fail", detail } }, retryAfter(faults));
}

function retryAfter({ retryAfter: seconds }) {
  return seconds === null ? {} : { "retry-after": String(seconds) };
}

async function breakInBody(response) {
  const text = await response.text();
  return brokenResponse(text, Math.ceil(text.length / 2), response);
}

function brokenResponse(text, sent, { status, headers } = { status: 200 }) {
  const bytes = new TextEncoder().encode(text);
  const { readable, writable } = new FixedLengthStream(Math.max(bytes.byteLength, 1));
  breakAfter(writable.getWriter(), bytes.subarray(0, sent));
  return new Response(readable, { status, headers });
}

// A write counts as done before its bytes are on the wire, and an abort throws
// away what is still under way: without the pause the caller would see nothing.
async function breakAfter(writer, bytes) {
  const ignore = () => {};
  if (bytes.byteLength > 0) {
    await writer.write(bytes).catch(ignore);
    await scheduler.wait(FLUSH_MS);
  }
  await writer.abort(new Error("told to drop the connection")).catch(ignore);
}
