//! Hands a complete request to the shard of its key.
//!
//! 1. A stub's error does not mean that the object did nothing, so the stub is tried again with the
//!    same request, marked as redelivered: the object joins it to the first. The origin is never
//!    tried again from here.
//! 2. While `shards_before` stands, the shard that had the key before is asked first, and carries the
//!    request out only if it knows the key. Where it does not, it writes a fence and says so; only then
//!    does the key's new shard claim it. The other way round two Workers could each claim.

use super::incoming::Incoming;
use super::platform::body::to_send;
use crate::guard::fingerprint::Fingerprint;
use crate::guard::policy::Sharding;
use crate::guard::request_head::RequestHead;
use crate::guard::rpc::{KeySource, SubmitReply, SubmitRequest, SubmitResult};
use crate::guard::scope::RecordId;
use crate::guard::seal::SealKey;
use js_sys::futures::JsFuture;
use js_sys::{Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::Headers;
use worker::{ObjectNamespace, Stub};

#[wasm_bindgen]
extern "C" {
    /// The remote methods of an object (Workers, "Remote-procedure call").
    type GuardObject;
    #[wasm_bindgen(method, catch)]
    fn submit(
        this: &GuardObject,
        message: &Uint8Array,
        headers: &Headers,
        body: &JsValue,
    ) -> Result<Promise, JsValue>;

    /// What a remote method gives back.
    #[wasm_bindgen(extends = js_sys::Object)]
    pub type RpcReply;
    #[wasm_bindgen(method, getter)]
    pub fn message(this: &RpcReply) -> Uint8Array;
    #[wasm_bindgen(method, setter)]
    pub fn set_message(this: &RpcReply, message: &Uint8Array);
    #[wasm_bindgen(method, getter)]
    pub fn body(this: &RpcReply) -> JsValue;
    #[wasm_bindgen(method, setter)]
    pub fn set_body(this: &RpcReply, body: &JsValue);
    /// The origin's headers as the platform has them, for those who were there when they came.
    #[wasm_bindgen(method, getter)]
    pub fn headers(this: &RpcReply) -> Option<Headers>;
    #[wasm_bindgen(method, setter)]
    pub fn set_headers(this: &RpcReply, headers: &Headers);

    /// The namespace of one jurisdiction (Durable Objects, "Data location"); `worker` has no such call.
    type Jurisdictions;
    #[wasm_bindgen(method, catch)]
    fn jurisdiction(this: &Jurisdictions, name: &str) -> Result<JsValue, JsValue>;
}

/// A request that is complete.
pub struct Call<'a> {
    pub incoming: &'a Incoming,
    pub record: &'a RecordId,
    pub fingerprint: &'a Fingerprint,
    pub body: &'a Uint8Array,
    pub source: KeySource,
    /// The `Idempotency-Key` header that the origin gets in place of the client's.
    pub key_header: Option<&'a str>,
    pub observe: bool,
    /// What the answer is sealed with, where the policy wants it sealed.
    pub seal_key: Option<SealKey>,
}

/// There is no reply.
pub struct ObjectUnreachable {
    /// One sentence.
    pub detail: &'static str,
    /// Whether no try can have reached the object.
    pub surely: bool,
}

impl ObjectUnreachable {
    pub const MOVED: &'static str = "the key's shard has changed while the request was under way; send the same request with the same key again";
    const NO_BINDING: Self = Self {
        detail: "the binding GUARD is missing; bind it to the class IdempotencyGuard in wrangler.toml",
        surely: true,
    };
    const OTHER_VERSION: Self = Self {
        detail: "Worker and object are of different versions, as happens while a deployment is under way; send the same request with the same key again",
        surely: false,
    };
}

const UNREACHED: &str =
    "the key's object could not be reached; send the same request with the same key again";

/// How often a stub is tried in all.
const TRIES: u32 = 3;

/// The stub of the shard that has a record, by the policy of now or of before.
pub fn shard_stub(incoming: &Incoming, name: &str) -> Result<Stub, ObjectUnreachable> {
    let Some(objects) = &incoming.bindings.objects else {
        return Err(ObjectUnreachable::NO_BINDING);
    };
    let Sharding { location, jurisdiction, .. } = &incoming.config.policy.sharding;
    let objects: ObjectNamespace = match jurisdiction {
        None => objects.clone(),
        Some(jurisdiction) => JsValue::from(objects.clone())
            .unchecked_ref::<Jurisdictions>()
            .jurisdiction(jurisdiction.as_str())
            .map_err(|_| ObjectUnreachable { detail: UNREACHED, surely: true })?
            .unchecked_into(),
    };
    match location {
        None => objects.get_by_name(name),
        Some(location) => objects.get_by_name_with_location_hint(name, location.as_str()),
    }
    .map_err(|_| ObjectUnreachable { detail: UNREACHED, surely: true })
}

/// What goes along with a reply.
pub struct Attachments {
    /// `undefined` where there is none.
    pub body: JsValue,
    pub headers: Option<Headers>,
}

/// The shard's reply, and what goes with it.
pub async fn submit(call: &Call<'_>) -> Result<(SubmitReply, Attachments), ObjectUnreachable> {
    let sharding = &call.incoming.config.policy.sharding;
    if let Some(before) = sharding.before {
        let reply = call.ask(&before.shard_of(call.record), true).await?;
        if reply.0.result != SubmitResult::Moved {
            return Ok(reply);
        }
    }
    let answer = call.ask(&sharding.shards.shard_of(call.record), false).await;
    // The other shard was reached.
    answer.map_err(|error| ObjectUnreachable {
        surely: error.surely && sharding.before.is_none(),
        ..error
    })
}

impl Call<'_> {
    async fn ask(
        &self,
        shard: &str,
        known_only: bool,
    ) -> Result<(SubmitReply, Attachments), ObjectUnreachable> {
        let mut surely = true;
        for attempt in 1..=TRIES {
            // A stub that has failed stays failed: every try takes a new one.
            let stub = shard_stub(self.incoming, shard)
                .map_err(|error| ObjectUnreachable { surely, ..error })?;
            let sent = match self.send(stub, known_only, attempt > 1) {
                Ok(sent) => sent,
                Err(_) => continue,
            };
            surely = false;
            match JsFuture::from(sent).await {
                Ok(reply) => return read(&reply.unchecked_into()),
                Err(error) if is_overloaded(&error) => break,
                Err(_) => {}
            }
        }
        Err(ObjectUnreachable { detail: UNREACHED, surely })
    }

    fn send(&self, stub: Stub, known_only: bool, redelivered: bool) -> Result<Promise, JsValue> {
        let head = &self.incoming.head;
        let request = SubmitRequest {
            record: *self.record,
            method: head.method().to_owned(),
            url: head.address().url(),
            fingerprint: self.fingerprint.clone(),
            length: self.body.length().into(),
            key: self.source,
            key_header: self.key_header.map(str::to_owned),
            observe: self.observe,
            redelivered,
            known_only,
            seal_key: self.seal_key.clone(),
        };
        let message = Uint8Array::from(request.encode().as_slice());
        let stub: GuardObject = stub.into_rpc();
        stub.submit(&message, head.headers(), &to_send(self.body)?)
    }
}

fn read(reply: &RpcReply) -> Result<(SubmitReply, Attachments), ObjectUnreachable> {
    match SubmitReply::decode(&reply.message().to_vec()) {
        Ok(message) => Ok((message, Attachments { body: reply.body(), headers: reply.headers() })),
        Err(_) => Err(ObjectUnreachable::OTHER_VERSION),
    }
}

/// An object that is overloaded is not asked again at once (Durable Objects, "Error handling").
fn is_overloaded(error: &JsValue) -> bool {
    js_sys::Reflect::get(error, &"overloaded".into()).is_ok_and(|value| value.is_truthy())
}
