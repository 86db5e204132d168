// A guard that tells what it must not: it proves that the tests would notice.
import Guard, { IdempotencyGuard } from "../../src/worker.mjs";

export { IdempotencyGuard };

export default {
  async fetch(request, env, ctx) {
    const what = new URL(request.url).searchParams.get("tell");
    const told = what === "body" ? await request.clone().text() : request.headers.get(what);
    console.log(JSON.stringify({ told: what === "idempotency-key" ? told.slice(0, 9) : told }));
    return new Guard(ctx, env).fetch(request);
  },
};
