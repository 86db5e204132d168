// The doctor's command line. Every mistake names the argument, what is wrong with it, and what is
// allowed. A key is only known to the guard together with whose it is, hence --scope and --realm.
import { START, commandLine } from "../command.mjs";
import { Failure } from "../log.mjs";
import { parsedArguments } from "../usage.mjs";

export const USAGE = `${commandLine("doctor", "…")}
What happened to a request that seems to have been carried out twice, and what to do.
  <url> <key or record id>... [options]       what happened under these keys
  <url> --unknown                             what nobody knows, and how to end it
  --log FILE [--since T] [--until T]          the duplicates of a period
  [<url>] <key or record id>... --log FILE    both: its whole history

  <url>              where the guard answers, such as https://api.example.com
  --token TOKEN      the guard's ADMIN_TOKEN; better in the environment, where \`ps\` does not show it
  --scope NAME=VALUE whose key it is: header:authorization="Bearer …", header:x-api-key=…,
                     jwt:iss=… and jwt:sub=…; repeat it for each part of the policy's scope
  --realm NAME       the policy's realm, where it is not the host of <url>
  --log FILE         what \`wrangler tail --format json\` or \`${START}\` printed; - for standard input
  --since, --until   2026-11-22T21:00:00Z, or how long ago: 90m, 2h, 3d
  --near 30s         how close together the same request counts as one operation sent twice
  --window 24h       the policy's retry_window, where the guard cannot be asked
  --answer           shows what the origin answered; a sealed answer only where the key is named
  --unknown          every outcome that is unknown now, the newest first
  --json             the same as JSON
Behind Cloudflare Access it shows the service token of CF_ACCESS_CLIENT_ID and CF_ACCESS_CLIENT_SECRET, beside
the guard's own token or in its place.
Ends with 0 where nothing is wrong, 1 where something was found, 2 where it could not ask.`;

const text = { type: "string" };
const OPTIONS = {
  token: text,
  scope: { type: "string", multiple: true, default: [] },
  realm: text,
  log: text,
  since: text,
  until: text,
  near: { type: "string", default: "30s" },
  window: text,
  answer: { type: "boolean", default: false },
  unknown: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
};

// What JavaScript makes of other texts ("2" is a day of 2001) nobody meant.
const MOMENT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/;
const UNITS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const RECORD = /^[0-9a-f]{16}([0-9a-f]{48})?$/;

/** What is asked; `env` may hold ADMIN_TOKEN, and a service token of Cloudflare Access. */
export function question(args, env = {}, now = Date.now()) {
  const { values, positionals } = parsedArguments(args, OPTIONS, USAGE, true);
  const url = /^https?:\/\//i.test(positionals[0] ?? "") ? guardUrl(positionals.shift()) : undefined;
  const asked = {
    url,
    subjects: positionals.map(withoutQuotes),
    token: values.token ?? (env.ADMIN_TOKEN || undefined),
    access: serviceToken(env),
    scope: Object.fromEntries(values.scope.map(scopePart)),
    realm: values.realm,
    log: values.log,
    since: values.since && moment(values.since, "--since", now),
    until: values.until && moment(values.until, "--until", now),
    near: span(values.near, "--near"),
    window: values.window && span(values.window, "--window"),
    answer: values.answer,
    unknown: values.unknown,
    json: values.json,
  };
  refuseHalf(asked);
  return asked;
}

// As Access reads it (Cloudflare One, "Service tokens").
function serviceToken({ CF_ACCESS_CLIENT_ID: id, CF_ACCESS_CLIENT_SECRET: secret }) {
  if (id && secret) return { "cf-access-client-id": id, "cf-access-client-secret": secret };
  if (id || secret) throw new Failure(`CF_ACCESS_CLIENT_${id ? "SECRET" : "ID"} is not set, and its other half is`, { cure: "set both, or neither" });
  return undefined;
}

function guardUrl(value) {
  if (!URL.canParse(value)) throw new Failure(`<url> "${value}" is not a URL`, { cure: "write it as https://api.example.com" });
  return new URL(value).origin;
}

// A key as it stands in the header: a structured-field string (RFC 9651).
function withoutQuotes(subject) {
  return /^".*"$/.test(subject) ? subject.slice(1, -1).replace(/\\(["\\])/g, "$1") : subject;
}

function scopePart(value) {
  const at = value.indexOf("=");
  if (/^(header|cookie|query|jwt):[^=]+=/.test(value)) return [value.slice(0, at), value.slice(at + 1)];
  throw new Failure(`--scope "${value}" is no part of a scope`, { cure: `write --scope 'header:authorization=Bearer …'` });
}

function moment(value, name, now) {
  const ago = value.match(/^(\d+)([smhd])$/);
  const at = ago ? now - ago[1] * UNITS[ago[2]] : MOMENT.test(value) ? Date.parse(value) : NaN;
  if (!Number.isNaN(at)) return at;
  throw new Failure(`${name} "${value}" is no time`, { cure: `write ${name} 2026-11-22T21:00:00Z, a day such as 2026-11-22 (UTC), or how long ago: ${name} 2h` });
}

function span(value, name) {
  const match = value.match(/^(\d+)([smhd])$/);
  if (match) return match[1] * UNITS[match[2]];
  throw new Failure(`${name} "${value}" is no span of time`, { cure: `write it with its unit: ${name} 30s` });
}

/** A first word that is a host, with a port, a dot or a path. */
const HOST = /^(localhost|[a-z0-9-]+(\.[a-z0-9-]+)+|[a-z0-9.-]+:\d+)(:\d+)?(\/\S*)?$/i;

function refuseHalf({ url, subjects, token, access, log, since, until, unknown }) {
  if (!url && HOST.test(subjects[0] ?? "")) throw new Failure(`<url> "${subjects[0]}" has no scheme`, { cure: `write http://${subjects[0]}, or https://` });
  if (unknown && !url) throw new Failure("--unknown asks a guard, and no <url> is given", { cure: commandLine("doctor", "https://api.example.com --unknown") });
  if (!url && !log) throw new Failure("neither a <url> to ask nor a --log to read", { cure: USAGE });
  if (url && subjects.length === 0 && !log && !unknown) throw new Failure(`nothing to ask ${url} about`, { cure: `name a key or a record id\n${USAGE}` });
  if (url && (subjects.length > 0 || unknown) && !token && !access) {
    throw new Failure("no token, and the guard shows records to its operator alone", {
      cure: `ADMIN_TOKEN=… ${commandLine("doctor", "…")}, with the value of \`npx wrangler secret put ADMIN_TOKEN\``,
    });
  }
  const strange = !url && subjects.find((subject) => !RECORD.test(subject));
  if (strange) {
    throw new Failure(`"${strange}" is no record id, and a key alone does not name a record`, {
      cure: "add the <url>, so that the guard can find the key's record; or give the 16 or 64 hex digits of a record",
    });
  }
  if (since > until) throw new Failure("--since is later than --until", { cure: "exchange the two" });
}
