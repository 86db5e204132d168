// The parameter in which an operation takes its key, for each source of `key_from` that is one. Rules:
// 1. A parameter is required only where a key is and it can stand nowhere else.
// 2. One that the document declares is kept: only its `required` is set right. One that other operations
//    share is copied for that, and one that a whole path shares is written anew beside the operation.
// 3. A key in quotes is longer than the key, so no greatest length is claimed of the header's value.
import { isParameter } from "./operations.mjs";

const WITHOUT_ONE = {
  required: "Required.",
  optional: "Without one the request is carried out each time it is sent.",
  derive: "Without one, a key is derived from the request and its credential.",
  generate: "Without one, a key is made and returned in the answer.",
  off: "",
};
const EXAMPLE = "8e03978e-40d5-43dd-bc93-6894a57f9324";

/** `[{ kind, name }]` of a route: `header:idempotency-key` is of the kind "header". */
export function sourcesOf({ key_from: sources }) {
  return sources.map((source) => {
    const at = source.indexOf(":");
    return { kind: source.slice(0, at), name: source.slice(at + 1) };
  });
}

/** Whether a parameter of this source must be there: the key is required and can stand nowhere else. */
export function isRequired(operation) {
  return operation.parts.every(({ route, watched }) => route.key === "required" && !watched) && sourcesOf(operation.route).length === 1;
}

export function declared({ parameters }, { kind, name }) {
  return parameters.find(({ value }) => isParameter(value, kind, name));
}

/** Adds to `target`, the operation's copy, what it lacks. */
export function addParameters(operation, target, { components }) {
  for (const source of sourcesOf(operation.route).filter(({ kind }) => kind === "header" || kind === "query")) {
    const known = declared(operation, source);
    if (known && (known.value.required === true) === isRequired(operation)) continue;
    const list = (target.parameters ??= []);
    if (!known) list.push(components.reference("parameters", nameFor(source), parameter(operation, source)));
    else if (!known.own) list.push(copied(known, operation, components, source));
    else if (known.written.$ref === undefined) setRequired(list[known.index], isRequired(operation));
    else list[known.index] = copied(known, operation, components, source);
  }
}

function setRequired(parameter, required) {
  if (required) parameter.required = true;
  else delete parameter.required;
}

function copied({ own, written, value }, operation, components, source) {
  const copy = { ...value };
  setRequired(copy, isRequired(operation));
  const mark = own && written.$ref.startsWith("#/") ? { copy_of: written.$ref } : true;
  return components.reference("parameters", nameFor(source), copy, mark);
}

function nameFor({ kind, name }) {
  return `Onlyonce${kind === "query" ? "Query" : ""}${headerName(name).replaceAll("-", "")}`;
}

function parameter(operation, source) {
  const { route } = operation;
  const { key_min_length: least, key_max_length: most } = route;
  const length = least === most ? `${most} characters` : `${least} to ${most} characters`;
  return {
    name: source.kind === "header" ? headerName(source.name) : source.name,
    in: source.kind,
    description: `Names this operation, ${length}: the same for every retry, a new one for a new operation. ${WITHOUT_ONE[route.key]}`.trim(),
    ...(isRequired(operation) ? { required: true } : {}),
    schema: { type: "string", minLength: least, ...(source.kind === "query" ? { maxLength: most } : {}) },
    example: EXAMPLE,
  };
}

/** A header's name as it is usually written: "Idempotency-Key". */
export function headerName(name) {
  return name.split("-").map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("-");
}
