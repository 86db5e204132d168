//! Mistakes that the simulation has to find: those that take long schedules, several policies or
//! many duplicates to show.

use onlyonce::guard::machine::{self, Change, Event, Live, MAX_WAITING, Step, Then};
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
    /// A key is forgotten beside an open call.
    ForgottenInFlight,
    /// A forgotten key is free at once.
    ForgetWithoutQuarantine,
}

impl Bug {
    pub const ALL: [Self; 9] = [
        Self::NewPolicyCounts,
        Self::CopyUnchecked,
        Self::WaitersSleep,
        Self::ShownWithoutStored,
        Self::TimeOutFrees,
        Self::LingerIgnored,
        Self::WaitersUnbounded,
        Self::ForgottenInFlight,
        Self::ForgetWithoutQuarantine,
    ];
}

/// The shipped rules, or the shipped rules with a mistake around them.
pub fn decide(bug: Option<Bug>, record: Record, event: Event, live: Live, now: UnixMillis) -> Step {
    let Some(bug) = bug else { return machine::decide(record, event, live, now) };
    let event = match (bug, event) {
        (Bug::LingerIgnored, Event::Submitted(submission)) => {
            Event::Submitted(machine::Submission { linger: None, ..submission })
        }
        (_, event) => event,
    };
    let live = match (bug, &event) {
        (Bug::ForgottenInFlight, Event::Forget) => Live { open_calls: &[], ..live },
        (Bug::WaitersUnbounded, _) => Live { waiting: live.waiting.min(MAX_WAITING - 1), ..live },
        _ => live,
    };
    let timed_out = matches!(&record, Record::InFlight { claim, .. } if now >= claim.deadline_at);
    let record = if bug == Bug::TimeOutFrees && timed_out { Record::Vacant } else { record };
    let step = machine::decide(record, event, live, now);
    match step.record {
        Record::Forgotten { until: Some(_) } if bug == Bug::ForgetWithoutQuarantine => {
            Step { record: Record::Vacant, change: Change::Erase, then: Then::Nothing }
        }
        _ => step,
    }
}
