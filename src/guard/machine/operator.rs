//! What an operator does to a record, and what is left to do of it when time passes.

use super::{Action, AdminRefusal, InMemoryState, QUARANTINE, Resolution, Transition};
use crate::guard::record::{Claim, ClaimId, Record};
use crate::guard::settle::Settle;
use crate::guard::time::UnixMillis;

pub(super) fn on_look(record: Record) -> Transition {
    match record {
        // The deletion was not confirmed: KV failed, or the runtime stopped.
        Record::Forgotten { until: None } => Transition::keep(record, Action::DropCopy),
        _ => Transition::keep(record, Action::Nothing),
    }
}

/// Nobody but the alarm ends a call, a stream without an end among them. One that is still within its
/// deadline is let be: it may have been sent for the second time a moment before the window's end.
///
/// An answer that is being read outlives its window until the reader is done.
pub(super) fn on_alarm(
    record: Record,
    settle: Option<&Settle>,
    live: InMemoryState,
    now: UnixMillis,
) -> Transition {
    let outlasts = |claim: &Claim| now >= claim.window_ends_at && !live.open_calls.is_empty();
    match record {
        Record::Done { ref claim, .. } | Record::Unknown { ref claim, .. } if outlasts(claim) => {
            Transition::keep(record, Action::EndCalls)
        }
        Record::InFlight { ref claim, .. } if outlasts(claim) && now >= claim.deadline_at => {
            Transition::keep(record, Action::EndCalls)
        }
        Record::Unknown { ref claim, ref outcome }
            if !live.probing.contains(&claim.id)
                && settle.is_some_and(|settle| settle.next_at(claim, outcome) <= now) =>
        {
            Transition::keep(record, Action::Probe)
        }
        other => on_look(other),
    }
}

pub(super) fn forget(record: Record, live: InMemoryState) -> Transition {
    match record {
        Record::Vacant | Record::Moved { .. } => {
            Transition::keep(record, Action::RefuseAdmin(AdminRefusal::Vacant))
        }
        Record::Forgotten { until: Some(_) } => Transition::keep(record, Action::Nothing),
        Record::Forgotten { until: None } => Transition::keep(record, Action::DropCopy),
        _ if live.copying || !live.open_calls.is_empty() => {
            Transition::keep(record, Action::RefuseAdmin(AdminRefusal::CallOpen))
        }
        _ => Transition::put(Record::Forgotten { until: None }, Action::DropCopy),
    }
}

pub(super) fn copy_deleted(record: Record, now: UnixMillis) -> Transition {
    match record {
        Record::Forgotten { until: None } => {
            let until = Some(now.plus(QUARANTINE));
            Transition::put(Record::Forgotten { until }, Action::Nothing)
        }
        other => Transition::keep(other, Action::Nothing),
    }
}

pub(super) fn resolve(
    record: Record,
    id: &ClaimId,
    resolution: Resolution,
    live: InMemoryState,
    now: UnixMillis,
) -> Transition {
    match (record, resolution) {
        (Record::Unknown { claim, .. }, Resolution::Answered(answer)) if claim.id == *id => {
            Transition::put(Record::Done { claim: claim.answered(now), answer }, Action::Nothing)
        }
        (Record::Unknown { claim, outcome }, Resolution::NotProcessed) if claim.id == *id => {
            if live.open_calls.is_empty() {
                return Transition::ERASE;
            }
            Transition::keep(
                Record::Unknown { claim, outcome },
                Action::RefuseAdmin(AdminRefusal::CallOpen),
            )
        }
        (record, _) => Transition::keep(record, Action::RefuseAdmin(AdminRefusal::NotUnknown)),
    }
}
