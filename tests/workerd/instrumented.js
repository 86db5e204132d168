// The guard with a counter around each of its bindings: everything goes on to the real thing, and
// what costs money is counted on the way. With METRICS_SINK it writes the metrics to the log, where
// the local runtime would drop them; "broken" is a dataset that refuses every point. OUTCOMES_SINK does
// the same for the messages of a queue. DEAD_SHARD names one that answers no operator.
//   GET /.counted   the counts since the last time it was asked
//   GET /.stored    how many rows the tables of the only shard hold, and how many of them it watches
//   GET /.spoil?id  makes a record in the only shard one that nobody can read
import Guard, { IdempotencyGuard as Shard } from "../../src/worker.mjs";

// Module scope: workerd runs the Worker and its objects in one isolate.
const counts = new Map();

function count(what, more = 1) {
  if (more > 0) counts.set(what, (counts.get(what) ?? 0) + more);
}

// Functions that belong to the platform's object are called on it and not on the proxy.
function around(target, replaced) {
  return new Proxy(target, {
    get(_, name) {
      if (name in replaced) return replaced[name];
      const value = target[name];
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function counted(target, names) {
  const methods = Object.entries(names).map(([name, what]) => [
    name,
    (...args) => {
      count(what);
      return target[name](...args);
    },
  ]);
  return around(target, Object.fromEntries(methods));
}

function countedEnv(env) {
  const replaced = {
    RESPONSES: env.RESPONSES && counted(env.RESPONSES, { get: "kv_reads", put: "kv_writes", delete: "kv_writes" }),
    METRICS: env.METRICS_SINK ? sink(env.METRICS_SINK) : env.METRICS,
    OUTCOMES: env.OUTCOMES_SINK ? queueSink(env.OUTCOMES, env.OUTCOMES_SINK) : env.OUTCOMES,
    GUARD: env.DEAD_SHARD ? without(env.GUARD, env.DEAD_SHARD) : env.GUARD,
  };
  return new Proxy(env, { get: (_, name) => (name in replaced ? replaced[name] : env[name]) });
}

function sink(kind) {
  return {
    writeDataPoint(point) {
      if (kind === "broken") throw new TypeError("this dataset takes no points");
      console.log(`POINT ${JSON.stringify(point)}`);
    },
  };
}

function queueSink(queue, kind) {
  return around(queue, {
    constructor: queue.constructor,
    async send(message) {
      if (kind === "broken") throw new Error("this queue takes no messages");
      console.log(`MESSAGE ${JSON.stringify(message)}`);
    },
  });
}

function without(objects, dead) {
  const getByName = (name) => {
    const stub = objects.getByName(name);
    return name === dead ? around(stub, { fetch: () => Promise.reject(new Error("it is dead")) }) : stub;
  };
  return around(objects, { getByName });
}

// The database says itself what it has read and written (SQL API, rowsRead and rowsWritten). What an
// instance reads once, its tables and buckets, and writes once, its tables, is not a request's.
const OF_THE_INSTANCE = /sqlite_master|RECURSIVE|CREATE TABLE/;

function countedSql(sql) {
  const exec = (statement, ...values) => {
    const cursor = sql.exec(statement, ...values);
    return around(cursor, {
      toArray() {
        const rows = cursor.toArray();
        if (!OF_THE_INSTANCE.test(statement)) {
          count("rows_read", cursor.rowsRead);
          count("rows_written", cursor.rowsWritten);
        }
        return rows;
      },
    });
  };
  return around(sql, { exec });
}

function countedState(state) {
  const setAlarm = (...args) => {
    count("alarms");
    return state.storage.setAlarm(...args);
  };
  const storage = around(state.storage, { sql: countedSql(state.storage.sql), setAlarm });
  return around(state, { storage });
}

export class IdempotencyGuard extends Shard {
  #sql;

  constructor(state, env) {
    super(countedState(state), countedEnv(env));
    this.#sql = state.storage.sql;
  }

  submit(message, headers, body) {
    count("object_requests");
    return super.submit(message, headers, body);
  }

  fetch(request) {
    const { pathname, search } = new URL(request.url);
    if (pathname === "/.stored") return Response.json(stored(this.#sql));
    if (pathname === "/.spoil") return Response.json(spoil(this.#sql, search.slice(1)));
    count("object_requests");
    return super.fetch(request);
  }

  alarm() {
    count("object_requests");
    return super.alarm();
  }
}

function stored(sql) {
  const rows = (table) => sql.exec(`SELECT count(*) AS rows FROM ${table}`).one().rows;
  const exists = sql.exec("SELECT name FROM sqlite_master WHERE name = 'bodies'").toArray().length > 0;
  if (!exists) return { records: 0, watched: 0, bodies: 0 };
  return { records: rows("records"), watched: rows("records WHERE bucket = 0"), bodies: rows("bodies") };
}

// The first byte of a record says its form.
function spoil(sql, id) {
  return sql.exec("UPDATE records SET record = x'ff' WHERE lower(hex(id)) = ?", id).rowsWritten;
}

export default {
  fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    if (pathname === "/.counted") return taken();
    if (pathname === "/.stored" || pathname === "/.spoil") return env.GUARD.getByName("shard/").fetch(request);
    return new Guard(ctx, countedEnv(env)).fetch(request);
  },
};

function taken() {
  const answer = Response.json(Object.fromEntries(counts));
  counts.clear();
  return answer;
}
