//! What has happened in a shard, and the promises that it is held against.

use crate::ledger::number;
use onlyonce::guard::record::Claim;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    AtMostPlaces,
    SentWithClaim,
    NoPlaceLost,
    NobodyWaitsBesideAPlace,
    ClaimOnly,
    KeptWhileOpen,
    ReadsOnlyEnded,
    PurgesAll,
    AlarmInTime,
    NoIdleAlarm,
    AllSettled,
}

impl Promise {
    pub fn sentence(self) -> &'static str {
        match self {
            Self::AtMostPlaces => "never more connections wait for headers than there are places",
            Self::SentWithClaim => "what is claimed is sent in the same turn",
            Self::NoPlaceLost => "every place is free or somebody's",
            Self::NobodyWaitsBesideAPlace => "nobody waits while a place is free",
            Self::ClaimOnly => "a new claim only after release, forget or expiry",
            Self::KeptWhileOpen => "no claim in flight and no open call's record is deleted",
            Self::ReadsOnlyEnded => {
                "the alarm reads what is watched and what is over, nothing else"
            }
            Self::PurgesAll => "a ring leaves nothing in a bucket that has ended",
            Self::AlarmInTime => "a shard that holds something has an alarm in time",
            Self::NoIdleAlarm => "a shard that holds nothing sets no alarm",
            Self::AllSettled => "in the end everybody is answered and nothing is left",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ledger {
    pub keys: Vec<Option<LastClaim>>,
    /// When the alarm looked at all that is watched.
    pub looked_at: u64,
    broken: u16,
}

/// The newest claim of a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LastClaim {
    number: u8,
    window_ends_at: u64,
    /// Released by the origin, or forgotten by an operator.
    pub is_freed: bool,
    /// Whether the instance that made it is alive.
    pub is_ours: bool,
}

impl Ledger {
    pub fn new(keys: usize) -> Self {
        Self { keys: vec![None; keys], looked_at: 0, broken: 0 }
    }

    pub fn keeps(&self, promise: Promise) -> bool {
        self.broken & (1 << promise as u16) == 0
    }

    pub fn hold(&mut self, promise: Promise, holds: bool) {
        if !holds {
            self.broken |= 1 << promise as u16;
        }
    }

    /// The number that the next claim of a key will have: no two claims have the same.
    pub fn next_claim(&self, key: usize) -> usize {
        let last = self.keys[key].as_ref().map_or(0, |last| usize::from(last.number) % 16);
        16 * key + last + 1
    }

    pub fn claimed(&mut self, key: usize, claim: &Claim, now: u64) {
        let last = self.keys[key].as_ref();
        let is_free = last.is_none_or(|last| last.is_freed || now >= last.window_ends_at);
        self.hold(Promise::ClaimOnly, is_free);
        self.keys[key] = Some(LastClaim {
            number: number(claim),
            window_ends_at: claim.window_ends_at.0,
            is_freed: false,
            is_ours: true,
        });
    }

    pub fn freed(&mut self, key: usize) {
        self.keys[key].iter_mut().for_each(|last| last.is_freed = true);
    }

    pub fn died(&mut self) {
        self.keys.iter_mut().flatten().for_each(|last| last.is_ours = false);
    }
}
