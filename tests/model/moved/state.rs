//! One key while `shards` is changed: the shard that it had, the shard that it has, and the requests of
//! Workers with different policies.

use super::setting::Setting;
use crate::state::{Bytes, decode};
use onlyonce::guard::record::Record;
use onlyonce::guard::time::UnixMillis;

const BEGINNING: u64 = 1_800_000_000_000;
pub const OLD: usize = 0;
pub const NEW: usize = 1;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    pub now: u64,
    pub shards: [Shard; 2],
    pub submissions: Vec<Submission>,
    pub crashes: u8,
    /// How often a little time may pass in which nothing is over.
    pub delays: u8,
    /// When a shard last decided upon a request of a Worker with the old policy.
    pub old_until: Option<u64>,
    pub ledger: Ledger,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Shard {
    pub stored: Option<Bytes>,
    /// The claim whose call is open.
    pub call: Option<u8>,
}

/// What a Worker knows of the change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Policy {
    /// It has not heard of it.
    Old,
    /// It asks the shard first that a key had before.
    New,
    /// `shards_before` is gone from it again.
    Later,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Submission {
    pub policy: Policy,
    pub was_sent: bool,
    /// When the old shard told its Worker to go to the new one.
    pub confirmed_at: Option<u64>,
    pub stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    AtClient,
    AtWorker(Target),
    AwaitsPlace(Target),
    Joined { target: Target, deadline: u64 },
    Leading { target: Target, deadline: u64 },
    Answered,
}

/// A shard, and whether that is to carry it out only if it knows the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    pub shard: usize,
    pub known_only: bool,
}

/// The claims of the key, in whichever shard they were made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ledger {
    pub claims: u8,
    pub window_ends_at: u64,
    pub is_released: bool,
    /// Whether one was made while the key was not free.
    pub is_broken: bool,
}

impl State {
    pub fn initial(setting: &Setting) -> Self {
        let submission = |policy: &Policy| Submission {
            policy: *policy,
            was_sent: false,
            confirmed_at: None,
            stage: Stage::AtClient,
        };
        Self {
            now: BEGINNING,
            shards: Default::default(),
            submissions: setting.policies.iter().map(submission).collect(),
            crashes: setting.crashes,
            delays: setting.delays,
            old_until: None,
            ledger: Ledger::default(),
        }
    }

    pub fn clock(&self) -> UnixMillis {
        UnixMillis(self.now)
    }

    pub fn record(&self, shard: usize) -> Record {
        decode(&self.shards[shard].stored)
    }

    /// One form for states that differ in nothing that matters.
    pub fn normalise(&mut self) {
        for one in self.submissions.iter_mut().filter(|one| one.stage == Stage::Answered) {
            one.confirmed_at = None;
        }
        self.submissions.sort();
        if self.now >= self.ledger.window_ends_at {
            self.ledger.window_ends_at = 0;
        }
        if !self.submissions.iter().any(|one| one.policy == Policy::Later) {
            self.old_until = None;
        }
    }
}

impl Submission {
    pub fn deadline(&self) -> Option<u64> {
        match self.stage {
            Stage::Joined { deadline, .. } | Stage::Leading { deadline, .. } => Some(deadline),
            _ => None,
        }
    }

    /// Where it is on its way to, or waits.
    pub fn target(&self) -> Option<Target> {
        match self.stage {
            Stage::AtClient | Stage::Answered => None,
            Stage::AtWorker(target) | Stage::AwaitsPlace(target) => Some(target),
            Stage::Joined { target, .. } | Stage::Leading { target, .. } => Some(target),
        }
    }

    pub fn is_at(&self, shard: usize) -> bool {
        let is_there = self.target().is_some_and(|target| target.shard == shard);
        is_there && !matches!(self.stage, Stage::AtWorker(_))
    }
}
