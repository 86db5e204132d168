// JSONPath (RFC 9535) that names one place. Names that are words stand behind a dot, all others in brackets.

const WORD = /^[A-Za-z_][A-Za-z0-9_]*$/;
const ESCAPES = { "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "'": "\\'", "\\": "\\\\" };

/**
 * "$.paths['/orders/{id}'].post" of ["paths", "/orders/{id}", "post"]; a number is an index, and an object
 * stands for the entry of a list that has these members.
 */
export function jsonPath(keys) {
  return `$${keys.map(segment).join("")}`;
}

function segment(key) {
  if (typeof key === "number") return `[${key}]`;
  // In parentheses, which RFC 9535 allows, older tools understand it too.
  if (typeof key === "object") return `[?(${Object.entries(key).map(([name, value]) => `@${segment(name)} == '${escaped(value)}'`).join(" && ")})]`;
  return WORD.test(key) ? `.${key}` : `['${escaped(key)}']`;
}

function escaped(name) {
  return name.replace(/[\u0000-\u001f'\\]/g, (sign) => ESCAPES[sign] ?? `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
