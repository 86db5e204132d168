// A small API with an idempotency layer of its own in front of POST /orders and POST /refunds, over sockets:
// right in the dialect that is asked for, but for one flaw. Rules:
//
// 1. An order is made when its work is done, 20 ms after its request; `delay` in the query makes that longer.
// 2. It counts what it makes in a file, which is written before the answer: `cat` is a count command.
// 3. `status` in the query makes it answer so, though the order was made.
import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const WORK_MS = 20;
const RACE_MS = 5;

const problem = (status, title) => ({ status, type: "application/problem+json", body: { type: "https://example.com/idempotency", title } });
const json = (status, body, headers) => ({ status, type: "application/json", body, headers });
const flat = (status, code, headers) => json(status, { type: "invalid_request", code, message: "No." }, headers);
const envelope = (status, type, code) => json(status, { error: { type, code, message: "No." } });

/** What each dialect answers, and what it takes for a key and for the same request. */
const DIALECTS = {
  draft: {
    key: (lines) => (lines.length === 1 ? (lines[0].match(/^"([\x20-\x21\x23-\x7e]+)"$/) ?? lines[0].match(/^([\x21\x23-\x2b\x2d-\x7e]+)$/))?.[1] : undefined),
    missing: problem(400, "Idempotency-Key is missing"),
    malformed: problem(400, "Idempotency-Key is malformed"),
    reused: problem(422, "Idempotency-Key is already used"),
    inFlight: problem(409, "A request is outstanding for this Idempotency-Key"),
  },
  stripe: {
    key: ([line]) => (line.length <= 255 ? line : undefined),
    malformed: envelope(400, "invalid_request_error"),
    reused: envelope(400, "idempotency_error"),
    inFlight: envelope(409, "invalid_request_error", "idempotency_key_in_use"),
  },
  acp: {
    key: ([line]) => (line.length <= 255 ? line : undefined),
    missing: flat(400, "idempotency_key_required"),
    malformed: flat(400, "invalid_key"),
    reused: flat(422, "idempotency_conflict"),
    inFlight: flat(409, "idempotency_in_flight", { "retry-after": "1" }),
    byPath: true,
    echo: true,
    fresh: (status) => status >= 500,
    fingerprint: (text) => text && JSON.stringify(sorted(JSON.parse(text))),
  },
  ucp: {
    key: ([line]) => line,
    reused: json(409, { code: "idempotency_conflict", content: "No." }),
    inFlight: json(409, { code: "idempotency_in_progress", content: "No." }),
  },
};

/** `{ url, otherUrl, count, stop }`; `flaw` is what is wrong with it, `count` a command. */
export async function startServer({ dialect = "draft", flaw = "none" } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "onlyonce-conform-"));
  const file = join(folder, "count");
  const shop = { dialect: DIALECTS[dialect], flaw, records: new Map(), made: 0, ledger: () => writeFileSync(file, String(shop.made)) };
  shop.ledger();
  const server = createServer((request, response) => serve(shop, request, response).catch((error) => response.destroy(error)));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const url = `http://127.0.0.1:${server.address().port}`;
  const stop = () => {
    server.close().closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  };
  return { url: `${url}/orders`, otherUrl: `${url}/refunds`, count: `cat ${file}`, made: () => shop.made, stop };
}

async function serve(shop, request, response) {
  const body = Buffer.concat(await request.toArray()).toString();
  const answer = shaped(shop, await answered(shop, request, response, body));
  const echo = shop.dialect.echo && shop.flaw !== "no echo" && request.headers["idempotency-key"];
  const text = JSON.stringify(answer.body);
  response.writeHead(answer.status, { "content-type": answer.type, ...answer.headers, ...(echo && { "idempotency-key": echo }) }).end(text);
}

// Nothing is made twice of one body, and that is all.
function refusedOrMade(shop, request, body) {
  if (shop.records.has(body)) return json(409, { error: "there is one already" });
  shop.records.set(body, true);
  return carriedOut(shop, request, body);
}

// The layer's own refusals, as somebody writes them who has not read on.
function shaped({ flaw, dialect }, answer) {
  const isRefusal = [dialect.missing, dialect.malformed, dialect.reused, dialect.inFlight].includes(answer);
  return flaw === "bare refusals" && isRefusal ? { status: answer.status, type: "application/json", body: "No." } : answer;
}

async function answered(shop, request, response, body) {
  const { dialect, flaw, records } = shop;
  const lines = request.headersDistinct["idempotency-key"];
  if (flaw === "refuses what is there") return refusedOrMade(shop, request, body);
  if (flaw === "does nothing" || flaw === "makes nothing") return carriedOut(shop, request, body);
  if (lines === undefined) return (flaw !== "no key needed" && dialect.missing) || carriedOut(shop, request, body);
  const key = keyOf(shop, lines);
  if (key === undefined) return dialect.malformed;
  const name = nameOf(shop, request, key);
  const fingerprint = fingerprintOf(shop, request, body);
  const known = records.get(name);
  if (known) return again(shop, known, fingerprint) ?? carriedOut(shop, request, body);
  if (flaw === "race") await pause(RACE_MS);
  const record = { fingerprint };
  records.set(name, record);
  if (flaw.startsWith("forgets who hung up")) response.once("close", () => response.writableFinished || records.delete(name));
  const answer = await carriedOut(shop, request, body);
  record.answer = answer;
  if (isForgotten(shop, answer)) records.delete(name);
  return answer;
}

function keyOf({ dialect, flaw }, lines) {
  if (flaw === "any key") return lines.join();
  if (flaw === "one key") return "one";
  return flaw === "short keys" && lines[0].length > 64 ? undefined : dialect.key(lines);
}

function fingerprintOf({ dialect, flaw }, request, body) {
  const text = dialect.fingerprint && flaw !== "by bytes" ? dialect.fingerprint(body) : body;
  return text + (dialect.byPath ? "" : request.url);
}

function nameOf({ dialect, flaw }, request, key) {
  const caller = flaw === "leaks" ? "" : (request.headers.authorization ?? "");
  const path = dialect.byPath && flaw !== "one for all paths" ? request.url.split("?")[0] : "";
  return createHash("sha256").update(JSON.stringify([caller, path, key])).digest("hex");
}

function again({ dialect, flaw }, { fingerprint, answer }, other) {
  if (fingerprint !== other && flaw === "runs other bodies") return undefined;
  if (fingerprint !== other && flaw !== "any body") return dialect.reused;
  if (!answer && flaw === "runs beside") return undefined;
  if (!answer) return flaw === "no hint" ? { ...dialect.inFlight, headers: {} } : dialect.inFlight;
  if (flaw === "other bytes") return { ...answer, body: { ...answer.body, again: true } };
  return /no mark|marks nothing/.test(flaw) ? answer : { ...answer, headers: { ...answer.headers, "idempotent-replayed": "true" } };
}

function isForgotten({ dialect, flaw }, { status }) {
  return (flaw === "forgets errors" && status >= 400) || Boolean(dialect.fresh?.(status) && flaw !== "keeps errors");
}

async function carriedOut(shop, request, body) {
  const { searchParams } = new URL(request.url, "http://shop");
  await pause(Number(searchParams.get("delay") ?? WORK_MS));
  if (shop.flaw === "makes nothing") return json(200, { id: "1" });
  shop.made += 1;
  shop.ledger();
  const status = Number(searchParams.get("status") ?? 201);
  return json(status, { id: randomUUID(), received: body.length });
}

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, sorted(member)]));
}
