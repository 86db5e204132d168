// Takes out of a document what an earlier run has written into it, so that each run begins with the
// author's own words. Rules:
// 1. Ours is what refers to a component that carries our mark, and the marked components themselves.
// 2. A copy gives way to what it is a copy of.
// 3. What the author wrote into `x-onlyonce` (`unguarded`, `routes`) stays.
import { isObject, METHODS } from "./document.mjs";
import { componentOf, isOurs, MARK } from "./components.mjs";

const AUTHORS = ["unguarded", "routes"];

/** Changes `document` in place. */
export function strip(document) {
  for (const operation of allOperations(document)) stripOperation(operation, document);
  stripComponents(document);
}

function allOperations(document) {
  const items = [...Object.values(document.paths ?? {}), ...Object.values(document.components?.pathItems ?? {})].filter(isObject);
  return items.flatMap((item) => METHODS.map((method) => item[method])).filter(isObject);
}

function stripOperation(operation, document) {
  stripParameters(operation, document);
  for (const [status, response] of Object.entries(operation.responses ?? {})) {
    const kept = strippedResponse(response, document);
    if (kept === undefined) delete operation.responses[status];
    else operation.responses[status] = kept;
  }
  keepAuthors(operation);
}

function stripParameters(operation, document) {
  if (!operation.parameters?.some((parameter) => isOurs(parameter, document))) return;
  operation.parameters = operation.parameters.map((parameter) => original(parameter, document)).filter(Boolean);
  if (operation.parameters.length === 0) delete operation.parameters;
}

/** The node itself, what it is a copy of, or undefined where it is ours alone. */
function original(node, document) {
  if (!isOurs(node, document)) return node;
  const { copy_of: ref } = componentOf(node, document)[MARK];
  return ref === undefined ? undefined : { ...node, $ref: ref };
}

function strippedResponse(response, document) {
  if (isOurs(response, document)) return original(response, document);
  if (isObject(response)) stripInline(response, document);
  return response;
}

function stripInline(response, document) {
  removeOurs(response, "headers", (header) => isOurs(header, document));
  for (const media of Object.values(response.content ?? {}).filter(isObject)) removeOurs(media, "examples", (example) => isOurs(example, document));
  removeOurs(response, "content", (media) => isObject(media) && [media.schema, media.schema?.anyOf?.[0]].some((schema) => isOurs(schema, document)));
}

function removeOurs(holder, member, ours) {
  const entries = holder[member];
  if (!isObject(entries)) return;
  const names = Object.keys(entries).filter((name) => ours(entries[name]));
  for (const name of names) delete entries[name];
  if (names.length > 0 && Object.keys(entries).length === 0) delete holder[member];
}

function keepAuthors(operation) {
  const written = operation[MARK];
  if (!isObject(written)) return;
  const kept = Object.entries(written).filter(([name]) => AUTHORS.includes(name));
  if (kept.length > 0) operation[MARK] = Object.fromEntries(kept);
  else delete operation[MARK];
}

function stripComponents(document) {
  const { components } = document;
  if (!isObject(components)) return;
  const kinds = Object.keys(components).filter((kind) => isObject(components[kind]));
  const had = kinds.some((kind) => Object.values(components[kind]).some((one) => isObject(one) && one[MARK] !== undefined));
  for (const kind of kinds) removeOurs(components, kind, (one) => isObject(one) && one[MARK] !== undefined);
  if (had && Object.keys(components).length === 0) delete document.components;
}
