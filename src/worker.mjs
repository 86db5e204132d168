// wrangler's main: what worker-build made of the crate, with what it leaves out. worker-build
// exports the object's class without a superclass, and the runtime takes remote calls (`submit`)
// only from classes that are DurableObjects.
//
// What it finds in the crate: the free functions `fetch` and `queue`, exported by `wasm_bindgen`,
// become the Worker's handlers, called with (request or batch, env, context); any other exported
// function would become a remote method of the Worker. Of the struct under
// `#[durable_object(alarm)]`, constructor, fetch and alarm; `submit` is in an
// `#[wasm_bindgen] impl` of its own.
import { DurableObject } from "cloudflare:workers";
import worker, { IdempotencyGuard } from "../build/index.js";

Object.setPrototypeOf(IdempotencyGuard, DurableObject);
Object.setPrototypeOf(IdempotencyGuard.prototype, DurableObject.prototype);

export default worker;
export { IdempotencyGuard };
