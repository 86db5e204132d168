// The document as it should read: the author's own, and what the policy adds to it.
import { Components, MARK } from "./components.mjs";
import { References } from "./references.mjs";
import { operationsOf, unreadablePaths } from "./operations.mjs";
import { addParameters } from "./key-parameter.mjs";
import { addResponses } from "./responses.mjs";
import { strip } from "./strip.mjs";

/** `{ value, notes }`: the whole document, and what could not be written because it stands in another file. */
export function withContract(document, contract, base) {
  const value = structuredClone(document.value);
  strip(value);
  const own = { ...document, value };
  const references = new References(own);
  const operations = operationsOf(own, { references, contract, base }).filter(({ guard }) => guard);
  const context = { contract, references, components: new Components(value), document: value, notes: unreadablePaths(own, references), done: new Set() };
  for (const operation of operations) addTo(operation, value, context);
  return { value, notes: context.notes };
}

function addTo(operation, document, context) {
  if (operation.keys === undefined) {
    context.notes.push({ operation });
    return;
  }
  // Two paths may share one path item.
  const target = operation.keys.reduce((found, name) => found[name], document);
  if (context.done.has(target)) return;
  context.done.add(target);
  addParameters(operation, target, context);
  addResponses(operation, target, context);
  target[MARK] = { ...target[MARK], ...extension(operation) };
}

function extension(operation) {
  const { route, parts } = operation;
  return {
    key: route.key,
    ...(parts.some(({ guarded }) => !guarded) ? { partly: true } : {}),
    ...(parts.some(({ watched }) => watched) ? { mode: "observe" } : {}),
    key_from: route.key_from,
    retry_window: duration(route.retry_window_ms),
    ...(route.key === "derive" ? { derive_window: duration(route.derive_window_ms) } : {}),
    profile: route.profile,
  };
}

/** A span of time as ISO 8601 writes it. Hours stay hours: a day of the calendar may have 23 of them. */
export function duration(ms) {
  const seconds = Math.round(ms / 1000);
  const parts = [[Math.floor(seconds / 3600), "H"], [Math.floor((seconds % 3600) / 60), "M"], [seconds % 60, "S"]];
  return `PT${parts.filter(([count]) => count > 0).map(([count, unit]) => count + unit).join("") || "0S"}`;
}
