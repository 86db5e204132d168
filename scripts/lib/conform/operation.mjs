// What is sent: one operation's key and body, the same body written in another way, another body, and
// an endpoint's variations.
import { randomBytes, randomUUID } from "node:crypto";

const UNIQUE = "{unique}";

/** `{ key, body }`, of which nobody has heard. */
export function newOperation({ body }) {
  return { key: randomUUID(), body: filled(body) };
}

/** The body with a value of its own for {unique}. */
export function filled(template) {
  return template?.replaceAll(UNIQUE, `conform-${randomBytes(6).toString("hex")}`);
}

/** A key as it stands in its header. */
export function spelled(key, spelling) {
  return spelling === "quoted" ? `"${key}"` : key;
}

/** The request's URL, headers and body under a variation. */
export function varied({ url, headers, body }, variation) {
  if (variation === undefined) return { url, headers, body };
  if (variation.body !== undefined) return { url, headers, body: variation.body };
  if (variation.header) return { url, headers: replaced(headers, [variation.header]), body };
  const other = new URL(url);
  other.search = other.search ? `${other.search}&${variation.query}` : `?${variation.query}`;
  return { url: other, headers, body };
}

/** Headers, with others in the place of those of the same name. */
export function replaced(headers, others) {
  const names = new Set(others.map(([name]) => name.toLowerCase()));
  return [...headers.filter(([name]) => !names.has(name.toLowerCase())), ...others];
}

/**
 * Another body beside `body`, or undefined where none can be made: another {unique} where the template has one, else
 * another number, else another text.
 */
export function changed({ body: template, changedBody, form }, body) {
  if (changedBody !== undefined) return filled(changedBody);
  if (template?.includes(UNIQUE)) return filled(template);
  return form ? changedForm(body) : changedJson(body);
}

function changedJson(body) {
  const value = parsed(body);
  const change = findPlace(value, "number") ?? findPlace(value, "string");
  if (!change) return undefined;
  change();
  return JSON.stringify(value);
}

// The first member of that type, as a function that changes it.
function findPlace(value, type) {
  if (value === null || typeof value !== "object") return undefined;
  for (const [name, member] of Object.entries(value)) {
    if (typeof member === type) return () => (value[name] = type === "number" ? member + 1 : `${member} two`);
    const deeper = findPlace(member, type);
    if (deeper) return deeper;
  }
  return undefined;
}

function changedForm(body) {
  const fields = new URLSearchParams(body);
  const [name, value] = [...fields].find(([, text]) => /^\d+$/.test(text)) ?? [...fields][0] ?? [];
  if (name === undefined) return undefined;
  fields.set(name, /^\d+$/.test(value) ? String(Number(value) + 1) : `${value} two`);
  return fields.toString();
}

/** The same JSON with its members in the other order and with white space; undefined where it is none. */
export function rewritten(body) {
  const value = parsed(body);
  return value !== null && typeof value === "object" ? JSON.stringify(backwards(value), null, 2) : undefined;
}

function backwards(value) {
  if (Array.isArray(value)) return value.map(backwards);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).reverse().map(([name, member]) => [name, backwards(member)]));
}

function parsed(body) {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
