// A schema for the bodies of refusals, read off their examples: the guard alone says how they look.
// 1. What each of them has is required. 2. A later version may add members and codes: nothing is closed.

export function schemaOf(examples) {
  const types = new Set(examples.map(typeOf));
  if (types.size !== 1) return {};
  const [type] = types;
  if (type === "object") return objectSchema(examples);
  if (type === "array") return { type, items: schemaOf(examples.flat()) };
  // Only 3.1 has a type for null, and what is never anything else tells nobody anything.
  return type === "null" ? {} : { type };
}

function typeOf(value) {
  if (Array.isArray(value)) return "array";
  if (value === null) return "null";
  return Number.isInteger(value) ? "integer" : typeof value;
}

function objectSchema(examples) {
  const names = [...new Set(examples.flatMap((example) => Object.keys(example)))];
  const required = names.filter((name) => examples.every((example) => Object.hasOwn(example, name)));
  const properties = names.map((name) => [name, schemaOf(examples.filter((example) => Object.hasOwn(example, name)).map((example) => example[name]))]);
  return { type: "object", ...(required.length > 0 ? { required } : {}), properties: Object.fromEntries(properties) };
}
