//! What the origin's word on an unknown outcome does to its record.
//!
//! It counts for the claim that the origin was asked about, and only while that is unknown. An absence
//! frees the key where it is believed (see [`Settle`]) and no call of the claim is open: that one may still
//! act, and would be taken for one of the next claim's.

use super::{Action, InMemoryState, Transition};
use crate::guard::record::{ClaimId, ProbeAnswer, Record};
use crate::guard::settle::{ProbeWord, Settle};
use crate::guard::time::UnixMillis;
use std::rc::Rc;

/// An answer to a probe.
#[derive(Clone, Debug)]
pub struct Probed {
    pub claim: ClaimId,
    /// When the origin was asked, which is what an absence is judged by.
    pub asked_at: UnixMillis,
    /// How it was asked.
    pub settle: Rc<Settle>,
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
        claim.attempt == 1 && probe.asked_at >= probe.settle.absence_counts_from(&claim);
    match probe.word {
        ProbeWord::Found(answer) => {
            Transition::put(Record::Done { claim: claim.answered(now), answer }, Action::Nothing)
        }
        ProbeWord::Said(ProbeAnswer::Absent) if is_believed && live.open_calls.is_empty() => {
            Transition::ERASE
        }
        ProbeWord::Said(answer) => {
            outcome.probes.add(probe.asked_at, answer);
            Transition::put(Record::Unknown { claim, outcome }, Action::Nothing)
        }
    }
}
