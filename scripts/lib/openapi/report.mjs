// The findings as text, and what could not be written.
import { nameOf } from "./operations.mjs";

export function reportText({ document, operations, guarded, findings, accepted, notes }) {
  const head = `${document}: ${counted(operations, "operation")}, ${guarded} of them guarded`;
  const rest = accepted.length > 0 ? `, ${counted(accepted.length, "finding")} accepted` : "";
  const lines = [
    ...notes.map(({ what }) => `note: ${what}`),
    ...findings.flatMap(({ kind, what, next }) => [`${kind}: ${what}`, `  -> ${next}`]),
    findings.length === 0 ? `${head}${rest}; nothing was found.` : `${head}${rest}; ${counted(findings.length, "finding")}.`,
  ];
  return `${lines.join("\n")}\n`;
}

function counted(number, name) {
  return `${number} ${name}${number === 1 ? "" : "s"}`;
}

/** What the overlay cannot reach. */
export function noteText({ operation, status, ref, path }) {
  const cure = "bundle the document into one file first: npx @redocly/cli bundle";
  if (operation === undefined) return `paths["${path}"] refers to ${ref}, which cannot be read, so nothing is added there; ${cure}`;
  if (status === undefined) return `${nameOf(operation)} stands in another file, ${operation.file}, so nothing is added to it; ${cure}`;
  return `${nameOf(operation)}: the answer ${status} is ${ref}, which cannot be read from here, so nothing is added to it; ${cure}`;
}
