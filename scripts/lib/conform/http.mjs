// Sends one request over a connection of its own, header by header as it is written. Rules:
// 1. Nothing is added that was not asked for, but for what HTTP needs: Host, Content-Length, Connection.
// 2. No redirect is followed, and nothing is sent again.
// 3. An answer has the time that it was given, and a megabyte.
import { request as plain } from "node:http";
import { request as secure } from "node:https";
import { setTimeout as pause } from "node:timers/promises";

const MOST_BYTES = 1024 * 1024;

/** No whole answer came; `message` says why. */
export class NoAnswer extends Error {}

/** `{ status, header(name), text, json, ms }` */
export function send(request) {
  return begin(request).answer;
}

/** `{ sent, answer }`: the first settles when the request has left, the second with its answer. */
export function begin({ url, method, headers, body, timeout }) {
  const started = performance.now();
  const bytes = Buffer.from(body ?? "");
  const outgoing = (url.protocol === "https:" ? secure : plain)(url, { method, agent: false, headers: headerList(url, headers, bytes) });
  const timer = setTimeout(() => outgoing.destroy(new Error(`no answer in ${timeout / 1000} s`)), timeout);
  const sent = new Promise((resolve) => outgoing.once("finish", resolve).once("close", resolve));
  const answer = new Promise((resolve, reject) => {
    outgoing.once("error", (error) => reject(new NoAnswer(reason(error), { cause: error })));
    outgoing.once("response", (incoming) => read(incoming, started).then(resolve, reject));
  }).finally(() => clearTimeout(timer));
  answer.catch(() => {});
  outgoing.end(bytes);
  return { sent, answer, hangUp: () => outgoing.destroy() };
}

/** Sends all of it, and hangs up `after` ms later. Whether an answer came before that. */
export async function sendAndHangUp(request, after) {
  const { sent, answer, hangUp } = begin(request);
  await sent;
  const came = await Promise.race([answer.then(() => true, () => false), pause(after, false)]);
  hangUp();
  return came;
}

function headerList(url, headers, bytes) {
  const all = [["Host", url.host], ...headers, ["Content-Length", String(bytes.length)], ["Connection", "close"]];
  return all.flat();
}

async function read(incoming, started) {
  const chunks = [];
  let size = 0;
  try {
    for await (const chunk of incoming) {
      size += chunk.length;
      if (size > MOST_BYTES) throw new NoAnswer("the answer is over a megabyte");
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof NoAnswer ? error : new NoAnswer(`the answer broke off: ${reason(error)}`, { cause: error });
  }
  const text = Buffer.concat(chunks).toString("utf8");
  const header = (name) => incoming.headersDistinct[name.toLowerCase()]?.join(", ");
  return { status: incoming.statusCode, header, text, json: parsed(text), ms: Math.round(performance.now() - started) };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function reason(error) {
  return error.code && !error.message.includes(error.code) ? `${error.code} ${error.message}`.trim() : error.message || error.code;
}
