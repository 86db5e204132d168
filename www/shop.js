// Talks to the shop, through whatever stands in front of it.
//
// 1. Every call resolves: a lost connection is an answer too, with `lost`.
// 2. A guard's problem is told from the shop's own answers by Cache-Status.
// 3. An answer is final for its key when the shop carried the order out or
//    refused it for good; only then may an edit start a new order.

import { newKey } from "./key.js";

// Answers that mean "not processed, try again"; the guard frees the key on them.
const NOT_PROCESSED = new Set([401, 403, 407, 408, 425, 429]);

export const ledgerName = ledgerFromUrl() ?? ledgerOfThisBrowser();

export async function sendOrder(order, key, delay) {
  const started = performance.now();
  const answer = await attempt(ordersUrl(delay), {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": `"${key}"` },
    body: JSON.stringify(order),
  });
  return { ...answer, ms: Math.round(performance.now() - started) };
}

export function readLedger() {
  return attempt(`/ledger?${new URLSearchParams({ ledger: ledgerName, limit: 50 })}`);
}

export function emptyLedger() {
  return attempt(`/ledger?${new URLSearchParams({ ledger: ledgerName })}`, { method: "DELETE" });
}

export function isGuarded({ headers }) {
  return /(^|,)\s*onlyonce\s*(;|$)/i.test(headers?.get("cache-status") ?? "");
}

export function isFinal(answer) {
  if (answer.lost || answer.problem || NOT_PROCESSED.has(answer.status)) return false;
  return answer.status < 500;
}

async function attempt(url, init) {
  try {
    return await read(await fetch(url, { ...init, cache: "no-store" }));
  } catch (error) {
    return { lost: `No answer: ${error.message}. The order may have been executed; sending it again is safe with the same key.` };
  }
}

async function read(response) {
  const { status, statusText, headers } = response;
  const body = parse(await response.text());
  const problem = (headers.get("content-type") ?? "").startsWith("application/problem+json") ? body : null;
  return { status, statusText, headers, body, problem };
}

function parse(text) {
  try {
    return Object(JSON.parse(text));
  } catch {
    return { text };
  }
}

function ordersUrl(delay) {
  const query = new URLSearchParams({ ledger: ledgerName });
  if (delay > 0) query.set("delay", delay);
  return `/orders?${query}`;
}

function ledgerFromUrl() {
  return new URLSearchParams(location.search).get("ledger");
}

// Storage is refused in some private windows; then the ledger lasts as long as the page.
function ledgerOfThisBrowser() {
  const fresh = `page-${newKey()}`;
  try {
    localStorage.ledger ??= fresh;
    return localStorage.ledger;
  } catch {
    return fresh;
  }
}
