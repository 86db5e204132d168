//! What the origin's word on an unknown outcome does to its record.
//!
//! It counts for the claim that the origin was asked about, and only while that is unknown. An absence
//! frees the key where it is believed (see [`Settle`](crate::guard::settle::Settle)) and no call of the
//! claim is open: that one may still act, and would be taken for one of the next claim's.

use super::Action;
use super::{InMemoryState, Transition};
use crate::guard::record::{ClaimId, Record};
use crate::guard::settle::ProbeWord;
use crate::guard::time::{Millis, UnixMillis};

/// An answer to a probe.
#[derive(Clone, Debug)]
pub struct Probed {
    pub claim: ClaimId,
    /// When the origin was asked, which is what an absence is judged by.
    pub asked_at: UnixMillis,
    /// As of the policy.
    pub absent_after: Millis,
    pub word: ProbeWord,
}

pub(super) fn probed(
    record: Record,
    probe: Probed,
    live: InMemoryState,
    now: UnixMillis,
) -> Transition {
    let (claim, mut outcome) = match record {
        Record::Unknown { claim, outcome } if claim.id == probe.claim => (claim, outcome),
        other => return Transition::keep(other, Action::Nothing),
    };
    let is_believed =
        claim.attempt == 1 && probe.asked_at >= claim.claimed_at.plus(probe.absent_after);
    match probe.word {
        ProbeWord::Found(answer) => {
            Transition::put(Record::Done { claim: claim.answered(now), answer }, Action::Nothing)
        }
        ProbeWord::Absent if is_believed && live.open_calls.is_empty() => Transition::ERASE,
        word => {
            outcome.probes.add(probe.asked_at, word.remembered());
            Transition::put(Record::Unknown { claim, outcome }, Action::Nothing)
        }
    }
}
