// Whether the body of an operation has the member in which its key stands: a field of a form, or what a
// JSON pointer names. A schema that does not list its properties may have any: that is no contradiction.
import { isObject } from "./document.mjs";

const FORMS = /^(application\/x-www-form-urlencoded|multipart\/form-data)\b/i;
const JSONS = /^[^;]*[/+]json\b/i;
// Schemas may refer to themselves.
const DEEPEST = 30;

/** `{ found, required }`; `found` is undefined where the document does not tell. */
export function bodyMember(operation, { kind, name }, references) {
  const body = references.resolve(operation.operation.requestBody, operation.file);
  if (!body) return { found: operation.operation.requestBody === undefined ? false : undefined, required: false };
  const types = kind === "form" ? FORMS : JSONS;
  const media = Object.entries(body.value?.content ?? {}).filter(([type]) => types.test(type)).map(([, value]) => value);
  if (media.length === 0) return { found: false, required: false };
  const path = kind === "form" ? [name] : name.slice(1).split("/").map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  const answers = media.map((one) => member(one?.schema, path, { references, file: body.file, depth: 0 }));
  return { found: all(answers.map(({ found }) => found)), required: answers.every(({ required }) => required) };
}

function all(values) {
  if (values.includes(false)) return false;
  return values.includes(undefined) ? undefined : true;
}

function member(schema, [name, ...rest], { references, file, depth }) {
  const resolved = references.resolve(schema, file);
  if (depth > DEEPEST || !isObject(resolved?.value)) return { found: undefined, required: false };
  const inside = { references, file: resolved.file, depth: depth + 1 };
  const branches = ["allOf", "anyOf", "oneOf"].flatMap((word) => (Array.isArray(resolved.value[word]) ? resolved.value[word] : []));
  const answers = branches.map((branch) => member(branch, [name, ...rest], inside));
  if (isObject(resolved.value.properties)) answers.push(ownMember(resolved.value, name, rest, inside));
  return joined(answers, resolved.value, name, rest);
}

function ownMember({ properties }, name, rest, inside) {
  if (!Object.hasOwn(properties, name)) return { found: false, required: false };
  return rest.length === 0 ? { found: true, required: false } : member(properties[name], rest, inside);
}

function joined(answers, { required }, name, rest) {
  const found = answers.map((answer) => answer.found);
  const listed = rest.length === 0 && Array.isArray(required) && required.includes(name);
  return {
    found: found.includes(true) ? true : found.includes(undefined) || found.length === 0 ? undefined : false,
    required: listed || answers.some((answer) => answer.required),
  };
}
