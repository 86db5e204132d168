//! What is explored of a change of `shards`, and the mistakes that could be made with it.

use super::state::Policy;
use crate::setting::TICK;
use onlyonce::guard::time::Millis;

pub const WINDOW: Millis = Millis(3 * TICK.0);

#[derive(Clone, Copy, Debug)]
pub struct Setting {
    pub name: &'static str,
    /// The policy of the Worker that takes each submission.
    pub policies: &'static [Policy],
    pub crashes: u8,
    pub delays: u8,
    pub bug: Option<Bug>,
}

/// Two Workers know of the change, and one does not.
pub const CHANGE: Setting = Setting {
    name: "change of shards",
    policies: &[Policy::Old, Policy::New, Policy::New],
    crashes: 1,
    delays: 1,
    bug: None,
};

/// Only one knows of it yet.
pub const BEGUN: Setting =
    Setting { name: "change begun", policies: &[Policy::Old, Policy::Old, Policy::New], ..CHANGE };

/// One has dropped `shards_before` again, in time.
pub const DROPPED: Setting = Setting {
    name: "shards_before dropped",
    policies: &[Policy::Old, Policy::New, Policy::Later],
    ..CHANGE
};

pub const ALL: [Setting; 3] = [CHANGE, BEGUN, DROPPED];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// The old shard lets a key go without a fence.
    NoFence,
    /// A fence ends before a claim that is made beside it in the same moment.
    FenceEndsEarly,
    /// A fence leaves no time between the confirmation and the claim.
    FenceWithoutMargin,
    /// A shard claims a key though its fence stands.
    FenceIgnored,
    /// A Worker that knows of the change asks the new shard first.
    NewShardFirst,
    /// `shards_before` is dropped while claims of the old shard live.
    DroppedTooSoon,
}

pub const MISTAKES: [(Bug, Setting); 6] = [
    (Bug::NoFence, CHANGE),
    (Bug::FenceEndsEarly, CHANGE),
    (Bug::FenceWithoutMargin, CHANGE),
    (Bug::FenceIgnored, CHANGE),
    (Bug::NewShardFirst, CHANGE),
    (Bug::DroppedTooSoon, DROPPED),
];
