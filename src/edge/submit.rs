//! Hands a complete request to the object of its key.
//!
//! A stub's error does not mean that the object did nothing, so the stub is tried again with the
//! same request, marked as redelivered: the object joins it to the first. The origin is never
//! tried again from here.

use super::config;
use super::js::{self, Fetcher};
use crate::guard::fingerprint::Fingerprint;
use crate::guard::key::IdempotencyKey;
use crate::guard::scope::RecordId;
use crate::guard::wire::{HEADER, KeySource, MOST_IN_MESSAGE, PROTOCOL, Reply, Submit};
use js_sys::{Promise, Uint8Array};
use wasm_bindgen::JsValue;
use web_sys::{Request, Response};

/// A request that is complete.
pub struct Call<'a> {
    pub request: &'a Request,
    pub record: &'a RecordId,
    pub fingerprint: &'a Fingerprint,
    pub body: &'a Uint8Array,
    pub source: KeySource,
    /// The key that the origin is to see, where the guard drew it.
    pub generated: Option<&'a IdempotencyKey>,
    pub observe: bool,
}

/// There is no reply.
pub struct Unreached {
    /// One sentence.
    pub detail: String,
    /// Whether no try can have reached the object.
    pub surely: bool,
}

/// How often the stub is tried in all.
const TRIES: u32 = 3;

/// The object's reply.
pub async fn submit(call: Call<'_>, env: &JsValue) -> Result<(Reply, Response), Unreached> {
    let Some(namespace) = config::guard_objects(env) else {
        return Err(Unreached { detail: NO_BINDING.into(), surely: true });
    };
    let mut surely = true;
    for attempt in 1..=TRIES {
        // A stub that has failed stays failed: every try takes a new one.
        let sent = namespace
            .get_by_name(call.record.as_str())
            .and_then(|stub| call.send(&stub, attempt > 1));
        surely &= sent.is_err();
        match js::wait(sent).await {
            Ok(response) => return read(response),
            Err(error) if is_true(&error, "overloaded") => break,
            Err(_) => {}
        }
    }
    Err(Unreached { detail: UNREACHED.into(), surely })
}

const NO_BINDING: &str =
    "the binding GUARD is missing; bind it to the class IdempotencyGuard in wrangler.toml";
const UNREACHED: &str =
    "the key's object could not be reached; send the same request with the same key again";
const OTHER_VERSION: &str = "Worker and object are of different versions, as happens while a deployment is under way; send the same request with the same key again";

impl Call<'_> {
    fn send(&self, stub: &Fetcher, redelivered: bool) -> Result<Promise, JsValue> {
        let length = self.body.length();
        let is_small = length as usize <= MOST_IN_MESSAGE;
        let submit = Submit {
            protocol: PROTOCOL,
            record: self.record.clone(),
            fingerprint: self.fingerprint.clone(),
            length: length.into(),
            body: is_small.then(|| self.body.to_vec()),
            key: self.source,
            observe: self.observe,
            redelivered,
        };
        let mut headers = vec![(HEADER, submit.to_header())];
        headers.extend(self.generated.map(|key| ("idempotency-key", key.to_structured())));
        let body = (!is_small).then_some(self.body.as_ref());
        js::send_afresh(
            Some(stub),
            self.request,
            &self.request.url(),
            "content-length",
            &js::pairs(&headers),
            body.unwrap_or(&JsValue::UNDEFINED),
            None,
        )
    }
}

fn read(response: Response) -> Result<(Reply, Response), Unreached> {
    match Reply::from_header(js::response_header(&response, HEADER).as_deref()) {
        Some(reply) => Ok((reply, response)),
        None => Err(Unreached { detail: OTHER_VERSION.into(), surely: false }),
    }
}

fn is_true(error: &JsValue, name: &str) -> bool {
    js::member(error, name).is_some_and(|value| value.is_truthy())
}
