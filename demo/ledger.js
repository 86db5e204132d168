// The shop's ledger: what it executed, one line for each execution.
//
// 1. Every execution is a line of its own; equal orders are not merged.
// 2. The last 1,000 lines are kept; the total counts all of them.
// 3. Reading writes nothing: the tables are made by the first execution.
// 4. A ledger untouched for 30 days empties itself.
// 5. An order is found by the Idempotency-Key that its request carried, in either spelling of the
//    header. The index is made by an execution, as the table is: a ledger from before has it with its next.

import { DurableObject } from "cloudflare:workers";

const MAX_EXECUTIONS = 1000;
const EXPIRY = 30 * 24 * 60 * 60 * 1000;
const MAX_HEADERS = 8 * 1024;

/** Where a line has its request's key, as the header wrote it. */
const KEY_HEADER = `json_extract(headers, '$."idempotency-key"')`;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS executions (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    item TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    price_cents INTEGER NOT NULL,
    executed_at TEXT NOT NULL,
    headers TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS executions_by_key ON executions (${KEY_HEADER})`;

export class Ledger extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    this.sql = ctx.storage.sql;
  }

  async execute(order, headers) {
    this.sql.exec(SCHEMA);
    const number = this.total() + 1;
    const line = { id: crypto.randomUUID(), number, ...order, executed_at: new Date().toISOString() };
    this.append(line, headers);
    this.sql.exec("DELETE FROM executions WHERE number <= ?", number - MAX_EXECUTIONS);
    await this.ctx.storage.setAlarm(Date.now() + EXPIRY);
    return line;
  }

  append({ number, id, item, quantity, price_cents, executed_at }, headers) {
    this.sql.exec(
      `INSERT INTO executions (number, id, item, quantity, price_cents, executed_at, headers)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
      number, id, item, quantity, price_cents, executed_at, headersText(headers),
    );
  }

  find(id) {
    return this.lines("WHERE id = ?", id).map(withoutHeaders)[0] ?? null;
  }

  /** The orders whose requests carried this key, the newest last. */
  findByKey(key) {
    return this.lines(`WHERE ${KEY_HEADER} IN (?, ?) ORDER BY number`, key, quoted(key)).map(withoutHeaders);
  }

  list(item, limit) {
    const [where, ...values] = item === null ? [""] : ["WHERE item = ?", item];
    const newest = this.lines(`${where} ORDER BY number DESC LIMIT ?`, ...values, limit);
    return {
      total: this.total(),
      matching: this.count(where, ...values),
      orders: this.orderCounts(where, ...values),
      executions: newest.reverse(),
    };
  }

  async clear() {
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
  }

  async alarm() {
    await this.clear();
  }

  // Numbers have no gaps and old lines go first, so the last number is the total.
  total() {
    return this.exists() ? this.sql.exec("SELECT max(number) AS total FROM executions").one().total ?? 0 : 0;
  }

  count(where, ...values) {
    if (!this.exists()) return 0;
    return this.sql.exec(`SELECT count(*) AS lines FROM executions ${where}`, ...values).one().lines;
  }

  orderCounts(where, ...values) {
    if (!this.exists()) return [];
    return this.sql.exec(
      `SELECT item, quantity, price_cents, count(*) AS executed FROM executions ${where}
       GROUP BY item, quantity, price_cents ORDER BY max(number)`, ...values).toArray();
  }

  lines(rest, ...values) {
    if (!this.exists()) return [];
    const rows = this.sql.exec(`SELECT * FROM executions ${rest}`, ...values).toArray();
    return rows.map((row) => ({ ...row, headers: JSON.parse(row.headers) }));
  }

  exists() {
    const tables = this.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'executions'");
    return tables.toArray().length > 0;
  }
}

// A structured-field string (RFC 9651).
function quoted(key) {
  return `"${key.replace(/["\\]/g, "\\$&")}"`;
}

function withoutHeaders({ headers, ...order }) {
  return order;
}

function headersText(headers) {
  const text = JSON.stringify(headers);
  return text.length <= MAX_HEADERS ? text : JSON.stringify({ "(left out)": `${text.length} characters` });
}
