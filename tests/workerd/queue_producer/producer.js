// Stands between a test and the guard's queue consumer.
//
// 1. POST /deliver?queue=<name> hands the guard one batch, as the platform's broker does, and
//    answers with how its messages were settled. The broker's own choice of batches, ids and
//    attempts cannot be told what to do, and a redelivery is what the tests are about.
// 2. POST /send?type=<content type> sends one message to the queue "orders" by the real broker.
// 3. GET /letters lists what has come to the dead letters' queue since the start, and GET /outcomes what
//    was told of unknown outcomes.

const letters = [];
const outcomes = [];

export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    if (url.pathname === "/letters") return Response.json(letters);
    if (url.pathname === "/outcomes") return Response.json(outcomes);
    if (url.pathname === "/send") return send(await request.text(), url.searchParams.get("type"), env);
    return deliver(url.searchParams.get("queue"), await request.json(), env);
  },

  async queue(batch) {
    if (batch.queue === "outcomes") return void outcomes.push(...batch.messages.map(({ body }) => body));
    for (const { id, body } of batch.messages) letters.push({ id, body: shown(body) });
  },
};

async function send(text, contentType, env) {
  const bodies = { json: () => JSON.parse(text), text: () => text, bytes: () => new TextEncoder().encode(text) };
  await env.ORDERS.send(bodies[contentType](), { contentType });
  return new Response(null, { status: 204 });
}

async function deliver(queue, messages, env) {
  const batch = messages.map(({ id, attempts, age_ms, ...message }) => {
    return { id, attempts, timestamp: new Date(Date.now() - age_ms), body: bodyOf(message) };
  });
  const { outcome, retryBatch, explicitAcks, retryMessages } = await env.GUARD.queue(queue, batch);
  return Response.json({ outcome, retryBatch, explicitAcks, retryMessages });
}

// A JSON value, or bytes in hex digits.
function bodyOf({ body, hex }) {
  return hex === undefined ? body : Uint8Array.from(hex.match(/../g), (digits) => parseInt(digits, 16)).buffer;
}

// Bytes cannot stand in JSON.
function shown(value) {
  if (value.malformed instanceof ArrayBuffer) return { ...value, malformed: [...new Uint8Array(value.malformed)] };
  return value;
}
