// Where a document and the policy do not agree on an operation's key.
import { commandLine } from "../command.mjs";
import { bodyMember } from "./body-member.mjs";
import { declared, headerName, isRequired, sourcesOf } from "./key-parameter.mjs";
import { nameOf, routeName } from "./operations.mjs";

export function keyFindings(operation, context) {
  const sources = sourcesOf(operation.route).map((source) => described(operation, source, context));
  const [only] = sources;
  if (sources.length > 1) return severalSources(operation, sources, context);
  return [memberFinding, requiredFinding, optionalFinding].flatMap((rule) => rule(operation, only, context) ?? []).slice(0, 1);
}

/** A source, and what the document says of it: whether it is there (undefined: it does not tell) and must be. */
function described(operation, source, { references }) {
  if (source.kind === "form" || source.kind === "json") return { ...source, ...bodyMember(operation, source, references), body: true };
  const parameter = declared(operation, source)?.value;
  return { ...source, found: parameter !== undefined, required: parameter?.required === true };
}

function memberFinding(operation, source) {
  if (!source.body || source.found !== false) return undefined;
  return {
    kind: "key-member",
    what: `${nameOf(operation)}: ${policyOf(operation)} takes the key from ${placeOf(source)}, and the document has no such member in its body.`,
    next: "Add it to the body's schema, or correct key_from",
  };
}

function requiredFinding(operation, source, context) {
  if (!isRequired(operation) || source.required || source.found === undefined) return undefined;
  const says = source.found ? "calls it optional" : "does not mention it";
  return {
    kind: "key",
    what: `${nameOf(operation)}: ${policyOf(operation)} requires a key in ${placeOf(source)}, and the document ${says}.`,
    next: source.body ? "Name it in the schema's `required`" : apply(context),
  };
}

function optionalFinding(operation, source, context) {
  if (isRequired(operation) || !source.required) return undefined;
  return {
    kind: "key",
    what: `${nameOf(operation)}: the document requires a key in ${placeOf(source)}, and ${policyOf(operation)} takes requests without one.`,
    next: `Set key = "required" for it; or, where it is meant so, take it out of the document's required ones${source.body ? "" : `: ${apply(context)}`}`,
  };
}

// With several places one of them has to be in the document.
function severalSources(operation, sources, context) {
  const required = operation.parts.every(({ route, watched }) => route.key === "required" && !watched);
  if (!required || sources.some(({ found }) => found !== false)) return [];
  const places = sources.map(placeOf).join(" or ");
  return [{ kind: "key", what: `${nameOf(operation)}: ${policyOf(operation)} requires a key in ${places}, and the document mentions none of them.`, next: apply(context) }];
}

function policyOf({ guard }) {
  return routeName(guard);
}

function placeOf({ kind, name }) {
  if (kind === "header") return `the header ${headerName(name)}`;
  return { query: `the query's ${name}`, form: `the form's field ${name}`, json: `the body's ${name}` }[kind];
}

function apply({ file }) {
  return commandLine("openapi", `${file} --apply --output ${file}`);
}
