//! Status, reason phrase and headers of an answer as they came: what those see of it who were there.
//!
//! The headers stay a list of the platform's, since only that has the bytes of values that are no UTF-8.

use super::super::platform::header_list;
use crate::guard::replay::{reason_phrase, shown_headers};
use crate::guard::rpc::ResponseHead;
use std::rc::Rc;
use wasm_bindgen::JsValue;
use web_sys::{Headers, Response};

#[derive(Clone)]
pub struct LiveHead {
    pub status: u16,
    pub reason: Option<String>,
    pub headers: Headers,
    /// The same headers, names in lower case.
    text: Rc<[(String, String)]>,
}

impl LiveHead {
    /// The head of a response, without what is shown to nobody.
    pub fn of(response: &Response) -> Result<Self, JsValue> {
        let headers = Headers::new_with_headers(&response.headers())?;
        let came = header_list::read(&headers)?;
        let text = shown_headers(came.clone());
        for (name, _) in came {
            if !text.iter().any(|(shown, _)| *shown == name) {
                headers.delete(&name)?;
            }
        }
        let reason = reason_phrase(response.status_text());
        Ok(Self { status: response.status(), reason, headers, text: text.into() })
    }

    pub fn header(&self, name: &str) -> Option<String> {
        header_list::find(&self.text, name)
    }

    /// All headers, names in lower case; repeated `Set-Cookie` lines stay apart.
    pub fn headers_as_text(&self) -> Vec<(String, String)> {
        self.text.to_vec()
    }

    pub fn for_message(&self) -> ResponseHead {
        ResponseHead { status: self.status, reason: self.reason.clone() }
    }
}
