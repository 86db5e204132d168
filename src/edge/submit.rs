//! Hands a complete request to the object of its key.
//!
//! A stub's error does not mean that the object did nothing, so the stub is tried again with the
//! same request, marked as redelivered: the object joins it to the first. The origin is never
//! tried again from here.

use super::config;
use super::head::PlatformRequestHead;
use super::js::{self, Fetcher, Said};
use crate::guard::fingerprint::Fingerprint;
use crate::guard::key::IdempotencyKey;
use crate::guard::request_head::RequestHead;
use crate::guard::rpc::{KeySource, PROTOCOL, SubmitReply, SubmitRequest};
use crate::guard::scope::RecordId;
use js_sys::{Promise, Uint8Array};
use wasm_bindgen::JsValue;

/// A request that is complete.
pub struct Call<'a> {
    pub head: &'a PlatformRequestHead,
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

/// The object's reply, and the body that goes with it.
pub async fn submit(call: Call<'_>, env: &JsValue) -> Result<(SubmitReply, JsValue), Unreached> {
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
            Ok(said) => return read(&said),
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
        let submit = SubmitRequest {
            protocol: PROTOCOL,
            record: self.record.clone(),
            method: self.head.method().to_owned(),
            url: self.head.url(),
            headers: self.head.lines().to_owned(),
            fingerprint: self.fingerprint.clone(),
            length: self.body.length().into(),
            key: self.source,
            generated: self.generated.map(IdempotencyKey::to_structured),
            observe: self.observe,
            redelivered,
        };
        js::submit(stub, &submit.encode(), &self.head.headers(), self.body)
    }
}

fn read(said: &Said) -> Result<(SubmitReply, JsValue), Unreached> {
    match SubmitReply::decode(&said.message().to_vec()) {
        Some(reply) => Ok((reply, said.body())),
        None => Err(Unreached { detail: OTHER_VERSION.into(), surely: false }),
    }
}

fn is_true(error: &JsValue, name: &str) -> bool {
    js::member(error, name).is_some_and(|value| value.is_truthy())
}
