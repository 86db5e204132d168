//! What the object answers to the Worker: a record, the origin's own response, or a refusal.

use super::body::Pipe;
use super::instance::Released;
use super::js::{self, Said};
use super::key_object::KeyObject;
use super::store::RowName;
use crate::guard::log::ClaimRef;
use crate::guard::machine::Refusal;
use crate::guard::record::{Body, Claim, Record};
use crate::guard::replay::for_retries;
use crate::guard::rpc::{Delivery, DryRun, PROTOCOL, ResponseHead, SubmitReply, SubmitResult};
use crate::guard::time::Millis;
use js_sys::Uint8Array;
use std::rc::Rc;
use wasm_bindgen::JsValue;

/// A record's answer, to be shown in some way.
pub fn stored(object: &Rc<KeyObject>, record: &Record, shown: Delivery) -> Result<Said, JsValue> {
    let origin = match (shown, record.answer()) {
        (Delivery::First | Delivery::Collapsed, Some(answer)) => answer.origin_time,
        _ => Millis(0),
    };
    let bytes = record.encode().ok_or("a vacant record holds no answer")?;
    let body = match rows(record) {
        None => JsValue::UNDEFINED,
        Some((name, rows, length)) => {
            let pipe = Pipe::of_length(length)?;
            let body = pipe.readable.clone().into();
            object.background(write_rows(object.clone(), pipe, None, name, rows));
            body
        }
    };
    Ok(say(SubmitResult::Stored { shown, record: bytes }, record, origin, &body))
}

/// Where the body of a record's answer lies, if in rows: their name, their count and the bytes.
pub fn rows(record: &Record) -> Option<(RowName, u32, u64)> {
    let (claim, answer) = (record.claim()?, record.answer()?);
    match answer.body {
        Body::Rows { attempt, rows, length } => {
            Some((RowName::new(&claim.id, attempt), rows, length))
        }
        Body::Inline { .. } | Body::NotKept => None,
    }
}

/// Writes the rows of an answer, behind its record where that goes along, one row in memory at a
/// time. As long as it does, the rows are not deleted.
pub async fn write_rows(
    object: Rc<KeyObject>,
    pipe: Pipe,
    head: Option<Uint8Array>,
    name: RowName,
    rows: u32,
) {
    let _reading = object.instance.begin_reading();
    pipe.write_rows(&object.store, (&name, rows), head.as_ref()).await;
}

/// An answer that says "not processed", to the one who sent the request or to one who waited.
pub fn released(released: &Released, shared: bool) -> Said {
    let answer = match shared {
        true => for_retries(released.answer.clone(), released.replay_set_cookie),
        false => released.answer.clone(),
    };
    let verdict = SubmitResult::Released { shared, passed: ResponseHead::of(&answer) };
    let body = (released.body.length() > 0).then_some(released.body.as_ref());
    say(verdict, &Record::Vacant, answer.origin_time, body.unwrap_or(&JsValue::UNDEFINED))
}

pub fn refused(refusal: Refusal, record: &Record) -> Said {
    say(SubmitResult::Refused { refusal }, record, Millis(0), &JsValue::UNDEFINED)
}

/// A duplicate under a policy that only watches.
pub fn duplicate(would: DryRun, record: &Record) -> Said {
    say(SubmitResult::Duplicate { would }, record, Millis(0), &JsValue::UNDEFINED)
}

/// The record cannot be used; this says nothing about the origin.
pub fn unavailable(detail: &str) -> Said {
    let verdict = SubmitResult::Unavailable { detail: detail.into() };
    say(verdict, &Record::Vacant, Millis(0), &JsValue::UNDEFINED)
}

/// A verdict on a request, with what stands recorded and the time at the origin that its caller
/// waited through.
pub fn say(verdict: SubmitResult, record: &Record, origin: Millis, body: &JsValue) -> Said {
    let expires_at = record.claim().map(Claim::expires_at);
    let trace = record.claim().map(ClaimRef::of);
    let reply = SubmitReply { protocol: PROTOCOL, verdict, expires_at, origin, trace };
    js::say(&reply.encode(), body)
}
