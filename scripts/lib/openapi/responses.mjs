// What the guard adds to the answers of an operation. Rules:
// 1. A success gets the guard's headers. One that the document declares is kept.
// 2. A refusal stands beside what the document says of its status; where it says that by a range
//    ("4XX") or by `default`, that is copied, for the status alone would hide it.
// 3. An answer that others share is copied once under a name of ours, and the operation refers to the copy.
import { isObject } from "./document.mjs";
import { headerName } from "./key-parameter.mjs";
import { schemaOf } from "./problem-schema.mjs";

/** Changes `target`, the operation's copy. */
export function addResponses(operation, target, context) {
  const responses = (target.responses ??= {});
  for (const status of Object.keys(responses).filter((name) => /^2(\d\d|XX)$/i.test(name))) {
    changeResponse(responses, status, operation, context, (response) => addHeaders(response, successHeaders(context)));
  }
  for (const [status, refusals] of refusalsOf(operation, context.contract)) addRefusals(responses, status, refusals, operation, context);
}

function changeResponse(responses, status, operation, context, change) {
  const written = responses[status];
  if (!isObject(written)) return;
  if (written.$ref === undefined) {
    change(written);
    return;
  }
  // What another file refers to would not be found from here.
  const found = context.references.resolve(written, operation.file);
  if (found?.file !== context.references.home || !isObject(found.value)) {
    context.notes.push({ operation, status, ref: written.$ref });
    return;
  }
  const copy = structuredClone(found.value);
  change(copy);
  const name = `Onlyonce_${written.$ref.split("/").at(-1)}_${status}`;
  responses[status] = { ...written, ...context.components.reference("responses", name, copy, { copy_of: written.$ref }) };
}

function successHeaders(context) {
  return headersOn(context, (on) => on !== "refusal");
}

function headersOn({ contract, components }, when) {
  const wanted = contract.headers.response.filter(({ on }) => on.some(when));
  return wanted.map(({ name, meaning }) => [name, components.reference("headers", `Onlyonce${name.replaceAll("-", "")}`, header(name, meaning))]);
}

function header(name, meaning) {
  return { description: meaning, schema: { type: /^(age|retry-after)$/i.test(name) ? "integer" : "string" } };
}

function addHeaders(response, headers) {
  const known = Object.keys(response.headers ?? {}).map((name) => name.toLowerCase());
  const missing = headers.filter(([name]) => !known.includes(name.toLowerCase()));
  if (missing.length > 0) response.headers = { ...response.headers, ...Object.fromEntries(missing) };
}

/** `[["409", [refusal, …]], …]` of an operation, in the order of their statuses; each knows its profile. */
function refusalsOf({ parts }, contract) {
  const byStatus = new Map();
  const routes = parts.filter(({ guarded, watched }) => guarded && !watched).map(({ route }) => route);
  for (const refusal of routes.flatMap((route) => refusalsAt(route, contract))) {
    for (const status of refusal.statuses) addOnce(byStatus, String(status), refusal);
  }
  return [...byStatus].sort(([one], [other]) => one - other);
}

function refusalsAt({ profile, key }, contract) {
  const all = contract.refusals[profile] ?? [];
  return all.filter(({ when_key: keys }) => keys === undefined || keys.includes(key)).map((refusal) => ({ ...refusal, profile }));
}

function addOnce(byStatus, status, refusal) {
  const list = byStatus.get(status) ?? [];
  if (!list.some(({ code, profile }) => code === refusal.code && profile === refusal.profile)) byStatus.set(status, [...list, refusal]);
}

function addRefusals(responses, status, refusals, operation, context) {
  if (responses[status] !== undefined) {
    changeResponse(responses, status, operation, context, (response) => merge(response, status, refusals, context));
    return;
  }
  const general = responses[`${status[0]}XX`] ?? responses[`${status[0]}xx`] ?? responses.default;
  const found = context.references.resolve(general, operation.file);
  const shared = found?.file === context.references.home && isObject(found.value) ? structuredClone(found.value) : { description: "" };
  shared.description = [`Refused by the guard: ${refusals.map(({ code }) => code).join(", ")}.`, shared.description].filter(Boolean).join(" Or: ");
  merge(shared, status, refusals, context);
  responses[status] = context.components.reference("responses", `OnlyonceRefusal${status}`, shared);
}

function merge(response, status, refusals, context) {
  for (const type of new Set(refusals.map(({ content_type: type }) => type))) {
    mergeContent(response, status, type, refusals.filter((refusal) => refusal.content_type === type), context);
  }
  const headers = headersOn(context, (on) => on === "refusal");
  addHeaders(response, headers);
}

function mergeContent(response, status, type, refusals, context) {
  const content = (response.content ??= {});
  const known = Object.keys(content).find((name) => name.toLowerCase() === type);
  const examples = Object.fromEntries(refusals.map((refusal) => [`onlyonce-${refusal.code}`, example(refusal, status, context)]));
  if (known === undefined) content[type] = { schema: problem(refusals, context), examples };
  else if (content[known].example === undefined) content[known] = { ...content[known], examples: { ...content[known].examples, ...examples } };
}

function example({ code, profile, title, meaning, example: body }, status, { components }) {
  const value = isObject(body) && typeof body.status === "number" ? { ...body, status: Number(status) } : body;
  return components.reference("examples", `Onlyonce_${profile}_${code}_${status}`, { summary: title, description: meaning, value });
}

function problem(refusals, context) {
  const profiles = [...new Set(refusals.map(({ profile }) => profile))];
  const schemas = profiles.map((profile) => profileProblem(profile, refusals[0].content_type, context));
  return schemas.length === 1 ? schemas[0] : { anyOf: schemas };
}

// One schema for each profile and content type: the shapes that a client may meet.
function profileProblem(profile, type, { components, contract }) {
  const refusals = contract.refusals[profile].filter(({ content_type: own }) => own === type);
  const codes = refusals.map(({ code }) => `\`${code}\``).join(", ");
  const name = `Onlyonce${profile === "draft" ? "" : headerName(profile)}Problem`;
  return components.reference("schemas", name, { description: `What the guard answers in place of the API. Codes: ${codes}.`, ...schemaOf(refusals.map(({ example: body }) => body)) });
}
