//! What the object replies to the Worker: a record, the origin's own response, or a refusal.

use super::super::object_client::RpcReply;
use super::super::platform::streams::Pipe;
use super::super::platform::timeout::within;
use super::context::ObjectContext;
use super::in_memory::{Released, UnderWay};
use super::live_head::LiveHead;
use super::record_store::BodyRows;
use crate::guard::log::ClaimRef;
use crate::guard::machine::Refusal;
use crate::guard::record::{Body, Record};
use crate::guard::rpc::{Delivery, DryRun, SubmitReply, SubmitResult};
use crate::guard::scope::RecordId;
use crate::guard::source::Unreadable;
use crate::guard::time::Millis;
use js_sys::{Object, Uint8Array};
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};

/// How long a reader may take for one row: whoever stalls for longer keeps an object in memory.
pub const READER_PATIENCE: Millis = Millis::seconds(120);

/// A record's answer, to be shown in some way; with its head as it came, for those who were there.
pub fn stored(
    context: &Rc<ObjectContext>,
    id: &RecordId,
    record: &Record,
    delivery: Delivery,
    head: Option<&LiveHead>,
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
    let reason = head.and_then(|head| head.reason.clone());
    let result = SubmitResult::Stored { delivery, record: bytes, reason };
    let reply = reply(result, Some(record), origin, &body);
    if let Some(head) = head {
        reply.set_headers(&head.headers);
    }
    Ok(reply)
}

/// The origin's own response, on its way as it comes.
pub fn handed_on(
    result: SubmitResult,
    record: Option<&Record>,
    origin: Millis,
    head: &LiveHead,
    body: &JsValue,
) -> RpcReply {
    let reply = reply(result, record, origin, body);
    reply.set_headers(&head.headers);
    reply
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
    let Released { head, body, origin_time, .. } = released;
    let result = SubmitResult::Released { shared, head: head.for_message() };
    let bytes = (body.length() > 0).then(|| body.slice(0, body.length()).into());
    handed_on(result, None, *origin_time, head, &bytes.unwrap_or(JsValue::UNDEFINED))
}

pub fn refused(refusal: Refusal, record: &Record) -> RpcReply {
    reply(SubmitResult::Refused { refusal }, Some(record), Millis(0), &JsValue::UNDEFINED)
}

/// A duplicate under a policy that only watches.
pub fn duplicate(would: DryRun, record: &Record) -> RpcReply {
    reply(SubmitResult::Duplicate { would }, Some(record), Millis(0), &JsValue::UNDEFINED)
}

/// The key lives in another shard; nobody claims it here.
pub fn moved() -> RpcReply {
    reply(SubmitResult::Moved, None, Millis(0), &JsValue::UNDEFINED)
}

/// The record cannot be used; this says nothing about the origin.
pub fn unavailable(detail: impl Into<String>) -> RpcReply {
    let result = SubmitResult::Unavailable { detail: detail.into() };
    reply(result, None, Millis(0), &JsValue::UNDEFINED)
}

/// The record compares a header that cannot be read.
pub fn unreadable(error: &Unreadable) -> RpcReply {
    let result = SubmitResult::Unreadable { detail: error.to_string() };
    reply(result, None, Millis(0), &JsValue::UNDEFINED)
}

/// A result, with the record that it stands under and the time at the origin that its caller waited through.
fn reply(
    result: SubmitResult,
    record: Option<&Record>,
    origin_time: Millis,
    body: &JsValue,
) -> RpcReply {
    let claim = record.and_then(Record::claim).map(ClaimRef::of);
    let expires_at = record.filter(|_| claim.is_some()).and_then(Record::expires_at);
    let message = SubmitReply { result, expires_at, origin_time, claim };
    let reply: RpcReply = Object::new().unchecked_into();
    reply.set_message(&Uint8Array::from(message.encode().as_slice()));
    reply.set_body(body);
    reply
}
