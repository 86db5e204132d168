//! What the object answers to the Worker: a record, the origin's own response, or a refusal.

use super::body::Pipe;
use super::js;
use super::key_object::{KeyObject, Released};
use super::store::RowName;
use crate::guard::log::Trace;
use crate::guard::machine::Refusal;
use crate::guard::record::{Answer, Body, Claim, Record};
use crate::guard::replay::without_cookies;
use crate::guard::time::Millis;
use crate::guard::wire::{HEADER, MOST_IN_MESSAGE, PROTOCOL, Reply, Shown, Verdict, Would};
use js_sys::Uint8Array;
use std::rc::Rc;
use wasm_bindgen::JsValue;
use web_sys::{ReadableStream, Response};

/// A record's answer, to be shown in some way.
pub fn stored(object: &Rc<KeyObject>, record: &Record, shown: Shown) -> Result<Response, JsValue> {
    let origin = match (shown, record.answer()) {
        (Shown::First | Shown::Joined, Some(answer)) => answer.took,
        _ => Millis(0),
    };
    let rows = rows(record);
    let reply = self::reply(Verdict::Stored { shown, whole: rows.is_none() }, record, origin);
    let bytes = record.encode().ok_or("a vacant record holds no answer")?;
    if rows.is_none() && bytes.len() <= MOST_IN_MESSAGE {
        return say(Reply { record: Some(bytes), ..reply });
    }
    let (headers, bytes) = (header(&reply), Uint8Array::from(bytes.as_slice()));
    match rows {
        None => js::respond(200, &headers, &bytes),
        Some((name, rows, length)) => {
            let whole = length.saturating_add(bytes.length().into());
            let pipe = Pipe::of_length(whole)?;
            let response = js::respond(200, &headers, &pipe.readable)?;
            object.background(write_rows(object.clone(), pipe, bytes, name, rows));
            Ok(response)
        }
    }
}

/// Where the body of a record's answer lies, if in rows: their name, their count and the bytes.
pub fn rows(record: &Record) -> Option<(RowName, u32, u64)> {
    let (claim, answer) = (record.claim()?, record.answer()?);
    match answer.body {
        Body::Rows { attempt, rows, length } => {
            Some((RowName::new(&claim.id, attempt), rows, length))
        }
        Body::Inline { .. } | Body::Not => None,
    }
}

/// Writes a record and the rows of its answer, one row in memory at a time. As long as it does,
/// the rows are not deleted.
pub async fn write_rows(
    object: Rc<KeyObject>,
    pipe: Pipe,
    head: Uint8Array,
    name: RowName,
    rows: u32,
) {
    let _reading = object.begin_reading();
    pipe.write_rows(&object.store, (&name, rows), &head).await;
}

/// An answer that says "not processed", to the one who sent the request or to one who waited.
pub fn released(released: &Released, shared: bool) -> Result<Response, JsValue> {
    let answer = match shared {
        true => without_cookies(released.answer.clone()),
        false => released.answer.clone(),
    };
    let verdict = Verdict::Released { shared };
    let headers = origin_headers(answer.headers, verdict, &Record::Vacant, answer.took);
    let body = (released.body.length() > 0).then_some(released.body.as_ref());
    js::respond(answer.status, &headers, body.unwrap_or(&JsValue::NULL))
}

/// The origin's response as it comes; the record tells what is remembered of it.
pub fn streaming(
    answer: &Answer,
    verdict: Verdict,
    record: &Record,
    body: &ReadableStream,
) -> Result<Response, JsValue> {
    let headers = origin_headers(answer.headers.clone(), verdict, record, answer.took);
    js::respond(answer.status, &headers, body)
}

pub fn refused(refusal: Refusal, record: &Record) -> Result<Response, JsValue> {
    say(reply(Verdict::Refused { refusal }, record, Millis(0)))
}

/// A duplicate under a policy that only watches.
pub fn duplicate(would: Would, record: &Record) -> Result<Response, JsValue> {
    say(reply(Verdict::Duplicate { would }, record, Millis(0)))
}

/// The record cannot be used; this says nothing about the origin.
pub fn unavailable(detail: &str) -> Result<Response, JsValue> {
    let verdict = Verdict::Unavailable { detail: detail.into() };
    say(reply(verdict, &Record::Vacant, Millis(0)))
}

fn say(reply: Reply) -> Result<Response, JsValue> {
    js::respond(200, &header(&reply), &JsValue::NULL)
}

/// The header that says it, as a pair of lines.
fn header(reply: &Reply) -> String {
    js::pairs(&[(HEADER, reply.to_header())])
}

fn reply(verdict: Verdict, record: &Record, origin: Millis) -> Reply {
    let expires_at = record.claim().map(Claim::expires_at);
    let trace = record.claim().map(Trace::of);
    Reply { protocol: PROTOCOL, verdict, expires_at, origin, trace, record: None }
}

fn origin_headers(
    mut list: Vec<(String, String)>,
    verdict: Verdict,
    record: &Record,
    took: Millis,
) -> String {
    // The origin's own header of that name would be read as the guard's.
    list.retain(|(name, _)| name != HEADER);
    list.push((HEADER.into(), reply(verdict, record, took).to_header()));
    js::pairs(&list)
}
