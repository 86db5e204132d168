//! A request, and all that the Worker has for it: one value that goes through the Worker's half.

use super::config::Config;
use super::platform::bindings::Bindings;
use super::platform::promise_of;
use super::platform::request_head::PlatformRequestHead;
use std::future::Future;
use std::rc::Rc;
use wasm_bindgen::JsValue;
use web_sys::Request;
use worker::worker_sys::Context;

pub struct Incoming {
    pub request: Request,
    pub head: PlatformRequestHead,
    pub config: Rc<Config>,
    pub bindings: Rc<Bindings>,
    pub context: Rc<Context>,
}

impl Incoming {
    /// Goes on with some work though the response has left.
    pub fn in_background(&self, work: impl Future<Output = ()> + 'static) -> Result<(), JsValue> {
        let promise = promise_of(async {
            work.await;
            Ok(JsValue::UNDEFINED)
        });
        self.context.wait_until(&promise)
    }
}
