//! What the end of a call does to the record of its claim.

use super::{Step, Then};
use crate::guard::record::{Answer, ClaimId, Outcome, Record};
use crate::guard::time::UnixMillis;

/// A final answer. It counts for every attempt of the claim, also for one that was given up.
pub(super) fn answered(
    record: Record,
    id: &ClaimId,
    attempt: u32,
    answer: Answer,
    now: UnixMillis,
) -> Step {
    // An origin that honours keys says 409 to one sending while it works on another.
    let sent_twice = record.claim().is_some_and(|claim| claim.attempt > 1);
    if sent_twice && answer.status == 409 {
        return freed(record, id, attempt, now);
    }
    match record {
        Record::InFlight { claim, .. } | Record::Unknown { claim, .. } if claim.id == *id => {
            Step::put(Record::Done { claim: claim.ended(now), answer }, Then::Nothing)
        }
        other => Step::keep(other, Then::Nothing),
    }
}

/// An attempt that may have acted. It counts only while no later attempt is on its way.
pub(super) fn failed(
    record: Record,
    id: &ClaimId,
    attempt: u32,
    outcome: Outcome,
    now: UnixMillis,
) -> Step {
    match record {
        // What an earlier attempt was answered says more than a broken connection does.
        Record::InFlight { claim, before: Some(before) }
        | Record::Unknown { claim, outcome: before @ Outcome { answer: Some(_), .. } }
            if claim.id == *id
                && claim.attempt == attempt
                && attempt > 1
                && outcome.answer.is_none() =>
        {
            Step::put(Record::Unknown { claim: claim.ended(now), outcome: before }, Then::Nothing)
        }
        Record::InFlight { claim, .. } | Record::Unknown { claim, .. }
            if claim.id == *id && claim.attempt == attempt =>
        {
            Step::put(Record::Unknown { claim: claim.ended(now), outcome }, Then::Nothing)
        }
        other => Step::keep(other, Then::Nothing),
    }
}

/// An attempt that was not processed. The first one frees the key; a later one says nothing of
/// those before it, so what was known before stays true.
pub(super) fn freed(record: Record, id: &ClaimId, attempt: u32, now: UnixMillis) -> Step {
    let is_current =
        record.claim().is_some_and(|claim| claim.id == *id && claim.attempt == attempt);
    match record {
        Record::InFlight { claim, before: Some(outcome) } if is_current => {
            Step::put(Record::Unknown { claim: claim.ended(now), outcome }, Then::Nothing)
        }
        Record::InFlight { .. } | Record::Unknown { .. } if is_current && attempt == 1 => {
            Step::ERASE
        }
        other => Step::keep(other, Then::Nothing),
    }
}
