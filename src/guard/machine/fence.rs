//! What the caller asks of its own key, and what it forbids.
//!
//! A fence binds everybody of the scope: a submission under another credential may be the very one that
//! the caller is afraid of, sent before its token was renewed. Nobody fences what another credential has
//! claimed.

use super::submissions::{come_again, moved};
use super::{Action, InMemoryState, Refusal, Transition};
use crate::guard::record::Record;
use crate::guard::scope::Credential;
use crate::guard::time::{Millis, UnixMillis};

/// That a key shall never be carried out.
#[derive(Clone, Debug)]
pub struct Fence {
    /// Read from the living record's sources where there is one.
    pub credential: Credential,
    /// How long it stands.
    pub retry_window: Millis,
    /// As of a submission.
    pub known_only: bool,
}

pub(super) fn ask(record: Record, credential: &Credential) -> Transition {
    match withheld(&record, credential) {
        Some(refusal) => Transition::refuse(record, refusal),
        None => Transition::keep(record, Action::Tell),
    }
}

/// What is known stays: only a free key is fenced.
pub(super) fn fence(
    record: Record,
    fence: &Fence,
    live: InMemoryState,
    now: UnixMillis,
) -> Transition {
    let until = now.plus(fence.retry_window);
    match record {
        Record::Vacant if fence.known_only => moved(None, fence.retry_window, now),
        Record::Moved { until } if fence.known_only => moved(Some(until), fence.retry_window, now),
        Record::Moved { .. } => Transition::refuse(record, Refusal::Moved),
        // A call that is still open would be taken for one of the next claim's.
        Record::Vacant if live.open_calls.is_empty() => {
            Transition::put(Record::Fenced { until }, Action::Tell)
        }
        Record::Vacant => come_again(record),
        _ => ask(record, &fence.credential),
    }
}

/// What another credential than the claim's is told in the place of the record's state.
fn withheld(record: &Record, credential: &Credential) -> Option<Refusal> {
    let is_own = record.claim()?.credential == *credential;
    let refusal = match record {
        Record::InFlight { .. } => Refusal::InProgress { retry_after: super::ASK_AGAIN },
        Record::Unknown { outcome, .. } => Refusal::OutcomeUnknown(outcome.reason),
        _ => Refusal::CredentialChanged,
    };
    (!is_own).then_some(refusal)
}
