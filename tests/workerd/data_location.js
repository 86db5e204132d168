// The guard with a namespace that writes down how it is asked for objects. The local runtime has
// neither jurisdictions nor regions, so where an object would be is told by what is called.
//   GET /.asked   the calls so far
import Guard, { IdempotencyGuard } from "../../src/worker.mjs";

export { IdempotencyGuard };

const asked = [];

function written(objects) {
  const calls = {
    jurisdiction(name) {
      asked.push({ jurisdiction: name });
      return written(objects);
    },
    getByName(name, options) {
      asked.push({ shard: name, ...options });
      return objects.getByName(name, options);
    },
  };
  return new Proxy(objects, { get: (_, name) => calls[name] ?? objects[name] });
}

export default {
  fetch(request, env, ctx) {
    if (new URL(request.url).pathname === "/.asked") return Response.json(asked);
    const GUARD = written(env.GUARD);
    return new Guard(ctx, new Proxy(env, { get: (_, name) => (name === "GUARD" ? GUARD : env[name]) })).fetch(request);
  },
};
