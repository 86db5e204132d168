//! What happens should the code panic all the same: the instance is dead, and a new one takes its
//! place at the next call.
//!
//! 1. A panic is a trap (`RuntimeError`), whether the standard library was compiled with the Worker
//!    or is as it was shipped (`scripts/lib/small-std.mjs`). No panic hook: it would never run in
//!    the first, and links the formatting of messages.
//! 2. Every way into the instance is guarded by what wasm-bindgen generates: exports, and the
//!    closures that promises and timers call. So a fault after an await counts as well.
//!
//! The shim that worker-build writes shares its state with this module. The `worker` crate has the
//! same few lines, but linking it for them would add 65 KB to the Worker.

use super::js;
use wasm_bindgen::handler::{schedule_reinit, set_on_abort};
use wasm_bindgen::prelude::*;

#[wasm_bindgen(inline_js = "export const state = { criticalError: false, instanceId: 0 };")]
extern "C" {
    #[derive(Clone)]
    type State;
    #[wasm_bindgen(thread_local_v2, js_name = state)]
    static STATE: State;
    #[wasm_bindgen(method, setter, js_name = criticalError)]
    fn set_critical_error(this: &State, value: bool);
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

/// Runs in the dead instance, right after the fault. A panic brings no message here: it may hold
/// what a client sent. The runtime logs the fault itself with the place in the WebAssembly code.
fn stopped() {
    js::log_error("onlyonce: a fault stopped this instance; the next call gets a new one");
    STATE.with(|state| state.set_critical_error(true));
    schedule_reinit();
}
