//! Opens sealed answers for those who bring their key.
//!
//! What was opened is shown, and kept nowhere: an isolate remembers the sealed form. The key is made only where
//! something is sealed.

use super::copies::Copy;
use super::object_client::Attachments;
use super::platform::streams::ReadAhead;
use super::platform::web_crypto::unseal;
use crate::guard::record::{Body, Record};
use crate::guard::scope::RecordId;
use crate::guard::seal::{SealKey, associated_data, opened};
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::ReadableStream;

/// A copy, opened where it is sealed. Returns `None` if it cannot be opened.
pub async fn open(
    copy: Copy,
    id: &RecordId,
    key: impl FnOnce() -> Option<SealKey>,
) -> Option<Copy> {
    let Some(answer) = copy.record.answer().filter(|answer| answer.sealed) else {
        return Some(copy);
    };
    let sealed = match &copy.body {
        Some(body) => body.to_vec(),
        None => answer.inline().to_vec(),
    };
    let record = open_record(&copy.record, &sealed, id, &key()?).await?;
    Some(Copy { record: Rc::new(record), body: None })
}

/// A sealed record as the object handed it over, opened. Returns `None` if it cannot be: what was handed over
/// broke off, or has changed.
pub async fn open_stored(
    record: Rc<Record>,
    attachments: Attachments,
    id: &RecordId,
    key: impl FnOnce() -> Option<SealKey>,
) -> Option<(Rc<Record>, Attachments)> {
    let Some(answer) = record.answer().filter(|answer| answer.sealed) else {
        return Some((record, attachments));
    };
    let sealed = match answer.body {
        Body::Rows { length, .. } => {
            let body = attachments.body.unchecked_into::<ReadableStream>();
            let mut read = ReadAhead::in_one_go(body, length).await.ok()?;
            read.begun.take().to_vec()
        }
        Body::Inline { .. } | Body::NotKept => answer.inline().to_vec(),
    };
    let opened = open_record(&record, &sealed, id, &key()?).await?;
    Some((Rc::new(opened), Attachments { body: JsValue::UNDEFINED, ..attachments }))
}

pub async fn open_record(
    record: &Record,
    sealed: &[u8],
    id: &RecordId,
    key: &SealKey,
) -> Option<Record> {
    let bound = associated_data(id, &record.claim()?.id, record.answer()?.status);
    let plaintext = unseal(key, &bound, sealed).await.ok()?;
    opened(record, &plaintext)
}
