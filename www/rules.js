// The guard's own rules in this page: src/browser.rs, compiled to WebAssembly.
//
// 1. Keys, fingerprints and record ids are made by the code that the edge runs.
// 2. The page does not wait for the module. Until it is there, and where it does not load (it was not
//    built, or WebAssembly is off), keys come from the browser's random numbers, and nothing else is
//    claimed.

import { newKey } from "./client/index.js";

let rules = null;

/** Settles with whether they are there. */
export const rulesReady = import("./pkg/onlyonce.js").then(initialize).catch(onLoadError);

async function initialize(module) {
  await module.default();
  rules = module;
  return true;
}

function onLoadError(error) {
  console.warn(`The rules in pkg/ did not load: ${error.message}`);
  return false;
}

export function generateKey() {
  return rules ? rules.generateKey() : newKey();
}

/** What is wrong with the value of an Idempotency-Key header, in the edge's words; else undefined. */
export function checkKey(value) {
  return rules?.checkKey(value);
}

/**
 * What the edge will compute of a request under the default policy, in hex digits; `record` is
 * undefined where the key is none. Null where the rules did not load.
 */
export async function identify(request, key) {
  if (!rules) return null;
  const body = new Uint8Array(await request.clone().arrayBuffer());
  const { host, pathname, search } = new URL(request.url);
  const head = new rules.RequestHead(request.method, host, pathname, search.slice(1));
  for (const [name, value] of request.headers) head.header(name, value);
  try {
    return { fingerprint: head.fingerprint(body), record: head.recordId(key) };
  } finally {
    head.free();
  }
}
