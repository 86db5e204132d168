// The floor: the least that a guard of this design can do, in JavaScript. Rules:
// 1. One object for each key. One put before the origin is called, one put after it answered.
// 2. Requests that arrive during the call wait for it; later ones get what is stored.
// 3. Nothing else: no fingerprint, no credential, no deadline, no alarm, no limit, no log.
import { DurableObject } from "cloudflare:workers";

export default {
  fetch(request, env) {
    const key = request.headers.get("idempotency-key");
    if (request.method !== "POST" || !key) return pass(request, env);
    return env.GUARD.getByName(key).fetch(request);
  },
};

export class IdempotencyGuard extends DurableObject {
  async fetch(request) {
    const known = this.ctx.storage.kv.get("record");
    if (known?.status) return this.again(request, known);
    if (this.call) return answer(await this.call, true);
    this.call = this.send(request);
    return answer(await this.call, false);
  }

  // The runtime ends a connection whose request is left unread, unless little of it is left.
  async again(request, known) {
    if (Number(request.headers.get("content-length")) > UNREAD) await request.arrayBuffer();
    return answer(this.whole(known), true);
  }

  whole(known) {
    if (known.body) return known;
    const rows = [];
    for (let at = 0; at < known.length; at += ROW) rows.push(this.ctx.storage.kv.get(`body/${at}`));
    return { ...known, body: new Blob(rows) };
  }

  async send(request) {
    this.ctx.storage.kv.put("record", {});
    const response = await pass(request, this.env);
    const body = new Uint8Array(await response.arrayBuffer());
    const record = { status: response.status, headers: [...response.headers], body };
    keep(this.ctx.storage.kv, record);
    return record;
  }
}

// A value of the storage holds 2 MB at most, so a larger body lies in rows.
const ROW = 1024 * 1024;
const UNREAD = 16 * 1024;

function keep(kv, record) {
  if (record.body.length <= ROW) return kv.put("record", record);
  for (let at = 0; at < record.body.length; at += ROW) kv.put(`body/${at}`, record.body.slice(at, at + ROW));
  kv.put("record", { ...record, body: undefined, length: record.body.length });
}

function pass(request, env) {
  const url = new URL(request.url);
  return fetch(env.ORIGIN + url.pathname + url.search, request);
}

function answer({ status, headers, body }, replayed) {
  const response = new Response(body, { status, headers });
  if (replayed) response.headers.set("idempotency-replayed", "true");
  return response;
}
