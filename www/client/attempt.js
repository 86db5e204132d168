// One request as data that can be sent again, and one attempt to send it.
//
// 1. The body is read once: every attempt sends the same bytes, a multipart boundary included.
// 2. An attempt counts only when the whole answer has arrived: one that breaks off in the middle
//    is lost. An event stream has no end to wait for and is handed on as it comes, unless the
//    caller reads answers itself.
// 3. The time-out is the attempt's alone; an abort by the caller ends everything.

import { isOfType, problemOf } from "./answer.js";
import { HEADER, headerValue } from "./key.js";

/** @import { Problem } from "./answer.js" */

/** @typedef {{ request: Request, body: ArrayBuffer | undefined }} PreparedRequest */

/**
 * What came of an attempt: a response, or the error that stood in its place.
 * @typedef {object} Attempt
 * @property {Response} [response]
 * @property {Problem | null} [problem] the guard's refusal, where the response is one
 * @property {Error} [error]
 * @property {string | void} [text] the response's body, where the caller read it
 * @property {number} ms how long it took
 */

/**
 * @param {RequestInfo | URL} input
 * @param {RequestInit | undefined} init
 * @param {string} key
 * @returns {Promise<PreparedRequest>}
 */
export async function prepareRequest(input, init, key) {
  const request = new Request(input, init);
  const presetKey = request.headers.get(HEADER);
  if (presetKey !== null) throw new TypeError(`${HEADER}: ${presetKey} is set already: use the option "key".`);
  if (request.mode === "no-cors") throw new TypeError(`The mode "no-cors" drops the ${HEADER}: use "cors".`);
  request.headers.set(HEADER, headerValue(key));
  const hasBody = !/^(GET|HEAD)$/.test(request.method);
  return { request, body: hasBody ? await request.arrayBuffer() : undefined };
}

/**
 * Sends it once. Rejects only when the caller's signal does.
 * @param {PreparedRequest} prepared
 * @param {number} timeout milliseconds
 * @param {(response: Response) => Promise<string | void>} [read] reads a copy of the answer, within the time-out
 * @returns {Promise<Attempt>}
 */
export async function send({ request, body }, timeout, read = wholeBody) {
  request.signal.throwIfAborted();
  const limit = timeLimit(timeout, request.signal);
  const started = performance.now();
  const ms = () => Math.round(performance.now() - started);
  try {
    const response = await fetch(new Request(request, { body, signal: limit.signal }));
    const text = await read(response);
    return { response, text, problem: await problemOf(response), ms: ms() };
  } catch (error) {
    request.signal.throwIfAborted();
    return { error: /** @type {Error} */ (error), ms: ms() };
  } finally {
    limit.end();
  }
}

/**
 * @param {number} ms
 * @param {AbortSignal} caller
 */
function timeLimit(ms, caller) {
  const controller = new AbortController();
  const onTimeout = () => controller.abort(new DOMException(`No answer within ${ms} ms.`, "TimeoutError"));
  const timer = setTimeout(onTimeout, ms);
  // Stays when the limit ends: the caller may still abort a stream.
  caller.addEventListener("abort", () => controller.abort(caller.reason));
  return { signal: controller.signal, end: () => clearTimeout(timer) };
}

/** @param {Response} response */
async function wholeBody(response) {
  if (!isOfType(response, "text/event-stream")) await response.clone().arrayBuffer();
}
