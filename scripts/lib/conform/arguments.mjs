// The kit's command line. Every mistake names the argument, what is wrong with it, and what is allowed.
import { readFileSync } from "node:fs";
import { commandLine } from "../command.mjs";
import { Failure } from "../log.mjs";
import { PROFILES } from "./profiles.mjs";
import { parsedArguments } from "../usage.mjs";

export const USAGE = `${commandLine("conform", "<url> [options]")}
Whether an endpoint that creates something keeps what its clients are promised of an idempotency key.
It really creates things there, and does not delete them: use a test system.
  <url>                  the endpoint, such as https://api.example.com/orders
  --profile NAME         whose rules: draft (the default), stripe, acp, ucp; --list shows them and sends nothing
  --method POST          the method of the endpoint
  --body TEXT            a body that it accepts; {unique} in it is another text for each operation
  --body-file FILE       the same from a file
  --changed-body TEXT    another body that it accepts; else a member of --body is changed
  --form                 the bodies are forms, not JSON
  --header 'Name: value' for each request, repeatable; @FILE reads them from a file, one a line
  --other 'Name: value'  the second caller's credential, in place of --header's of that name; or @FILE
  --other-url URL        another endpoint that accepts the same body
  --id /id               JSON pointer to what names the created thing in an answer; else all of the answer counts
  --count COMMAND        prints how many things there are; is run before and after
  --slow VARIATION       makes the endpoint slow, by half a second or more
  --server-error VARIATION, --client-error VARIATION   make it answer 5xx or 4xx
                         a variation is '?status=500', added to the URL, 'Name: value', a header, or another body
  --key-header NAME      another header than Idempotency-Key
  --spelling quoted|bare how the key is written; else as the profile has it
  --concurrency 10       how many requests are sent at once under one key, 2 to 100
  --timeout 30s          how long an answer may take
  --only ID,ID           these checks alone
  --json FILE, --junit FILE   the report for programs as well; - is standard output
Ends with 0 where every must that was tried holds, 1 where one does not, 2 where it could not ask.`;

const text = { type: "string" };
const many = { type: "string", multiple: true, default: [] };
const OPTIONS = {
  profile: { type: "string", default: "draft" },
  list: { type: "boolean", default: false },
  method: { type: "string", default: "POST" },
  body: text,
  "body-file": text,
  "changed-body": text,
  form: { type: "boolean", default: false },
  header: many,
  other: many,
  "other-url": text,
  id: text,
  count: text,
  slow: text,
  "server-error": text,
  "client-error": text,
  "key-header": { type: "string", default: "Idempotency-Key" },
  spelling: text,
  concurrency: { type: "string", default: "10" },
  timeout: { type: "string", default: "30s" },
  only: text,
  json: text,
  junit: text,
};

const UNITS = { ms: 1, s: 1_000, m: 60_000 };
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const UNSENDABLE = /[^\t\x20-\x7e\x80-\xff]/;
const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*)$/;

export function asked(args) {
  const { values, positionals } = parsedArguments(args, OPTIONS, USAGE, true);
  const profile = profileNamed(values.profile);
  if (values.list) return { list: true, profile };
  refuseOtherThanOne(positionals);
  const template = body(values, profile);
  const question = {
    profile,
    url: endpoint(positionals[0], "<url>"),
    method: method(values.method),
    body: template,
    changedBody: values["changed-body"],
    form: values.form || (profile.form === true && !jsonLike(template)),
    headers: values.header.flatMap((value) => headers(value, "--header")),
    other: values.other.flatMap((value) => headers(value, "--other")),
    otherUrl: values["other-url"] && endpoint(values["other-url"], "--other-url"),
    id: values.id === undefined ? undefined : pointer(values.id),
    count: values.count,
    slow: variation(values.slow),
    serverError: variation(values["server-error"]),
    clientError: variation(values["client-error"]),
    keyHeader: token(values["key-header"], "--key-header"),
    spelling: spelling(values.spelling ?? profile.spelling),
    concurrency: whole(values.concurrency, "--concurrency", 2, 100),
    timeout: span(values.timeout, "--timeout"),
    only: values.only && known(values.only.split(",").map((id) => id.trim()), profile),
    json: values.json,
    junit: values.junit,
  };
  refuseTwice(values);
  return question;
}

function refuseOtherThanOne([first, second]) {
  if (first === undefined) throw new Failure("no <url> is given", { cure: USAGE });
  if (second !== undefined) throw new Failure(`"${second}" is one <url> too many`, { cure: USAGE });
}

function refuseTwice({ json, junit }) {
  if (json !== "-" || junit !== "-") return;
  throw new Failure("--json and --junit both want standard output", { cure: "name a file for one of them" });
}

function profileNamed(name) {
  if (Object.hasOwn(PROFILES, name)) return PROFILES[name];
  throw new Failure(`--profile "${name}" is not known`, { cure: `choose from ${Object.keys(PROFILES).join(", ")}` });
}

function endpoint(value, name) {
  if (!/^https?:\/\//i.test(value) || !URL.canParse(value)) {
    throw new Failure(`${name} "${value}" is not an http or https URL`, { cure: "write it as https://api.example.com/orders" });
  }
  const url = new URL(value);
  if (url.username || url.password) throw new Failure(`${name} has a name or a password in it`, { cure: "write them as --header 'Authorization: Basic …'" });
  url.hash = "";
  return url;
}

function method(value) {
  if (/^[A-Z]+$/.test(value) && !["GET", "HEAD", "OPTIONS", "CONNECT", "TRACE"].includes(value)) return value;
  throw new Failure(`--method "${value}" is none that creates something`, { cure: "write --method POST, in upper case" });
}

function body(values, profile) {
  const { body: text, "body-file": file } = values;
  if (text !== undefined && file !== undefined) throw new Failure("--body and --body-file say the same thing twice", { cure: "leave one out" });
  return file === undefined ? (text ?? profile.body) : fileText(file, "--body-file");
}

function jsonLike(value) {
  return /^\s*[{[]/.test(value ?? "");
}

function fileText(file, name) {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new Failure(`${name} ${file} could not be read: ${error.message}`, { cure: "name a file that is there" });
  }
}

function headers(value, name) {
  if (value.startsWith("@")) {
    const lines = fileText(value.slice(1), name).split(/\r?\n/);
    return lines.filter((line) => line.trim() !== "").map((line) => header(line, name));
  }
  return [header(value, name)];
}

// The value may be a credential: it is not repeated.
function header(line, name) {
  const match = line.match(HEADER);
  if (!match) throw new Failure(`${name} has a header without a name`, { cure: `write ${name} 'Authorization: Bearer …'` });
  if (UNSENDABLE.test(match[2])) {
    throw new Failure(`${name} "${match[1]}: …" holds a character that no header can carry`, { cure: "remove line breaks and control characters" });
  }
  return [match[1], match[2].trim()];
}

function variation(value) {
  if (value === undefined) return undefined;
  if (value.startsWith("?")) return { query: value.slice(1) };
  const match = value.match(HEADER);
  return match ? { header: [match[1], match[2].trim()] } : { body: value };
}

function pointer(value) {
  if (value === "" || value.startsWith("/")) return value.split("/").slice(1).map(unescaped);
  throw new Failure(`--id "${value}" is no JSON pointer`, { cure: "write --id /id, or --id /data/0/id" });
}

function unescaped(part) {
  return part.replaceAll("~1", "/").replaceAll("~0", "~");
}

function token(value, name) {
  if (TOKEN.test(value)) return value;
  throw new Failure(`${name} "${value}" is no header's name`, { cure: `write ${name} Idempotency-Key` });
}

function spelling(value) {
  if (value === "quoted" || value === "bare") return value;
  throw new Failure(`--spelling "${value}" is not known`, { cure: "write --spelling quoted, or --spelling bare" });
}

function whole(value, name, least, most) {
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= least && number <= most) return number;
  throw new Failure(`${name} "${value}" is no whole number from ${least} to ${most}`, { cure: `write ${name} 10` });
}

function span(value, name) {
  const match = value.match(/^(\d+)(ms|s|m)$/);
  const ms = match && match[1] * UNITS[match[2]];
  if (ms >= 100 && ms <= 300_000) return ms;
  throw new Failure(`${name} "${value}" is no span of time from 100ms to 5m`, { cure: `write it with its unit: ${name} 30s` });
}

function known(ids, profile) {
  const all = profile.checks.map(({ id }) => id);
  const strange = ids.filter((id) => !all.includes(id));
  if (strange.length === 0) return ids;
  throw new Failure(`--only: ${profile.name} has no check ${strange.map((id) => `"${id}"`).join(", ")}`, { cure: `choose from ${all.join(", ")}` });
}
