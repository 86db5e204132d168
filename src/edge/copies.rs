//! Copies of answers, nearer than the object: in this isolate's memory, and in KV.
//!
//! A copy only ever replays, under the rules of [`crate::guard::replay`]. KV is eventually
//! consistent and caches misses, so a miss proves nothing; a copy that does not decode is a miss.

use super::platform::now;
use crate::guard::isolate_cache::IsolateCache;
use crate::guard::record::{Answer, Body, Record};
use crate::guard::replay::is_copied;
use crate::guard::scope::RecordId;
use js_sys::Uint8Array;
use std::cell::RefCell;
use std::rc::Rc;
use worker::kv::KvStore;

/// A record with the answer's body, where that does not stand in the record.
pub struct Copy {
    pub record: Rc<Record>,
    pub body: Option<Uint8Array>,
}

thread_local! {
    static ISOLATE: RefCell<IsolateCache> = RefCell::default();
}

/// An answer that this isolate has just seen.
pub fn in_isolate(id: &RecordId) -> Option<Rc<Record>> {
    ISOLATE.with_borrow(|cache| cache.get(id, now()))
}

/// Remembers an answer that was shown, where it is final and small.
pub fn remember(id: &RecordId, record: &Rc<Record>) {
    let is_inline = |answer: &Answer| matches!(answer.body, Body::Inline { .. });
    if is_copied(record) && record.answer().is_some_and(is_inline) {
        ISOLATE.with_borrow_mut(|cache| cache.put(id, record.clone(), now()));
    }
}

/// The copy in KV. Returns `None` if there is none or it cannot be read.
pub async fn read(namespace: &KvStore, id: &RecordId) -> Option<Copy> {
    let value = namespace.get(&id.to_string()).bytes().await.ok()??;
    let (record, behind) = Record::decode_prefix(&value).ok()?;
    let body = match record.answer()?.body {
        Body::Rows { length, .. } => {
            (length == behind.len() as u64).then(|| Some(Uint8Array::from(behind)))
        }
        Body::Inline { .. } | Body::NotKept => behind.is_empty().then_some(None),
    };
    Some(Copy { body: body?, record: Rc::new(record) })
}
