//! Copies of answers, nearer than the object: in this isolate's memory, and in KV.
//!
//! A copy only ever replays, under the rules of [`crate::guard::replay`]. KV is eventually
//! consistent and caches misses, so a miss may_replay nothing; a copy that does not decode is a miss.

use super::answers::{rows, write_rows};
use super::body::Pipe;
use super::config;
use super::js::{self, Awaited, KvNamespace};
use super::key_object::KeyObject;
use super::stored::Stored;
use crate::guard::recent::Recent;
use crate::guard::record::{Body, Record};
use crate::guard::replay::copy_lifetime;
use crate::guard::scope::RecordId;
use js_sys::{Promise, Uint8Array};
use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;
use wasm_bindgen::JsValue;
use web_sys::ReadableStream;

thread_local! {
    static RECENT: RefCell<Recent> = RefCell::default();
}

/// An answer that this isolate has just seen.
pub fn recent(id: &RecordId) -> Option<Rc<Record>> {
    RECENT.with_borrow(|recent| recent.get(id, js::now()))
}

/// Remembers an answer that was shown, where it is final and small.
pub fn remember(id: &RecordId, record: &Rc<Record>) {
    let Record::Done { answer, .. } = &**record else { return };
    if matches!(answer.body, Body::Inline { .. }) {
        RECENT.with_borrow_mut(|recent| recent.put(id, record.clone(), js::now()));
    }
}

/// The copy in KV; nothing where there is none or it cannot be read.
pub async fn read_copy(namespace: &KvNamespace, id: &RecordId) -> Option<Stored> {
    let value: JsValue = js::wait(namespace.kv_get(id.as_str(), "stream")).await.ok()?;
    if value.is_null() {
        return None;
    }
    let stream: ReadableStream = wasm_bindgen::JsCast::unchecked_into(value);
    Stored::read(&stream).await.ok()
}

/// Writes the copy of an answer that has been stored. The output gate lets the write leave only
/// once the record is durable. The copy counts as on its way from this call on, not only from the
/// first time that the work is polled: an operator's "forget" must not come in between.
pub fn write_copy(
    object: Rc<KeyObject>,
    id: RecordId,
    record: Record,
) -> impl Future<Output = ()> + 'static {
    let under_way = object.instance.begin_copy();
    async move {
        if begin_copy(&object, &id, &record).await.is_err() {
            js::log_warning("onlyonce: a copy could not be written to KV; replays ask the object");
        }
        drop(under_way);
    }
}

/// Begins to write the copy, where there is one to write.
fn begin_copy(object: &Rc<KeyObject>, id: &RecordId, record: &Record) -> Awaited<JsValue> {
    let Some(namespace) = config::responses(&object.env) else { return nothing() };
    let Record::Done { claim, answer } = record else { return nothing() };
    match copy_lifetime(claim, js::now()).filter(|_| answer.body != Body::NotKept) {
        Some(lifetime) => js::wait(put(object, &namespace, id, record, lifetime.whole_seconds())),
        None => nothing(),
    }
}

/// Deletes the copy, where there are copies.
pub fn delete_copy(object: &KeyObject, id: &str) -> Awaited<JsValue> {
    match config::responses(&object.env) {
        Some(namespace) => js::wait(namespace.kv_delete(id)),
        None => nothing(),
    }
}

fn nothing() -> Awaited<JsValue> {
    js::ended(Ok(JsValue::UNDEFINED))
}

fn put(
    object: &Rc<KeyObject>,
    namespace: &KvNamespace,
    id: &RecordId,
    record: &Record,
    seconds: u64,
) -> Result<Promise, JsValue> {
    let bytes = record.encode().ok_or("a vacant record has no copy")?;
    let bytes = Uint8Array::from(bytes.as_slice());
    let value: JsValue = match rows(record) {
        None => bytes.into(),
        Some((name, rows, length)) => {
            let pipe = Pipe::of_length(length.saturating_add(bytes.length().into()))?;
            let readable = pipe.readable.clone();
            object.background(write_rows(object.clone(), pipe, Some(bytes), name, rows));
            readable.into()
        }
    };
    js::put_copy(namespace, id.as_str(), &value, seconds as f64)
}
