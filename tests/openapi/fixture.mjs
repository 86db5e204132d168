// A policy's contract and small documents, the script that reads them, and others' tools to judge what it writes.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { bundle, createConfig } from "@redocly/openapi-core";
import { Validator } from "@seriousme/openapi-schema-validator";
import { parse } from "yaml";
import { run } from "../tools/script.mjs";

const { openapiOverlay } = createRequire(import.meta.url)("openapi-format");

export const folder = mkdtempSync(join(tmpdir(), "onlyonce-openapi-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const DEFAULTS = {
  path: "*",
  methods: ["POST", "PATCH"],
  key: "optional",
  mode: "enforce",
  profile: "draft",
  key_from: ["header:idempotency-key"],
  key_min_length: 1,
  key_max_length: 255,
  retry_window_ms: 86_400_000,
  derive_window_ms: 10_000,
  in_flight: "wait",
  unknown: "hold",
  max_request_body: 10_485_760,
};

function refusal(code, statuses, more = {}) {
  const example = {
    type: `urn:onlyonce:${code}`, title: `Title of ${code}`, status: statuses[0], detail: `Detail of ${code}`, code, retryable: false,
    error: { type: "idempotency_error", code, message: `Detail of ${code}` },
  };
  return { code, statuses, title: `Title of ${code}`, meaning: `Meaning of ${code}.`, retryable: false, content_type: "application/problem+json", example, ...more };
}

const REFUSALS = [
  refusal("key-missing", [400], { when_key: ["required"] }),
  refusal("key-invalid", [400]),
  refusal("key-reused", [422]),
  refusal("in-progress", [409]),
  refusal("outcome-unknown", [502, 504]),
];
const HEADERS = [
  { name: "Idempotency-Key", meaning: "The key that was understood.", on: ["first", "replay", "refusal"] },
  { name: "Idempotency-Replayed", meaning: "`true` on an answer that was stored.", on: ["replay"] },
  { name: "Age", meaning: "Seconds since the origin answered.", on: ["replay"] },
  { name: "Retry-After", meaning: "Seconds to wait.", on: ["refusal"] },
];

/** A contract with these routes above the defaults; `defaults` changes those. */
export function contractOf(routes = [], defaults = {}) {
  const stripe = { code: "key-reused", statuses: [400], title: "Reused", meaning: "Other parameters.", retryable: false, content_type: "application/json", example: { error: { type: "idempotency_error", message: "Keys …" } } };
  return {
    version: "0.1.0",
    routes: [...routes, {}].map((route) => ({ ...DEFAULTS, ...defaults, ...route })).map((route) => (route.key === "off" ? { path: route.path, key: "off" } : route)),
    refusals: { draft: REFUSALS, stripe: [stripe] },
    headers: { request: [{ name: "Idempotency-Key", meaning: "Names the operation." }], response: HEADERS },
  };
}

let count = 0;

/** The path of a new file with this content: text, or what JSON is made of. */
export function file(content, extension = typeof content === "string" ? "yaml" : "json") {
  const path = join(folder, `${(count += 1)}.${extension}`);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content, null, 2));
  return path;
}

/** `{ code, out, err }` of `npm run openapi -- <document> …` under a contract. */
export function openapi(document, contract, ...args) {
  return run("openapi", [document, "--contract", file(contract), ...args]);
}

/** A document with these paths. */
export function documentOf(paths, more = {}) {
  return { openapi: "3.1.0", info: { title: "Payments", version: "7" }, paths, ...more };
}

/** An operation with one answer. */
export function operation(more = {}, status = "201") {
  return { responses: { [status]: { description: "Done" } }, ...more };
}

export function read(path) {
  return dataOf(readFileSync(path, "utf8"));
}

function dataOf(text) {
  return text.startsWith("{") ? JSON.parse(text) : parse(text, { merge: true });
}

/** What the document becomes by --apply, after others' tools have come to the same by the overlay, and found it valid. */
export async function applied(document, contract, ...args) {
  const whole = await openapi(document, contract, "--apply", ...args);
  if (whole.code !== 0) throw new Error(whole.err);
  const value = plain(dataOf(whole.out));
  const overlay = join(folder, `${(count += 1)}.overlay.yaml`);
  const { code, err } = await openapi(document, contract, "--output", overlay, ...args);
  if (code !== 0) throw new Error(err);
  return { value, text: whole.out, err: whole.err, overlay: read(overlay), others: await byOthers(document, overlay) };
}

async function byOthers(document, overlay) {
  const { data, resultData } = await openapiOverlay(plain(read(document)), { overlaySet: plain(read(overlay)) });
  const { bundle: made, problems } = await bundle({ ref: document, config: await createConfig({}), overlays: [overlay] });
  // Bundling makes a place for components in any case.
  const { components = {}, ...rest } = made.parsed;
  const redocly = Object.keys(components).length > 0 ? { ...rest, components } : rest;
  return { format: plain(data), unused: resultData.unusedActions, redocly: plain(redocly), problems };
}

export async function validity(value) {
  const { valid, errors } = await new Validator().validate(structuredClone(value));
  return valid ? "valid" : JSON.stringify(errors).slice(0, 1000);
}

export function plain(value) {
  return JSON.parse(JSON.stringify(value));
}
