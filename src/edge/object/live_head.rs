//! Status, reason phrase and headers of an answer as they came: what those see of it who were there.
//!
//! The headers stay a list of the platform's, since only that has the bytes of values that are no UTF-8.

use crate::guard::replay::{not_shown, reason_phrase};
use crate::guard::rpc::ResponseHead;
use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Headers, Response};

#[derive(Clone)]
pub struct LiveHead {
    pub status: u16,
    pub reason: Option<String>,
    pub headers: Headers,
}

impl LiveHead {
    /// The head of a response, without what is shown to nobody.
    pub fn of(response: &Response) -> Result<Self, JsValue> {
        let headers = Headers::new_with_headers(&response.headers())?;
        for name in not_shown(headers.get("connection")?.as_deref()) {
            headers.delete(&name)?;
        }
        let reason = reason_phrase(response.status_text());
        Ok(Self { status: response.status(), reason, headers })
    }

    pub fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).ok().flatten()
    }

    /// All headers, names in lower case; repeated `Set-Cookie` lines stay apart.
    pub fn headers_as_text(&self) -> Vec<(String, String)> {
        let entries = self.headers.entries();
        entries
            .into_iter()
            .filter_map(|entry| {
                let pair: Array = entry.ok()?.unchecked_into();
                Some((pair.get(0).as_string()?, pair.get(1).as_string()?))
            })
            .collect()
    }

    pub fn for_message(&self) -> ResponseHead {
        ResponseHead { status: self.status, reason: self.reason.clone() }
    }
}
