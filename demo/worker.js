// The existing origin of the demo: a small shop that takes orders.
//
// 1. It has no notion of a repeated request: every valid POST /orders is
//    executed and gets a number of its own. Whoever wants it once must see to
//    that in front of it.
// 2. What it did is in its ledger (ledger.js), which anyone may read and empty.
// 3. It can be asked for faults (faults.js), always in the query, so that
//    the same URL is the same request with the same fate.
// 4. `?ledger=<name>` picks a ledger; visitors and tests do not see each other.
// 5. GET /orders?idempotency_key=<key> finds the orders whose requests carried that key, as many
//    payment APIs do: it is how somebody can ask what became of one.
// 6. /orders-by-key is /orders with a ledger for each key, named as the key is, unless the query names
//    another: so an order is found by its key alone, as with an API that has one ledger for all.
// 7. GET /shop tells where the shop was called and what time it has.
// 8. Every other path is a static file.

import { Refusal, json, refuseMethod, refusalResponse } from "./answer.js";
import { allowAnyPage, preflight } from "./cors.js";
import { faultsFrom, respondWithFaults } from "./faults.js";
import { orderFrom } from "./order.js";
import { queueOrder } from "./queued-orders.js";

export { Ledger } from "./ledger.js";

const MAX_LISTED = 1000;
const DEFAULT_LISTED = 100;

export default {
  async fetch(request, env, ctx) {
    // A shop finishes an order whose caller has hung up; without waitUntil the
    // runtime would cancel the work together with the request.
    const answer = route(request, env);
    ctx.waitUntil(answer.then(() => {}, () => {}));
    return answer;
  },
};

async function route(request, env) {
  const url = new URL(request.url);
  const [, first, second, ...rest] = url.pathname.split("/");
  const handler = rest.length === 0 && handlerFor(first, second);
  if (!handler) return serveFile(request, env);
  if (request.method === "OPTIONS") return preflight();
  return allowAnyPage(await handler(request, url, env, second).catch(errorResponse));
}

function handlerFor(first, second) {
  if (first === "orders" && second === "later") return queueOrder;
  if (first === "orders" && second !== "") return second === undefined ? orders : oneOrder;
  if (second !== undefined) return undefined;
  return { "orders-by-key": orders, ledger, shop }[first];
}

async function orders(request, url, env) {
  if (request.method === "GET") return ordersByKey(url, env);
  if (request.method === "POST") return placeOrder(request, url, env);
  return refuseMethod(request.method, url.pathname, "GET, POST");
}

async function placeOrder(request, url, env) {
  const shop = ledgerOf(url, env, request.headers.get("idempotency-key"));
  const faults = faultsFrom(url.searchParams);
  const order = await orderFrom(request);
  return respondWithFaults(faults, {
    execute: () => shop.execute(order, headersOf(request)),
    answer: (executed) => orderResponse(executed ?? { ...order, executed_at: null }, url),
  });
}

function orderResponse(order, url) {
  const headers = order.id ? { location: orderUrl(order.id, url) } : {};
  return { status: 201, headers, body: order };
}

async function ordersByKey(url, env) {
  const key = keyFrom(url.searchParams);
  const shop = ledgerOf(url, env, key);
  return respondWithFaults(faultsFrom(url.searchParams), {
    execute: () => shop.findByKey(key),
    answer: (found) => ({ status: 200, headers: { "cache-control": "no-store" }, body: { data: found ?? [] } }),
  });
}

function keyFrom(query) {
  const text = query.get("idempotency_key") ?? "";
  const key = unquoted(text);
  if (key !== "") return key;
  throw new Refusal(400, "key-missing",
    `idempotency_key "${text}" names no order's key: write for example idempotency_key=8e03978e-40d5.`);
}

/** A key as it is, or as the header spells it, in quotes. */
function unquoted(text) {
  return /^".*"$/.test(text) ? text.slice(1, -1).replace(/\\(.)/g, "$1") : text;
}

async function oneOrder(request, url, env, id) {
  if (request.method !== "GET") refuseMethod(request.method, url.pathname, "GET");
  const shop = ledgerOf(url, env);
  return respondWithFaults(faultsFrom(url.searchParams), {
    execute: () => shop.find(id),
    answer: (order) => foundResponse(order, id),
  });
}

function foundResponse(order, id) {
  if (order) return { status: 200, headers: {}, body: order };
  throw new Refusal(404, "order-unknown",
    `Order "${id}" is not in this ledger: it keeps the last 1,000; GET /ledger lists them.`);
}

async function ledger(request, url, env) {
  const shop = ledgerOf(url, env);
  if (request.method === "DELETE") {
    await shop.clear();
    return new Response(null, { status: 204 });
  }
  if (request.method !== "GET") refuseMethod(request.method, url.pathname, "GET, DELETE");
  const listing = await shop.list(url.searchParams.get("item"), limitOf(url.searchParams));
  return json(200, listing, { "cache-control": "no-store" });
}

// Its own address, also for a caller who came through something in front of it.
async function shop(request, url) {
  if (request.method !== "GET") refuseMethod(request.method, url.pathname, "GET");
  return json(200, { address: url.origin, time: new Date().toISOString() }, { "cache-control": "no-store" });
}

function limitOf(query) {
  const text = query.get("limit") ?? String(DEFAULT_LISTED);
  if (/^\d{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= MAX_LISTED) return Number(text);
  throw new Refusal(400, "limit-invalid",
    `limit "${text}" is not a whole number from 1 to ${MAX_LISTED}: write limit=${DEFAULT_LISTED}.`);
}

/** `key` is the one of the order that is placed or looked for. */
function ledgerOf(url, env, key) {
  const usual = key && url.pathname === "/orders-by-key" ? unquoted(key) : "main";
  const name = url.searchParams.get("ledger") ?? usual;
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(name)) {
    throw new Refusal(400, "ledger-invalid",
      `ledger "${name.slice(0, 80)}" is not a name: use 1 to 64 of A-Z a-z 0-9 _ -.`);
  }
  return env.LEDGER.get(env.LEDGER.idFromName(name));
}

// Absolute and on the host the request came to, as most frameworks write it.
function orderUrl(id, url) {
  const target = new URL(`/orders/${id}`, url);
  const name = url.searchParams.get("ledger");
  if (name) target.searchParams.set("ledger", name);
  return target.href;
}

// The ledger can be read by anyone, so credentials stay out of it.
function headersOf(request) {
  const credentials = new Set(["authorization", "cookie", "x-api-key"]);
  return Object.fromEntries([...request.headers].filter(([name]) => !credentials.has(name)));
}

async function serveFile(request, env) {
  return env.ASSETS.fetch(request);
}

function errorResponse(error) {
  if (error instanceof Refusal) return refusalResponse(error);
  throw error;
}
