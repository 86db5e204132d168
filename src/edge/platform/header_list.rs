//! Headers in one call each way. `web_sys` has a call for each header and each text, and calls are what
//! a request costs most of.

use js_sys::{Array, JSON};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Headers;

/// All headers, names in lower case; repeated `Set-Cookie` lines stay apart. Bytes that are no UTF-8 are
/// U+FFFD.
pub fn read(headers: &Headers) -> Result<Vec<(String, String)>, JsValue> {
    let text = JSON::stringify(&Array::from(headers.unchecked_ref()))?;
    serde_json::from_str(&String::from(text)).map_err(|error| error.to_string().into())
}

/// The value of a header in such a list, repeated lines joined as the platform joins them.
pub fn find(headers: &[(String, String)], name: &str) -> Option<String> {
    let lines = headers.iter().filter(|(found, _)| found.eq_ignore_ascii_case(name));
    let values: Vec<&str> = lines.map(|(_, value)| value.as_str()).collect();
    (!values.is_empty()).then(|| values.join(", "))
}

/// The platform's list of these headers.
pub fn write(headers: &[(impl AsRef<str>, String)]) -> Result<Headers, JsValue> {
    let pairs: Vec<_> = headers.iter().map(|(name, value)| (name.as_ref(), value)).collect();
    let text = serde_json::to_string(&pairs).map_err(|error| error.to_string())?;
    Headers::new_with_str_sequence_sequence(&JSON::parse(&text)?)
}
