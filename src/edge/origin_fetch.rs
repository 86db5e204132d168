//! How a request leaves for the origin: by the service where one is bound, else over the network.

use super::platform::bindings::Bindings;
use super::platform::body::BodyCoding;
use super::platform::request_head::PlatformRequestHead;
use crate::guard::forward::{NOT_FORWARDED, hop_by_hop};
use crate::guard::policy::Settings;
use crate::guard::replay::reason_phrase;
use crate::guard::request_head::RequestHead;
use js_sys::Promise;
use wasm_bindgen::prelude::*;
use web_sys::{AbortSignal, Headers, RequestInit, RequestRedirect, Response, ResponseInit};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_name = fetch)]
    pub fn fetch_from_network(url: &str, init: &RequestInit) -> Result<Promise, JsValue>;
}

/// Whether the platform goes by a body's `Content-Encoding`, as the request asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    Platform,
    Untouched,
}

/// A request to the origin. Redirects are handed on, never followed, and bodies are the bytes that came:
/// what says `gzip` may be empty, or anything else, and is an answer all the same.
pub struct OriginFetch<'a> {
    pub method: &'a str,
    pub url: &'a str,
    pub headers: &'a Headers,
    /// `undefined` where there is none.
    pub body: &'a JsValue,
    pub signal: Option<&'a AbortSignal>,
}

impl OriginFetch<'_> {
    /// Sends it. Returns the promise of the response.
    ///
    /// A `Request` would only be made to be copied: `fetch` makes one of its own from whatever it is
    /// given.
    ///
    /// # Errors
    ///
    /// The platform takes no such request; nothing was sent.
    pub fn send(&self, bindings: &Bindings) -> Result<Promise, JsValue> {
        let init = RequestInit::new();
        init.set_method(self.method);
        init.set_headers_headers(self.headers);
        init.set_redirect(RequestRedirect::Manual);
        init.unchecked_ref::<BodyCoding>().set_encode_response_body("manual");
        init.set_signal(self.signal);
        if !self.body.is_undefined() {
            init.set_body(self.body);
        }
        send(bindings, self.url, &init)
    }
}

/// Sends what an init describes.
pub fn send(bindings: &Bindings, url: &str, init: &RequestInit) -> Result<Promise, JsValue> {
    match &bindings.origin {
        Some(service) => service.fetch_with_str_and_init(url, init),
        None => fetch_from_network(url, init),
    }
}

/// A client's headers with some left out and others set.
pub fn changed_headers(
    head: &PlatformRequestHead,
    without: &[&str],
    set: &[(&'static str, String)],
) -> Result<Headers, JsValue> {
    // Copied as a whole, so that bytes which are no UTF-8 stay what they are.
    let headers = Headers::new_with_headers(head.headers())?;
    for name in without.iter().filter(|name| head.may_have(name)) {
        headers.delete(name)?;
    }
    for (name, value) in set {
        headers.set(name, value)?;
    }
    Ok(headers)
}

/// The headers of a guarded request as the origin is to see them: without those that stay behind, and some more.
pub fn forwarded_headers(
    head: &PlatformRequestHead,
    settings: &Settings,
    without: &[&str],
    set: &[(&'static str, String)],
) -> Result<Headers, JsValue> {
    let connection = head.header("connection");
    let hop_by_hop = hop_by_hop(connection.as_deref(), &|name| settings.reads_header(name));
    let hop_by_hop = hop_by_hop.iter().map(AsRef::as_ref);
    let without: Vec<&str> =
        without.iter().copied().chain(NOT_FORWARDED).chain(hop_by_hop).collect();
    changed_headers(head, &without, set)
}

/// The same response with headers that can be changed; its body streams through untouched. A reason phrase
/// that the platform would not write again is left to it.
///
/// # Errors
///
/// The platform makes no such response. The one that came is still whole.
pub fn mutable(response: &Response, coding: Coding) -> Result<Response, JsValue> {
    let body = response.body();
    if reason_phrase(response.status_text()).is_some() {
        let init: &ResponseInit = response.unchecked_ref();
        return Response::new_with_opt_readable_stream_and_init(body.as_ref(), init);
    }
    let init = ResponseInit::new();
    init.set_status(response.status());
    init.set_headers_headers(&response.headers());
    if coding == Coding::Untouched {
        init.unchecked_ref::<BodyCoding>().set_encode_body("manual");
    }
    Response::new_with_opt_readable_stream_and_init(body.as_ref(), &init)
}
