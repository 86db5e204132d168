// The least that a guard can do, in JavaScript. floor.mjs and sharded-floor.mjs differ in which
// object a key belongs to, and in nothing else. Rules:
// 1. One put before the origin is called, one put after it answered, both under the key.
// 2. Requests that arrive during the call wait for it; later ones get what is stored.
// 3. Nothing else: no fingerprint, no credential, no deadline, no alarm, no limit, no log.
import { DurableObject } from "cloudflare:workers";

// A value of the storage holds 2 MB at most, so a larger body lies in rows.
const ROW = 1024 * 1024;
// The runtime ends a connection whose request is left unread, unless little of it is left.
const UNREAD = 16 * 1024;

/** A Worker whose guarded requests go to the object that `objectOf` names for their key. */
export function leastGuard(objectOf) {
  return {
    fetch(request, env) {
      const key = request.headers.get("idempotency-key");
      if (request.method !== "POST" || !key) return pass(request, env);
      return env.GUARD.getByName(objectOf(key)).fetch(request);
    },
  };
}

export class IdempotencyGuard extends DurableObject {
  calls = new Map();

  async fetch(request) {
    const key = request.headers.get("idempotency-key");
    const record = this.ctx.storage.kv.get(key);
    if (record?.status) return this.replay(request, key, record);
    const call = this.calls.get(key);
    if (call) return respond(await call, true);
    return respond(await this.begin(key, request), false);
  }

  begin(key, request) {
    const call = this.send(key, request).finally(() => this.calls.delete(key));
    this.calls.set(key, call);
    return call;
  }

  async send(key, request) {
    this.ctx.storage.kv.put(key, {});
    const response = await pass(request, this.env);
    const body = new Uint8Array(await response.arrayBuffer());
    const record = { status: response.status, headers: [...response.headers], body };
    keep(this.ctx.storage.kv, key, record);
    return record;
  }

  async replay(request, key, record) {
    if (Number(request.headers.get("content-length")) > UNREAD) await request.arrayBuffer();
    return respond(withBody(this.ctx.storage.kv, key, record), true);
  }
}

function keep(kv, key, record) {
  const { body } = record;
  if (body.length <= ROW) return kv.put(key, record);
  for (let at = 0; at < body.length; at += ROW) kv.put(`${key}/${at}`, body.slice(at, at + ROW));
  kv.put(key, { ...record, body: undefined, length: body.length });
}

function withBody(kv, key, record) {
  if (record.body) return record;
  const rows = [];
  for (let at = 0; at < record.length; at += ROW) rows.push(kv.get(`${key}/${at}`));
  return { ...record, body: new Blob(rows) };
}

function pass(request, env) {
  const url = new URL(request.url);
  return fetch(env.ORIGIN + url.pathname + url.search, request);
}

function respond({ status, headers, body }, replayed) {
  const response = new Response(body, { status, headers });
  if (replayed) response.headers.set("idempotency-replayed", "true");
  return response;
}
