//! The shard's alarm, which only means "look": at what is watched, and at the buckets that have ended.
//!
//! Each key is looked at in a step of its own, which reads the record anew: the look and the deletion
//! share one turn with nothing awaited in between, so no claim can come between "its time is over" and
//! "it is gone".

use super::super::platform::timeout::sleep;
use super::super::platform::{log, message_of, now};
use super::context::ObjectContext;
use super::copy_writer::confirm_deletion;
use super::in_memory::Wakeup;
use super::probe::{probe_without_caller, settle_without_caller};
use super::unknown_outcomes::send_messages;
use crate::guard::machine::{Action, Event, StorageOp};
use crate::guard::record::Claim;
use crate::guard::scope::RecordId;
use crate::guard::shard::retention::Bucket;
use crate::guard::time::Millis;
use std::rc::Rc;
use wasm_bindgen::JsValue;

/// How many records are looked at before requests get their turn: some milliseconds' worth.
const PAGE: u32 = 100;

/// When a record is looked at again that cannot be read: the next version of the guard may be able to.
const UNREADABLE_FOR: Millis = Millis::hours(1);

pub async fn on_alarm(context: &Rc<ObjectContext>) {
    context.forget_alarm();
    context.memory.abort_given_up(now());
    let unfinished = look_at_all(context).await;
    context.set_unfinished(tried(send_what_waits(context)) || unfinished);
    let agenda = context.agenda().unwrap_or_default();
    if let Err(why) = context.set_alarm_for(&agenda) {
        log::error(&format!("onlyonce: {why}"));
    }
}

/// Sends the messages that a predecessor of this instance, or a queue that was down, has left. Returns
/// whether there are any.
fn send_what_waits(context: &Rc<ObjectContext>) -> Result<bool, JsValue> {
    let has_messages =
        context.bindings.outcomes.is_some() && context.unknown_outcomes.has_messages()?;
    if has_messages {
        context.in_background(send_messages(context.clone()));
    }
    Ok(has_messages)
}

/// Returns whether something has to be tried again: what storage failed at, or the deletion of a copy
/// that is not confirmed yet. That record asks for no other alarm, and would stay shut for ever where the
/// deletion fails.
async fn look_at_all(context: &Rc<ObjectContext>) -> bool {
    let watched = look_at(context, Bucket::WATCHED).await;
    let seen_to = watched.and_then(|is_deleting| {
        context.store.orphans_are_seen_to()?;
        Ok(is_deleting)
    });
    let mut unfinished = tried(seen_to);
    match context.store.ended_buckets(now()) {
        Ok(ended) => {
            for bucket in ended {
                unfinished |= tried(look_at(context, bucket).await);
            }
        }
        Err(error) => unfinished |= tried(Err(error)),
    }
    unfinished
}

/// Whether something has to be tried again. One bucket that fails does not stop the others.
fn tried(looked: Result<bool, JsValue>) -> bool {
    looked.unwrap_or_else(|error| {
        let why = message_of(&error);
        log::error(&format!("onlyonce: a shard could not be looked through: {why}"));
        true
    })
}

/// What a look has found.
#[derive(PartialEq, Eq)]
enum Found {
    /// Nothing is left in this bucket.
    Gone,
    Left,
    /// It is left, and the deletion of its copy is under way.
    Deleting,
}

/// Looks at every record of a bucket. One that has ended is empty then. Returns whether a copy is
/// being deleted.
async fn look_at(context: &Rc<ObjectContext>, bucket: Bucket) -> Result<bool, JsValue> {
    let mut after = None;
    let (mut is_left, mut is_deleting) = (false, false);
    loop {
        let ids = context.store.ids_in(bucket, after.as_ref(), PAGE)?;
        for id in &ids {
            let found = look_at_one(context, id, bucket)?;
            is_left |= found != Found::Gone;
            is_deleting |= found == Found::Deleting;
        }
        match ids.into_iter().next_back() {
            Some(last) => after = Some(last),
            None => break,
        }
        sleep(Millis(1)).await;
    }
    // Nothing was awaited since the last page: whatever came into the bucket meanwhile is behind it or
    // was looked at, but for what is watched, where claims come in at any place.
    if !is_left && bucket != Bucket::WATCHED {
        context.store.forget_bucket(bucket)?;
    }
    Ok(is_deleting)
}

fn look_at_one(
    context: &Rc<ObjectContext>,
    id: &RecordId,
    bucket: Bucket,
) -> Result<Found, JsValue> {
    let now = now();
    // On trial, as for a submission: what is to be asked is asked in this turn, and else left to the next ring.
    let place = context.places.take_in_background();
    let mut event = |claim: Option<&Claim>| {
        let settle = claim.and_then(|claim| settle_without_caller(context, claim));
        Event::Alarm { settle: settle.filter(|_| place.is_some()) }
    };
    let transition = match context.step(id, &mut event, &Wakeup::look_again) {
        Ok(transition) => transition,
        Err(why) => {
            log::error(&format!("onlyonce: a record could not be looked at: {why}"));
            let later = Bucket::of(now.plus(UNREADABLE_FOR), now, context.store.stagger);
            context.store.postpone(id, bucket, later)?;
            return Ok(Found::Gone);
        }
    };
    match transition.action {
        Action::DropCopy => {
            context.in_background(confirm_deletion(context.clone(), *id));
            return Ok(Found::Deleting);
        }
        Action::Probe => {
            if let Some(place) = place {
                probe_without_caller(context, id, &transition.record, place);
            }
        }
        Action::EndCalls => context.memory.abort_calls(id),
        _ => {}
    }
    if transition.storage == StorageOp::Keep && bucket.has_ended(now) {
        let to = Bucket::of_record(&transition.record, Some(bucket), now, context.store.stagger);
        context.store.postpone(id, bucket, to)?;
        return Ok(Found::Gone);
    }
    Ok(if transition.storage == StorageOp::Keep { Found::Left } else { Found::Gone })
}
