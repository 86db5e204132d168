//! How much of requests' bodies one isolate holds, and how long an upload may take a rest.
//!
//! An isolate has 128 MB for everything, and losing it loses every call in it. So there is a bound, and
//! a request that would cross it is told to come again.
//!
//! 1. What counts are bytes that have arrived. A promised length takes nothing, and neither does a
//!    connection on which nothing comes.
//! 2. One caller holds at most half of it while bodies come in, and half while they wait at a shard: the
//!    rest is for others, however much that caller sends.
//! 3. An upload of which nothing comes for [`PATIENCE`] is ended; nothing was claimed for it.

use super::policy::Mode;
use super::request_head::RequestHead;
use super::time::Millis;
use std::collections::HashMap;

/// In bytes. Leaves as much again for answers, code and the runtime.
pub const CAPACITY: u64 = 64 * 1024 * 1024;

/// In bytes.
pub const SHARE: u64 = CAPACITY / 2;

/// How long nothing may come of a body.
pub const PATIENCE: Millis = Millis::seconds(30);

/// The same under a policy: one that only watches ends no upload. This is the longest time that a timer
/// holds, in milliseconds.
pub fn patience(mode: Mode) -> Millis {
    match mode {
        Mode::Enforce => PATIENCE,
        Mode::Observe => Millis(i32::MAX as u64),
    }
}

/// Whose bytes are held.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Holder {
    network: String,
    stage: Stage,
}

/// Which copy of a body it is. Worker and shard may run in one isolate, and a body that one of them could
/// take alone must not be too large for both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    Arriving,
    AtShard,
}

impl Holder {
    /// What comes without an address, such as a queue's message, is all one caller's.
    pub fn of(head: &impl RequestHead, stage: Stage) -> Self {
        let address = head.header("cf-connecting-ip").unwrap_or_default();
        Self { network: network(&address), stage }
    }
}

/// Whoever has one address of IPv6 has the other 2^64 of its network, too. The platform writes an address
/// in one way (RFC 5952), so the first four of its eight groups tell the network.
fn network(address: &str) -> String {
    let known = address.split("::").next().unwrap_or_default();
    let mut groups: Vec<&str> = known.split(':').take(4).collect();
    // These may have gone into the two colons.
    while groups.len() > 1 && groups.last() == Some(&"0") {
        groups.pop();
    }
    groups.join(":")
}

/// What is held, and by whom.
#[derive(Debug, Default)]
pub struct Uploads {
    held: u64,
    by_holder: HashMap<Holder, u64>,
}

impl Uploads {
    /// Adds bytes that have arrived. Returns false if there is no room for them.
    #[must_use]
    pub fn add(&mut self, holder: &Holder, bytes: u64) -> bool {
        let held = self.held.saturating_add(bytes);
        let by_holder = self.held_by(holder).saturating_add(bytes);
        let fits = held <= CAPACITY && by_holder <= SHARE;
        if fits && bytes > 0 {
            self.held = held;
            self.by_holder.insert(holder.clone(), by_holder);
        }
        fits
    }

    /// Takes away bytes that were added.
    pub fn remove(&mut self, holder: &Holder, bytes: u64) {
        self.held = self.held.saturating_sub(bytes);
        match self.held_by(holder).saturating_sub(bytes) {
            0 => self.by_holder.remove(holder),
            left => self.by_holder.insert(holder.clone(), left),
        };
    }

    fn held_by(&self, holder: &Holder) -> u64 {
        self.by_holder.get(holder).copied().unwrap_or_default()
    }
}

const LEAST_BUFFER: u64 = 4 * 1024;
const MOST_BUFFER: u64 = 256 * 1024;

/// The size of the next buffer for a body, in bytes: as much again as has arrived, so that what is held
/// ready is never more than what is there, and one that is sent slowly costs no more than it sent.
pub fn next_buffer(arrived: u64, promised: Option<u64>) -> u32 {
    let most = promised.map_or(MOST_BUFFER, |promised| promised.saturating_sub(arrived));
    // The end of a body is read into a buffer as well.
    let size = arrived.clamp(LEAST_BUFFER, MOST_BUFFER).min(most).max(1);
    u32::try_from(size).unwrap_or(u32::MAX)
}
