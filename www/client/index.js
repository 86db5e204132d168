// Everything that the package offers; each is also a module of its own.

export { isReplayed, outcomeOf, problemOf } from "./answer.js";
export { fetchOnce, NoAnswer } from "./fetch-once.js";
export { guardForm } from "./guard-form.js";
export { newKey } from "./key.js";
export { giveUp, statusOf } from "./key-status.js";
export { Outbox } from "./outbox.js";

/** @typedef {import("./answer.js").Outcome} Outcome */
/** @typedef {import("./answer.js").Problem} Problem */
/** @typedef {import("./fetch-once.js").OnceOptions} OnceOptions */
/** @typedef {import("./fetch-once.js").Report} Report */
/** @typedef {import("./form-request.js").FormRequest} FormRequest */
/** @typedef {import("./guard-form.js").Change} Change */
/** @typedef {import("./guard-form.js").FormOptions} FormOptions */
/** @typedef {import("./guard-form.js").GiveUpRequest} GiveUpRequest */
/** @typedef {import("./guard-form.js").State} State */
/** @typedef {import("./key-status.js").KeyStatus} KeyStatus */
/** @typedef {import("./outbox.js").OutboxOptions} OutboxOptions */
/** @typedef {import("./outbox-item.js").Item} Item */
/** @typedef {import("./retry.js").RetryPolicy} RetryPolicy */
/** @typedef {import("./start-over.js").StartOver} StartOver */
