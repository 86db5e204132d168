//! Writes and deletes the copies of answers in KV, for the object alone.
//!
//! A copy needs a connection that waits for headers, so it takes one of the shard's places; calls to
//! the origin go before it.

use super::super::platform::{log, now};
use super::context::ObjectContext;
use super::record_store::{BodyRows, ROW_BYTES};
use crate::guard::machine::Event;
use crate::guard::record::{Body, ClaimId, Record};
use crate::guard::replay::copy_lifetime;
use crate::guard::scope::RecordId;
use std::future::Future;
use std::rc::Rc;
use worker::kv::KvError;

const NOT_WRITTEN: &str = "onlyonce: a copy could not be written to KV; replays ask the object";
const NOT_DELETED: &str =
    "onlyonce: a forgotten key's copy could not be deleted from KV; it is tried again in a minute";

/// Writes the copy of a claim's answer that has been stored. The output gate lets the write leave only
/// once the record is durable.
///
/// Not an `async fn`: the copy counts as on its way from this call on, and not only from the first time
/// that the work is polled. An operator's "forget" must not come in between.
pub fn write_copy(
    context: Rc<ObjectContext>,
    id: RecordId,
    claim: ClaimId,
) -> impl Future<Output = ()> + 'static {
    let under_way = context.memory.begin_copy(&id);
    async move {
        if context.bindings.responses.is_some()
            // Before the answer is read: a thousand that wait would hold a thousand answers.
            && let Some(_place) = context.places.wait_in_background().await
            && put(&context, &id, &claim).await.is_err()
        {
            log::warning(NOT_WRITTEN);
        }
        drop(under_way);
    }
}

async fn put(context: &ObjectContext, id: &RecordId, claim: &ClaimId) -> Result<(), KvError> {
    let (Ok((record, _)), Some(namespace)) = (context.store.load(id), &context.bindings.responses)
    else {
        return Ok(());
    };
    let is_living = record.claim().is_some_and(|living| living.id == *claim);
    let lifetime = copy_lifetime(&record, now()).filter(|_| is_living);
    let (Some(value), Some(lifetime)) = (copy_of(context, &record), lifetime) else {
        return Ok(());
    };
    let put = namespace.put_bytes(&id.to_string(), &value)?;
    put.expiration_ttl(lifetime.whole_seconds()).execute().await
}

/// The value of a copy: the record, and behind it a body that lies in a row. Returns `None` if the
/// answer is not copied.
fn copy_of(context: &ObjectContext, record: &Record) -> Option<Vec<u8>> {
    let Record::Done { claim, answer } = record else { return None };
    let mut value = record.encode().ok()?;
    match answer.body {
        Body::Inline { .. } => {}
        Body::Rows { attempt, length, .. } if length <= ROW_BYTES.into() => {
            let rows = BodyRows { claim: claim.id, attempt };
            value.extend(context.store.row(&rows, 0).ok()??.to_vec());
        }
        Body::Rows { .. } | Body::NotKept => return None,
    }
    Some(value)
}

/// Deletes the copy of a forgotten key's answer. Until that is confirmed the key stays shut, and
/// the alarm tries it again. One deletion of a key at a time.
pub async fn confirm_deletion(context: Rc<ObjectContext>, id: RecordId) {
    let Some(under_way) = context.memory.begin_deleting(&id) else { return };
    // Where too many wait for a place, the alarm tries again.
    let Some(place) = context.places.wait_in_background().await else { return };
    let deleted = match &context.bindings.responses {
        Some(namespace) => namespace.delete(&id.to_string()).await,
        None => Ok(()),
    };
    drop((place, under_way));
    if deleted.is_err() {
        return log::warning(NOT_DELETED);
    }
    if let Err(why) = context.on_event(&id, Event::CopyDeleted) {
        log::error(&format!("onlyonce: a deletion was not written down: {why}"));
    }
}
