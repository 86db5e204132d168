//! Spans of the platform's tracing (Workers, "Custom spans"); `worker` does not have them.
//!
//! 1. A span is one of the invocation in which it is started, and never the active one: what goes on in
//!    WebAssembly is woken from one queue for all requests, and would be put under whichever was active.
//! 2. It costs one call where nobody traces, and nothing that goes wrong with it costs an answer.
//! 3. It says what a line of the log says, and nothing more: no key, credential or body.

use js_sys::{Array, JSON, Object};
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "cloudflare:workers")]
extern "C" {
    type Tracing;
    #[wasm_bindgen(thread_local_v2, js_name = tracing)]
    static TRACING: Tracing;
    #[wasm_bindgen(method, catch, js_name = startSpan)]
    fn start_span(this: &Tracing, name: &str) -> Result<PlatformSpan, JsValue>;

    type PlatformSpan;
    #[wasm_bindgen(method, getter, js_name = isTraced)]
    fn is_traced(this: &PlatformSpan) -> bool;
    #[wasm_bindgen(method, catch, js_name = setAttribute)]
    fn set_attribute(this: &PlatformSpan, name: &str, value: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn end(this: &PlatformSpan) -> Result<(), JsValue>;
}

/// Ends when it is dropped.
pub struct Span(Option<PlatformSpan>);

impl Span {
    /// One that is told nobody where the invocation is not traced.
    pub fn start(name: &str) -> Self {
        let span = TRACING.with(|tracing| tracing.start_span(name)).ok();
        Self(span.filter(PlatformSpan::is_traced))
    }

    /// Takes the members of a line of the log as attributes; their names begin with `onlyonce.`.
    pub fn tell(&self, line: impl FnOnce() -> String) {
        let Some(span) = &self.0 else { return };
        let Ok(members) = JSON::parse(&line()) else { return };
        for member in Object::entries(members.unchecked_ref()) {
            let member: Array = member.unchecked_into();
            let name = member.get(0).as_string().unwrap_or_default();
            // What the platform does not take is missing from the trace.
            let _ = span.set_attribute(&format!("onlyonce.{name}"), &member.get(1));
        }
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        // One whose invocation is over has been ended by the platform.
        let _ = self.0.take().map(|span| span.end());
    }
}
