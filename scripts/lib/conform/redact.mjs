// Takes the credentials out of a report. Rules:
// 1. The value of every header that was given is one, but for those that say how something is written.
// 2. So are the values of a query. What follows a scheme ("Bearer …") is one by itself as well.
// 3. What is shorter than four characters is not taken out: it would tear holes into everything.
const NO_CREDENTIAL = new Set(["accept", "accept-language", "api-version", "content-type", "request-id", "stripe-version", "timestamp", "ucp-agent", "user-agent"]);
const LEAST = 4;
const MARK = "[credential]";

/** A report, or a text, without them. */
export function redacted(report, question) {
  return within(report, secretsOf(question));
}

function secretsOf({ headers, other, slow, serverError, clientError, url, otherUrl }) {
  const varied = [slow, serverError, clientError].map((variation) => variation?.header).filter(Boolean);
  const given = [...headers, ...other, ...varied].filter(([name]) => !NO_CREDENTIAL.has(name.toLowerCase())).map(([, value]) => value);
  const queries = [url, otherUrl].filter(Boolean).flatMap(({ searchParams }) => [...searchParams.values()]);
  const parts = [...given, ...queries].flatMap((value) => [value, value.replace(/^[A-Za-z][A-Za-z0-9-]* +/, ""), ...cookies(value)]);
  // The longest first, or a part would be taken out of a whole.
  return [...new Set(parts)].filter((value) => value.length >= LEAST).sort((a, b) => b.length - a.length);
}

function cookies(value) {
  return value.includes("=") ? value.split(/; */).map((pair) => pair.slice(pair.indexOf("=") + 1)) : [];
}

function within(value, secrets) {
  if (typeof value === "string") return secrets.reduce((text, secret) => text.replaceAll(secret, MARK), value);
  if (Array.isArray(value)) return value.map((member) => within(member, secrets));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, name === "quote" ? member : within(member, secrets)]));
}
