//! What the end of a call does to the record of its claim.

use super::{Action, Transition};
use crate::guard::record::{Answer, Claim, ClaimId, Outcome, Record};
use crate::guard::time::UnixMillis;

/// A final answer. It counts for every attempt of the claim, also for one that was given up.
pub(super) fn answered(
    record: Record,
    id: &ClaimId,
    attempt: u32,
    answer: Answer,
    now: UnixMillis,
) -> Transition {
    // An origin that honours keys says 409 to one sending while it works on another.
    let sent_twice = record.claim().is_some_and(|claim| claim.attempt > 1);
    if sent_twice && answer.status == 409 {
        return on_not_processed(record, id, attempt);
    }
    match record {
        Record::InFlight { claim, .. } | Record::Unknown { claim, .. } if claim.id == *id => {
            Transition::put(Record::Done { claim: claim.answered(now), answer }, Action::Nothing)
        }
        other => Transition::keep(other, Action::Nothing),
    }
}

/// An attempt that may have acted. It counts only while no later attempt is on its way.
pub(super) fn failed(record: Record, id: &ClaimId, attempt: u32, outcome: Outcome) -> Transition {
    match record {
        // What an earlier attempt was answered says more than a broken connection does.
        Record::InFlight { claim, previous: Some(previous) }
        | Record::Unknown { claim, outcome: previous @ Outcome { answer: Some(_), .. } }
            if claim.id == *id
                && claim.attempt == attempt
                && attempt > 1
                && outcome.answer.is_none() =>
        {
            Transition::put(Record::Unknown { claim, outcome: previous }, Action::Nothing)
        }
        Record::InFlight { claim, previous } if claim.id == *id && claim.attempt == attempt => {
            still_unknown(claim, outcome, previous)
        }
        Record::Unknown { claim, outcome: previous }
            if claim.id == *id && claim.attempt == attempt =>
        {
            still_unknown(claim, outcome, Some(previous))
        }
        other => Transition::keep(other, Action::Nothing),
    }
}

/// What was unknown before has been so since then.
fn still_unknown(claim: Claim, outcome: Outcome, previous: Option<Outcome>) -> Transition {
    let outcome = match &previous {
        Some(previous) => outcome.after(previous),
        None => outcome,
    };
    Transition::put(Record::Unknown { claim, outcome }, Action::Nothing)
}

/// An attempt that was not processed. The first one frees the key; a later one says nothing of
/// those before it, so what was known before stays true.
pub(super) fn on_not_processed(record: Record, id: &ClaimId, attempt: u32) -> Transition {
    let is_current =
        record.claim().is_some_and(|claim| claim.id == *id && claim.attempt == attempt);
    match record {
        Record::InFlight { claim, previous: Some(outcome) } if is_current => {
            Transition::put(Record::Unknown { claim, outcome }, Action::Nothing)
        }
        Record::InFlight { .. } | Record::Unknown { .. } if is_current && attempt == 1 => {
            Transition::ERASE
        }
        other => Transition::keep(other, Action::Nothing),
    }
}
