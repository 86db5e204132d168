//! What happens should the code panic all the same: the instance is dead, and a new one takes its
//! place at the next call.
//!
//! 1. A panic is a trap (`RuntimeError`), whether the standard library was compiled with the Worker
//!    or is as it was shipped (`scripts/lib/small-std.mjs`). No panic hook: it would never run in
//!    the first, and links the formatting of messages.
//! 2. Every way into the instance takes note of a fault: the exports in `entry.mjs`, and what
//!    promises and timers call in `platform.js`. So a fault after an await counts as well.

use super::js;
use wasm_bindgen::handler::set_on_abort;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/src/edge/platform.js")]
extern "C" {
    #[derive(Clone)]
    type State;
    #[wasm_bindgen(thread_local_v2, js_namespace = platform, js_name = state)]
    static STATE: State;
    #[wasm_bindgen(method, getter, js_name = instanceId)]
    fn instance_id(this: &State) -> u32;
    #[wasm_bindgen(method, setter, js_name = instanceId)]
    fn set_instance_id(this: &State, value: u32);
}

/// The state that the shim shares with every instance.
#[wasm_bindgen]
pub fn __worker_init_state() -> JsValue {
    STATE.with(State::clone).into()
}

/// Runs once in every instance, before anything else.
#[wasm_bindgen(start, private)]
fn start() {
    STATE.with(|state| state.set_instance_id(state.instance_id().wrapping_add(1)));
    set_on_abort(stopped);
    super::tasks::start();
}

/// Runs in the dead instance, right after the fault, and can make a single call of the platform's:
/// what wasm-bindgen puts around such calls ends a dead instance for good when the first returns.
/// So the scripts take note of the fault (`entry.mjs`, `platform.js`). A panic brings no message here: it may hold
/// what a client sent. The runtime logs the fault itself with the place in the WebAssembly code.
fn stopped() {
    js::log_error("onlyonce: a fault stopped this instance; the next call gets a new one");
}
