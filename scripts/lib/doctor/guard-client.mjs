// Asks a guard about keys, as its operator. Rules:
// 1. Health first: it tells a wrong address from a wrong token from an unknown key.
// 2. A subject of 64 hex digits is taken for a record id, and for a key where no such record is
//    known: a client may use a hash as its key.
// 3. Whatever keeps it from asking is one sentence: what was asked, what came, what to do.
import { START } from "../command.mjs";
import { Failure } from "../log.mjs";

const PATIENCE_MS = 10_000;
const MOST_PAGES = 10;
const RECORD_ID = /^[0-9a-f]{64}$/;

/** The guard's version, clock and window, and a record for each subject. */
export async function askGuard(asked) {
  const health = await askHealth(asked);
  const records = [];
  for (const subject of asked.subjects) records.push(await recordOf(asked, subject));
  const open = asked.unknown ? await listUnknown(asked) : { records: [], unreachable: [], more: false };
  return { ...health, records: [...records, ...open.records], unreachable: open.unreachable, more: open.more };
}

async function askHealth(asked) {
  const { url } = asked;
  const response = await send(asked, "/.onlyonce/health");
  const health = await json(response);
  if (response.status === 200 && typeof health?.default_window_ms === "number") {
    return { url, version: health.version, clock: health.server_time, window: health.default_window_ms };
  }
  const to = response.headers.get("location");
  if (to) throw new Failure(`${url} leads on to ${to.split("?")[0]}`, { cure: /\/cdn-cgi\/access\/|cloudflareaccess\.com/.test(to) ? ACCESS_CURE : "ask that address" });
  throw new Failure(`${url}/.onlyonce/health answered ${described(response)}, as no Onlyonce does`, {
    cure: "give the address at which the guard answers, not that of the origin behind it",
  });
}

// Page by page. Who has more than a thousand to settle does so by a program of their own.
async function listUnknown(asked) {
  const records = [];
  const unreachable = new Set();
  for (let next = "", pages = 0; next !== undefined; pages += 1) {
    if (pages === MOST_PAGES) return { records, unreachable: [...unreachable], more: true };
    const response = await send(asked, `/.onlyonce/unknown?limit=100${next && `&after=${next}`}`, { token: asked.token });
    const page = await json(response);
    if (response.status !== 200 || !Array.isArray(page?.unknown)) throw refused(asked, response, page, "unknown outcomes");
    records.push(...page.unknown.map((entry) => ({ ...entry, state: "unknown", asked: entry.record })));
    for (const shard of page.unreachable ?? []) unreachable.add(shard);
    next = page.next;
  }
  return { records, unreachable: [...unreachable], more: false };
}

async function recordOf(asked, subject) {
  if (RECORD_ID.test(subject)) {
    const record = await readRecord(asked, subject);
    if (record.state !== "vacant") return { ...record, asked: subject };
  }
  const id = await find(asked, subject);
  return { ...(await readRecord(asked, id, subject)), asked: subject, key: subject };
}

async function find(asked, key) {
  const response = await send(asked, "/.onlyonce/find", { method: "POST", body: question(asked, key), token: asked.token });
  const found = await json(response);
  if (response.status === 200 && found?.record) return found.record;
  throw refused(asked, response, found, `the key "${key}"`);
}

function question({ scope, realm }, key) {
  return JSON.stringify({ key, scope, realm });
}

// Of a sealed answer only who names its key can see more than its status.
async function readRecord(asked, id, key) {
  const path = `/.onlyonce/records/${id}`;
  const { token } = asked;
  const response = asked.answer && key !== undefined
    ? await send(asked, `${path}/open`, { method: "POST", body: question(asked, key), token })
    : await send(asked, asked.answer ? `${path}?body=1` : path, { token });
  const record = await json(response);
  if (record?.record && record.state) return record;
  throw refused(asked, response, record, `record ${id}`);
}

function refused(asked, response, problem, subject) {
  const { status } = response;
  if (status === 401 && problem?.error === "unauthorised") {
    return new Failure(`${asked.url} refused the token (401)`, {
      cure: "set ADMIN_TOKEN to the value that this deployment was given; `npx wrangler secret put ADMIN_TOKEN` gives it another",
    });
  }
  if (status === 404) {
    return new Failure(`${asked.url} answers no operator (404): its ADMIN_TOKEN is not set, nor its ACCESS_TEAM`, {
      cure: `npx wrangler secret put ADMIN_TOKEN; \`${START}\` prints its own`,
    });
  }
  const detail = problem?.detail ?? described(response);
  return new Failure(`${asked.url} could not answer about ${subject}: ${detail}`, { cure: status >= 500 ? "ask again; then look at the guard's log" : undefined });
}

const ACCESS_CURE = "Cloudflare Access is in front of it: set CF_ACCESS_CLIENT_ID and CF_ACCESS_CLIENT_SECRET to those of a service token that the application lets in";

async function send({ url, access }, path, { method = "GET", body, token } = {}) {
  const headers = { ...access, ...(token && { authorization: `Bearer ${token}` }), ...(body && { "content-type": "application/json" }) };
  try {
    // A redirect would be followed without the token.
    return await fetch(url + path, { method, body, headers, redirect: "manual", signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch (error) {
    throw unreachable(url, error);
  }
}

function unreachable(url, error) {
  if (error.name === "TimeoutError") {
    return new Failure(`${url} did not answer in ${PATIENCE_MS / 1000} seconds`, { cure: "see whether the guard is deployed there, and ask again" });
  }
  // A token with a line break in it cannot be sent.
  if (!error.cause) return new Failure(`${url} could not be asked: ${error.message}`, { cure: "look at the <url> and the token" });
  const { code, message } = error.cause;
  return new Failure(`${url} cannot be reached: ${code ?? message}`, { cure: `see whether the address is right and the guard runs; locally: ${START}` });
}

async function json(response) {
  try {
    return await response.json();
  } catch {
    return undefined;
  }
}

function described(response) {
  return `${response.status} ${response.headers.get("content-type") ?? "without a content type"}`;
}
