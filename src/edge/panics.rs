//! What happens should the code panic all the same: the instance is dead, and a new one takes its
//! place at the next call.
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
    // The message is left out of the log, since it may hold what a client sent.
    std::panic::set_hook(Box::new(|panic| {
        let (file, line) = panic.location().map_or(("", 0), |place| (place.file(), place.line()));
        js::log_error(&format!("onlyonce panicked at {file}:{line}"));
        STATE.with(|state| state.set_critical_error(true));
    }));
    STATE.with(|state| state.set_instance_id(state.instance_id().wrapping_add(1)));
    set_on_abort(schedule_reinit);
}
