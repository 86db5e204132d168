// What the platform calls: the handlers and the object's class. Rules:
// 1. No proxies around objects, methods and requests, as worker-build's shim has them: they took an
//    eighth of the time that a request takes which passes through.
// 2. A fault ends an instance of the WebAssembly module, and the next call makes a new one. An
//    object whose instance has gone gets another.
// 3. Nothing is decided here.
import { DurableObject } from "cloudflare:workers";
import * as worker from "onlyonce-bound";
import { noteFault, onLost, state } from "onlyonce-platform";

Error.stackTraceLimit = 100;

// A trap that reaches the global scope belongs to no call.
addEventListener("error", ({ error }) => {
  if (error instanceof WebAssembly.RuntimeError) noteFault();
});

onLost(() => enter(worker.originLost));

// WebAssembly throws nothing by itself: its errors are promises that are rejected.
function enter(call) {
  renew();
  try {
    return call();
  } catch (error) {
    noteFault();
    throw error;
  }
}

function renew() {
  if (!state.criticalError) return;
  worker.__wbg_reset_state();
  state.criticalError = false;
  state.instanceId += 1;
}

export default {
  fetch: (request, env, context) => enter(() => worker.fetch(request, env, context)),
  queue: (batch, env, context) => enter(() => worker.queue(batch, env, context)),
};

/** One key's object. */
export class IdempotencyGuard extends DurableObject {
  #object;
  #instanceId;

  /** Sees to a client's request: a message of the Worker's, the client's headers, and the body. */
  submit(message, headers, body) {
    return enter(() => this.#current().submit(message, headers, body));
  }

  /** Answers an operator's question. */
  fetch(request) {
    return enter(() => this.#current().fetch(request));
  }

  alarm() {
    return enter(() => this.#current().alarm());
  }

  #current() {
    if (this.#instanceId !== state.instanceId) {
      this.#object = new worker.IdempotencyGuard(this.ctx, this.env);
      this.#instanceId = state.instanceId;
    }
    return this.#object;
  }
}
