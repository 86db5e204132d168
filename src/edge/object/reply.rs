//! What the object replies to the Worker: a record, the origin's own response, or a refusal.

use super::super::object_client::RpcReply;
use super::super::platform::streams::Pipe;
use super::super::platform::timeout::within;
use super::context::ObjectContext;
use super::in_memory::{Released, UnderWay};
use super::record_store::BodyRows;
use crate::guard::log::ClaimRef;
use crate::guard::machine::Refusal;
use crate::guard::record::{Body, Claim, Record};
use crate::guard::replay::for_retries;
use crate::guard::rpc::{Delivery, DryRun, ResponseHead, SubmitReply, SubmitResult};
use crate::guard::scope::RecordId;
use crate::guard::time::Millis;
use js_sys::{Object, Uint8Array};
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};

/// How long a reader may take for one row: whoever stalls for longer keeps an object in memory.
pub const READER_PATIENCE: Millis = Millis::seconds(120);

/// A record's answer, to be shown in some way.
pub fn stored(
    context: &Rc<ObjectContext>,
    id: &RecordId,
    record: &Record,
    delivery: Delivery,
) -> Result<RpcReply, JsValue> {
    let origin = match (delivery, record.answer()) {
        (Delivery::First | Delivery::Collapsed, Some(answer)) => answer.origin_time,
        _ => Millis(0),
    };
    let bytes = record.encode().map_err(|error| error.to_string())?;
    let body = match rows_of(record) {
        None => JsValue::UNDEFINED,
        Some((rows, count, length)) => {
            let pipe = Pipe::of_length(length)?;
            let body = pipe.readable.clone().into();
            let reading = context.memory.begin_reading(id);
            context.in_background(write_rows(context.clone(), reading, pipe, rows, count));
            body
        }
    };
    Ok(reply(SubmitResult::Stored { delivery, record: bytes }, record, origin, &body))
}

/// Where the body of a record's answer lies, if in rows: their name, their count and the bytes.
pub fn rows_of(record: &Record) -> Option<(BodyRows, u32, u64)> {
    let (claim, answer) = (record.claim()?, record.answer()?);
    match answer.body {
        Body::Rows { attempt, rows, length } => {
            Some((BodyRows { claim: claim.id, attempt }, rows, length))
        }
        Body::Inline { .. } | Body::NotKept => None,
    }
}

/// Writes the rows of an answer, one in memory at a time. As long as it does, they are not deleted.
async fn write_rows(
    context: Rc<ObjectContext>,
    _reading: UnderWay,
    pipe: Pipe,
    rows: BodyRows,
    count: u32,
) {
    for row in 0..count {
        let Ok(Some(bytes)) = context.store.row(&rows, row) else {
            return pipe.abort("a row of the answer is missing").await;
        };
        if !is_taken_in_time(&pipe, &bytes).await {
            return pipe.abort("the answer could not be read to its end").await;
        }
    }
    pipe.close().await;
}

/// Whether a reader takes a row before its patience ends.
pub async fn is_taken_in_time(pipe: &Pipe, bytes: &Uint8Array) -> bool {
    matches!(within(READER_PATIENCE, pipe.write(bytes)).await, Some(Ok(())))
}

/// An answer that says "not processed", to the one who sent the request or to one who waited.
pub fn released(released: &Released, shared: bool) -> RpcReply {
    let answer = match shared {
        true => for_retries(released.answer.clone(), released.replay_set_cookie),
        false => released.answer.clone(),
    };
    let result = SubmitResult::Released { shared, head: ResponseHead::of(&answer) };
    let bytes =
        (released.body.length() > 0).then(|| released.body.slice(0, released.body.length()).into());
    reply(result, &Record::Vacant, answer.origin_time, &bytes.unwrap_or(JsValue::UNDEFINED))
}

pub fn refused(refusal: Refusal, record: &Record) -> RpcReply {
    reply(SubmitResult::Refused { refusal }, record, Millis(0), &JsValue::UNDEFINED)
}

/// A duplicate under a policy that only watches.
pub fn duplicate(would: DryRun, record: &Record) -> RpcReply {
    reply(SubmitResult::Duplicate { would }, record, Millis(0), &JsValue::UNDEFINED)
}

/// The key lives in another shard; nobody claims it here.
pub fn moved() -> RpcReply {
    reply(SubmitResult::Moved, &Record::Vacant, Millis(0), &JsValue::UNDEFINED)
}

/// The record cannot be used; this says nothing about the origin.
pub fn unavailable(detail: impl Into<String>) -> RpcReply {
    let result = SubmitResult::Unavailable { detail: detail.into() };
    reply(result, &Record::Vacant, Millis(0), &JsValue::UNDEFINED)
}

/// A result, with what stands recorded and the time at the origin that its caller waited through.
pub fn reply(result: SubmitResult, record: &Record, origin: Millis, body: &JsValue) -> RpcReply {
    let expires_at = record.claim().map(Claim::expires_at);
    let claim = record.claim().map(ClaimRef::of);
    let message = SubmitReply { result, expires_at, origin_time: origin, claim };
    let reply: RpcReply = Object::new().unchecked_into();
    reply.set_message(&Uint8Array::from(message.encode().as_slice()));
    reply.set_body(body);
    reply
}
