// The API behind the guard: Stripe's POST /v1/charges, OpenAI's POST /v1/chat/completions and files,
// and a plain POST /orders, over sockets. It knows nothing of the guard. Rules:
//
// 1. A request belongs to the lane that its headers name: a test finds its own there.
// 2. It arrives when its head is read, and is executed when its charge, completion or order is made.
// 3. A lane's steps are taken in turn; without one a request is carried out as the API does it.
// 4. Connections are never closed for being idle: only a step breaks one.
import { once } from "node:events";
import { createServer } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

const LANE = /lane-[0-9a-f]{12}/;
const WORDS = ["Two", " cups", " of", " tea", "."];

/** Whose request this is, by its raw head; undefined where it says nothing. */
export function laneOf(head) {
  return LANE.exec(head)?.[0];
}

/**
 * `{ url, script(lane, ...steps), lane(lane), stop() }`. A step may have `status`, `headers`, `execute`
 * (below 400 it does, from 400 on it does not), `delay` in ms or `until`, which gives a promise, before the answer,
 * `text` in the answer's place, `gap` in ms between the chunks of a stream, and `drop`: "unread" breaks the
 * connection before the body is read, "executed" once it was carried out, "streaming" in the middle
 * of a stream.
 */
export async function startOrigin() {
  const lanes = new Map();
  const lane = (name) => {
    if (!lanes.has(name)) lanes.set(name, { arrived: [], executed: 0, steps: [] });
    return lanes.get(name);
  };
  const server = createServer((request, response) => {
    const name = laneOf(request.rawHeaders.join("\n")) ?? "nobody";
    serve({ name, lane: lane(name), request, response }).catch((error) => response.destroy(error));
  });
  server.keepAliveTimeout = 0;
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    script: (name, ...steps) => lane(name).steps.push(...steps),
    lane,
    stop: () => server.close().closeAllConnections(),
  };
}

async function serve({ name, lane, request, response }) {
  const step = lane.steps.shift() ?? {};
  lane.arrived.push({ path: request.url, headers: request.headers });
  if (step.drop === "unread") return request.socket.destroy();
  const body = await bodyOf(request);
  const status = step.status ?? (request.url.startsWith("/v1/") ? 200 : 201);
  if (request.method === "POST" && (step.execute ?? status < 300)) lane.executed += 1;
  await pause(step.delay ?? 0);
  await step.until?.();
  if (step.drop === "executed") return request.socket.destroy();
  const headers = { ...apiHeaders(request, name), ...step.headers };
  if (status >= 300) return send(response, status, headers, errorText(status));
  if (body.stream) return stream(response, headers, step);
  send(response, status, headers, step.text ?? madeText(request.url, `${name}-${lane.executed}`, body));
}

// Stripe's API gives the key back as it came, and a request id to ask its support about.
function apiHeaders({ headers }, name) {
  const key = headers["idempotency-key"];
  const id = `req_${name}`;
  return { "request-id": id, "x-request-id": id, ...(key && { "idempotency-key": key, "original-request": id }) };
}

async function bodyOf(request) {
  const text = Buffer.concat(await request.toArray()).toString("latin1");
  const type = request.headers["content-type"] ?? "";
  if (type.startsWith("application/json") && text !== "") return JSON.parse(text);
  return type.startsWith("application/x-www-form-urlencoded") ? Object.fromEntries(new URLSearchParams(text)) : {};
}

function madeText(path, id, { amount, model }) {
  if (path === "/v1/charges") return JSON.stringify({ id, object: "charge", amount: Number(amount), status: "succeeded" });
  if (path === "/v1/files") return JSON.stringify({ id, object: "file", purpose: "batch" });
  if (path !== "/v1/chat/completions") return JSON.stringify({ id, amount: Number(amount) });
  const message = { role: "assistant", content: WORDS.join("") };
  return JSON.stringify({ id, object: "chat.completion", model, choices: [{ index: 0, message, finish_reason: "stop" }] });
}

// The error envelope that Stripe and OpenAI have in common.
function errorText(status) {
  return JSON.stringify({ error: { type: "api_error", code: `origin-${status}`, message: `The API says ${status}.`, param: null } });
}

function send(response, status, headers, text) {
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text), ...headers });
  response.end(text);
}

async function stream(response, headers, { drop, gap = 0 }) {
  response.writeHead(200, { "content-type": "text/event-stream", ...headers });
  for (const content of WORDS) {
    response.write(`data: ${JSON.stringify({ object: "chat.completion.chunk", choices: [{ index: 0, delta: { content } }] })}\n\n`);
    await pause(gap);
    if (drop === "streaming") return response.destroy();
  }
  response.end("data: [DONE]\n\n");
}

/** What a whole completion says. */
export const COMPLETION = WORDS.join("");
