//! Mistakes that the simulation has to find: those that take long schedules, several policies or
//! many duplicates to show.

use crate::other_credential::{Mistake, misjudged};
use onlyonce::guard::machine::{
    self, Action, Event, InMemoryState, MAX_WAITING, Place, Refusal, StorageOp, Transition,
};
use onlyonce::guard::record::Record;
use onlyonce::guard::time::UnixMillis;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// A living record is compared by the newest policy's ways.
    NewPolicyCounts,
    CopyUnchecked,
    WaitersSleep,
    ShownWithoutStored,
    /// A call that takes too long frees the key.
    TimeOutFrees,
    /// A derived key is remembered for as long as any other.
    LingerIgnored,
    /// As many may wait as like to.
    WaitersUnbounded,
    /// Whoever knows a key may fill the places of its owner.
    OthersFillThePlaces,
    /// A key is forgotten beside an open call.
    ForgottenInFlight,
    /// A forgotten key is free at once.
    ForgetWithoutQuarantine,
    NoAlarm,
    /// An alarm that rang, perhaps too soon, is the last.
    NoSecondAlarm,
    /// An alarm is set with the claim alone.
    AlarmNotMoved,
    /// Who waits does not look at the deadline.
    DeadlineUnheard,
    /// An answer that is coming in is called unknown at its deadline.
    StreamDoubted,
    /// What one credential was refused binds every other one.
    RefusalBindsAll,
    /// Another credential hears that its request is another one.
    RequestTold,
    /// What supersedes another's refusal is claimed in the ways of what it supersedes.
    OldWaysKept,
    /// A call is made whether there is a place or not.
    PlacesIgnored,
    /// A call that failed keeps its place.
    PlaceKeptByFailure,
    /// Who finds no place for a second sending is told that nothing was sent.
    BusyHidesDoubt,
}

impl Bug {
    pub const ALL: [Self; 21] = [
        Self::NewPolicyCounts,
        Self::CopyUnchecked,
        Self::WaitersSleep,
        Self::ShownWithoutStored,
        Self::TimeOutFrees,
        Self::LingerIgnored,
        Self::WaitersUnbounded,
        Self::OthersFillThePlaces,
        Self::ForgottenInFlight,
        Self::ForgetWithoutQuarantine,
        Self::NoAlarm,
        Self::NoSecondAlarm,
        Self::AlarmNotMoved,
        Self::DeadlineUnheard,
        Self::StreamDoubted,
        Self::RefusalBindsAll,
        Self::RequestTold,
        Self::OldWaysKept,
        Self::PlacesIgnored,
        Self::PlaceKeptByFailure,
        Self::BusyHidesDoubt,
    ];
}

/// The shipped rules, or the shipped rules with a mistake around them.
pub fn transition(
    bug: Option<Bug>,
    record: Record,
    event: Event,
    live: InMemoryState,
    now: UnixMillis,
) -> Transition {
    let Some(bug) = bug else { return machine::transition(record, event, live, now) };
    let event = match (bug, event) {
        (Bug::LingerIgnored, Event::Submitted(submission)) => {
            Event::Submitted(machine::Submission { derived_ttl: None, ..submission })
        }
        (Bug::OldWaysKept, Event::Submitted(submission)) => {
            Event::Submitted(machine::Submission { under_policy: None, ..submission })
        }
        (_, event) => event,
    };
    let live = match (bug, &event) {
        (Bug::ForgottenInFlight, Event::Forget) => InMemoryState { open_calls: &[], ..live },
        (Bug::StreamDoubted, _) => InMemoryState { streaming: &[], ..live },
        (Bug::WaitersUnbounded, _) => {
            InMemoryState { waiting: live.waiting.min(MAX_WAITING - 1), ..live }
        }
        (Bug::OthersFillThePlaces, _) => InMemoryState { others_waiting: 0, ..live },
        _ => live,
    };
    let about_others = match bug {
        Bug::RefusalBindsAll => Some(Mistake::RefusalBindsAll),
        Bug::RequestTold => Some(Mistake::RequestTold),
        _ => None,
    };
    if let Some(refusal) = about_others.and_then(|bug| misjudged(bug, &record, &event)) {
        return Transition { record, storage: StorageOp::Keep, action: Action::Refuse(refusal) };
    }
    let timed_out = matches!(&record, Record::InFlight { claim, .. } if now >= claim.deadline_at);
    let record = if bug == Bug::TimeOutFrees && timed_out { Record::Vacant } else { record };
    let sends_again_in_vain = matches!(
        &event,
        Event::Submitted(submission) if submission.may_resend && submission.place == Place::Denied
    );
    let step = machine::transition(record, event, live, now);
    match step.record {
        Record::Unknown { .. } if bug == Bug::BusyHidesDoubt && sends_again_in_vain => {
            Transition { action: Action::Refuse(Refusal::OriginBusy), ..step }
        }
        Record::Forgotten { until: Some(_) } if bug == Bug::ForgetWithoutQuarantine => {
            let then = Action::Nothing;
            Transition { record: Record::Vacant, storage: StorageOp::Erase, action: then }
        }
        _ => step,
    }
}
