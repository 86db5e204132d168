// The guard with a counter around each of its bindings: everything goes on to the real thing, and
// what costs money is counted on the way. With METRICS_SINK it writes the metrics to the log, where
// the local runtime would drop them; "broken" is a dataset that refuses every point.
//   GET /.counted   the counts since the last time it was asked
//   GET /.rows      what the database itself counts for the statements behind put and get
import Guard, { IdempotencyGuard as Key } from "../../build/index.js";

// Module scope: workerd runs the Worker and its objects in one isolate.
const counts = new Map();

function count(what) {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}

function counted(target, names) {
  return new Proxy(target, {
    get(_, name) {
      const value = target[name];
      if (typeof value !== "function") return value;
      return (...args) => {
        const result = value.apply(target, args);
        // A row that is not there is not read (see /.rows); a KV entry that is not there is.
        if (name in names && !(names[name] === "rows_read" && result === undefined)) count(names[name]);
        return result;
      };
    },
  });
}

function countedEnv(env) {
  const replaced = {
    RESPONSES: env.RESPONSES && counted(env.RESPONSES, { get: "kv_reads", put: "kv_writes", delete: "kv_writes" }),
    METRICS: env.METRICS_SINK ? sink(env.METRICS_SINK) : env.METRICS,
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

function countedState(state) {
  const kv = counted(state.storage.kv, { get: "rows_read", put: "rows_written", delete: "rows_written" });
  const calls = counted(state.storage, { setAlarm: "rows_written" });
  const deleteAll = () => {
    for (const _ of state.storage.kv.list()) count("rows_written");
    return state.storage.deleteAll();
  };
  const replaced = { kv, deleteAll };
  const storage = new Proxy({}, { get: (_, name) => replaced[name] ?? calls[name] });
  return { storage, waitUntil: (promise) => state.waitUntil(promise) };
}

export class IdempotencyGuard extends Key {
  constructor(state, env) {
    super(state, env);
    this.sql = state.storage.sql;
    this.ctx = countedState(state);
    this.env = countedEnv(env);
  }

  submit(message, headers, body) {
    count("object_requests");
    return super.submit(message, headers, body);
  }

  fetch(request) {
    if (new URL(request.url).pathname === "/.rows") return Response.json(rows(this.sql));
    count("object_requests");
    return super.fetch(request);
  }

  alarm() {
    count("object_requests");
    return super.alarm();
  }
}

// The shape of the table behind `storage.kv`, under another name: the real one is closed to SQL.
function rows(sql) {
  const run = (statement, ...values) => {
    const cursor = sql.exec(statement, ...values);
    cursor.toArray();
    return [cursor.rowsRead, cursor.rowsWritten];
  };
  run("CREATE TABLE probe (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID");
  const put = "INSERT INTO probe VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value";
  const get = "SELECT value FROM probe WHERE key = ?";
  return { missed: run(get, "record"), put: run(put, "record", "a"), again: run(put, "record", "b"), got: run(get, "record") };
}

export default {
  fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    if (pathname === "/.counted") return taken();
    if (pathname === "/.rows") return env.GUARD.getByName("probe").fetch(request);
    return Guard.fetch(request, countedEnv(env), ctx);
  },
};

function taken() {
  const answer = Response.json(Object.fromEntries(counts));
  counts.clear();
  return answer;
}
