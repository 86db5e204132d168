// Whether a PUT or a DELETE is not idempotent by what its document says. By HTTP (RFC 9110 section 9.2.2)
// they are, so only plain words count; USAGE lists them.
import { isObject } from "./document.mjs";

const DENIAL = /\b(?:not|non|never|isn['’]t)(?:\s+(?:an?|be|guaranteed\s+to\s+be|necessarily))?[\s-]*idempotent/i;

/** What says so, to stand behind "by the document it is not idempotent: ", or undefined. */
export function denial(operation, references) {
  return byMark(operation) ?? byWords(operation) ?? byKey(operation) ?? byCreation(operation, references);
}

function byMark({ operation }) {
  return operation["x-idempotent"] === false ? `it says "x-idempotent": false` : undefined;
}

function byWords({ operation }) {
  const member = ["summary", "description"].find((name) => DENIAL.test(operation[name]));
  return member && `its ${member} says "${operation[member].match(DENIAL)[0].replace(/\s+/g, " ")}"`;
}

function byKey({ parameters }) {
  const key = parameters.find(({ value }) => value.in === "header" && /idempoten/i.test(value.name));
  return key && `it takes the header ${key.value.name}`;
}

function byCreation({ method, operation, file }, references) {
  const successes = Object.keys(operation.responses ?? {}).filter((status) => /^2/.test(status));
  if (method !== "PUT" || successes.length !== 1 || successes[0] !== "201") return undefined;
  const headers = references.resolve(operation.responses["201"], file)?.value?.headers;
  const creates = isObject(headers) && Object.keys(headers).some((name) => /^location$/i.test(name));
  return creates ? "its only success is 201 with a Location, which is to create something each time" : undefined;
}
