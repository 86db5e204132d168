// Everything that the package offers; each is also a module of its own.

export { isReplayed, outcomeOf, problemOf } from "./answer.js";
export { fetchOnce, NoAnswer } from "./fetch-once.js";
export { guardForm } from "./guard-form.js";
export { newKey } from "./key.js";
export { Outbox } from "./outbox.js";
