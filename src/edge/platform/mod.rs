//! The platform, as far as `worker` and `web_sys` do not have it or have it with less than the guard
//! needs. Each file says what it stands in for.

pub mod answer_headers;
pub mod bindings;
pub mod body;
pub mod body_budget;
pub mod header_list;
pub mod log;
pub mod request_head;
pub mod span;
pub mod sql;
pub mod streams;
pub mod timeout;
pub mod upload;
pub mod web_crypto;

use crate::guard::time::UnixMillis;
use js_sys::Promise;
use js_sys::futures::future_to_promise;
use std::future::Future;
use std::pin::Pin;
use wasm_bindgen::JsValue;

/// Milliseconds since the epoch. The clock stands still while code runs (Workers, "Performance and
/// timers").
pub fn now() -> UnixMillis {
    UnixMillis(js_sys::Date::now() as u64)
}

/// A field's value of decimal digits alone (RFC 9110 section 8.6); `parse` would take a sign, too.
pub fn digits(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// The promise of some work. Boxed, so that what wakes it is compiled once and not for each kind of work.
pub fn promise_of(work: impl Future<Output = Result<JsValue, JsValue>> + 'static) -> Promise {
    let work: Pin<Box<dyn Future<Output = Result<JsValue, JsValue>>>> = Box::pin(work);
    future_to_promise(work)
}

/// What an error says, for the log.
pub fn message_of(error: &JsValue) -> String {
    let member = js_sys::Reflect::get(error, &"message".into()).ok();
    member.and_then(|text| text.as_string()).or_else(|| error.as_string()).unwrap_or_default()
}

/// 128 random bits. Returns `None` if the platform gives none.
pub fn random_bits() -> Option<[u8; 16]> {
    let mut bits = [0; 16];
    getrandom::fill(&mut bits).ok().map(|()| bits)
}
