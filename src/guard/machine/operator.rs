//! What an operator does to a record, and what is left to do of it when time passes.

use super::{Denial, Live, QUARANTINE, Resolution, Step, Then};
use crate::guard::record::{Claim, ClaimId, Record};
use crate::guard::time::UnixMillis;

pub(super) fn looked(record: Record) -> Step {
    match record {
        // The deletion was not confirmed: KV failed, or the runtime stopped.
        Record::Forgotten { until: None } => Step::keep(record, Then::DropCopy),
        _ => Step::keep(record, Then::Nothing),
    }
}

/// Nobody but the alarm ends a call. One that is still within its deadline is let be: it may have
/// been sent for the second time a moment before the window's end.
pub(super) fn rang(record: Record, now: UnixMillis) -> Step {
    let outlasts = |claim: &Claim| now >= claim.window_ends_at;
    match record {
        Record::Done { ref claim, .. } | Record::Unknown { ref claim, .. } if outlasts(claim) => {
            Step::keep(record, Then::EndCalls)
        }
        other => looked(other),
    }
}

pub(super) fn forget(record: Record, live: Live) -> Step {
    match record {
        Record::Vacant => Step::keep(record, Then::Deny(Denial::Vacant)),
        Record::Forgotten { until: Some(_) } => Step::keep(record, Then::Nothing),
        Record::Forgotten { until: None } => Step::keep(record, Then::DropCopy),
        _ if live.copying || !live.open_calls.is_empty() => {
            Step::keep(record, Then::Deny(Denial::CallOpen))
        }
        _ => Step::put(Record::Forgotten { until: None }, Then::DropCopy),
    }
}

pub(super) fn copy_deleted(record: Record, now: UnixMillis) -> Step {
    match record {
        Record::Forgotten { until: None } => {
            let until = Some(now.plus(QUARANTINE));
            Step::put(Record::Forgotten { until }, Then::Nothing)
        }
        other => Step::keep(other, Then::Nothing),
    }
}

pub(super) fn resolve(
    record: Record,
    id: &ClaimId,
    resolution: Resolution,
    live: Live,
    now: UnixMillis,
) -> Step {
    match (record, resolution) {
        (Record::Unknown { claim, .. }, Resolution::Answered(answer)) if claim.id == *id => {
            Step::put(Record::Done { claim: claim.ended(now), answer }, Then::Nothing)
        }
        (Record::Unknown { claim, outcome }, Resolution::NotProcessed) if claim.id == *id => {
            if live.open_calls.is_empty() {
                return Step::ERASE;
            }
            Step::keep(Record::Unknown { claim, outcome }, Then::Deny(Denial::CallOpen))
        }
        (record, _) => Step::keep(record, Then::Deny(Denial::NotUnknown)),
    }
}
