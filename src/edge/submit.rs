//! Hands a complete request to the object of its key.
//!
//! A stub's error does not mean that the object did nothing, so the stub is tried again with the
//! same request, marked as redelivered: the object joins it to the first. The origin is never
//! tried again from here.

use super::config;
use super::js::{self, Fetcher};
use crate::guard::fingerprint::Fingerprint;
use crate::guard::scope::RecordId;
use crate::guard::wire::{HEADER, PROTOCOL, Reply, Submit};
use js_sys::Uint8Array;
use wasm_bindgen::JsValue;
use web_sys::{Headers, Request, RequestInit, Response};

/// A request that is complete.
pub struct Call<'a> {
    pub request: &'a Request,
    pub record: &'a RecordId,
    pub fingerprint: &'a Fingerprint,
    pub body: &'a Uint8Array,
}

/// How often the stub is tried in all.
const TRIES: u32 = 3;

/// The object's reply, or one sentence on why there is none.
pub async fn submit(call: Call<'_>, env: &JsValue) -> Result<(Reply, Response), String> {
    let namespace = config::guard_objects(env)
        .ok_or("the binding GUARD is missing; bind it to the class IdempotencyGuard")?;
    for attempt in 1..=TRIES {
        // A stub that has failed stays failed: every try takes a new one.
        let stub = namespace.get_by_name(call.record.as_str());
        match send(&call, stub, attempt > 1).await {
            Ok(response) => return read(response),
            Err(error) if attempt == TRIES || is_true(&error, "overloaded") => break,
            Err(_) => {}
        }
    }
    Err("the key's object could not be reached; send the same request with the same key again"
        .into())
}

async fn send(
    call: &Call<'_>,
    stub: Result<Fetcher, JsValue>,
    redelivered: bool,
) -> Result<Response, JsValue> {
    let submit = Submit {
        protocol: PROTOCOL,
        record: call.record.clone(),
        fingerprint: call.fingerprint.clone(),
        length: call.body.length().into(),
        redelivered,
    };
    let headers = Headers::new_with_headers(&call.request.headers())?;
    headers.delete("content-length")?;
    headers.set(HEADER, &submit.to_header())?;
    let init = RequestInit::new();
    init.set_method(&call.request.method());
    init.set_headers_headers(&headers);
    if call.body.length() > 0 {
        init.set_body(call.body);
    }
    let request = Request::new_with_str_and_init(&call.request.url(), &init)?;
    js::wait(stub?.fetch_request(&request)).await
}

fn read(response: Response) -> Result<(Reply, Response), String> {
    let reply = Reply::from_header(js::response_header(&response, HEADER).as_deref());
    let reply = reply.ok_or(
        "Worker and object are of different versions, as happens while a deployment is under way; send the same request with the same key again",
    )?;
    Ok((reply, response))
}

fn is_true(error: &JsValue, name: &str) -> bool {
    js::member(error, name).is_some_and(|value| value.is_truthy())
}
