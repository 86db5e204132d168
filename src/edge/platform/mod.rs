//! The platform, as far as `worker` and `web_sys` do not have it or have it with less than the guard
//! needs. Each file says what it stands in for.

pub mod bindings;
pub mod body;
pub mod body_budget;
pub mod header_list;
pub mod log;
pub mod request_head;
pub mod sql;
pub mod streams;
pub mod timeout;
pub mod upload;

use crate::guard::time::UnixMillis;
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
