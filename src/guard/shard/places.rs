//! The calls of one shard that may wait for the origin's headers at once.
//!
//! 1. All requests of an object share six connections that may wait for headers (Workers, Limits;
//!    Durable Objects, Limits). A seventh call would wait inside the platform, after its claim was
//!    written: so a submission that would claim takes a place first.
//! 2. First come, first served; a call goes before background work (a copy to KV, a message to a
//!    queue), which needs a connection as well.
//! 3. Who has waited for [`PATIENCE`], or finds [`MAX_WAITING`] before it, is told that the origin is
//!    busy, and nothing was claimed.

use crate::guard::time::Millis;
use std::collections::VecDeque;

/// How many calls may wait for headers at once, unless the policy says less.
pub const PLACES: u32 = 6;

/// How long a submission waits for a place.
pub const PATIENCE: Millis = Millis::seconds(10);

/// The most submissions of a shard that wait for a place; each holds a connection and its body.
pub const MAX_WAITING: usize = 1000;

/// Who wants a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// A call to the origin.
    Call,
    /// A copy, or a message to a queue.
    Background,
}

/// The places of one shard, and those who wait for one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Places<T> {
    free: u32,
    calls: VecDeque<T>,
    background: VecDeque<T>,
}

impl<T> Places<T> {
    pub fn new(places: u32) -> Self {
        Self { free: places, calls: VecDeque::new(), background: VecDeque::new() }
    }

    /// Takes a place; false where none is free. Nobody waits while a place is free, so nobody is
    /// overtaken.
    #[must_use]
    pub fn take(&mut self) -> bool {
        match self.free.checked_sub(1) {
            Some(left) => {
                self.free = left;
                true
            }
            None => false,
        }
    }

    /// Puts somebody at the end of the queue. Returns false if the queue is full.
    #[must_use]
    pub fn wait(&mut self, urgency: Urgency, waiter: T) -> bool {
        let queue = match urgency {
            Urgency::Call => &mut self.calls,
            Urgency::Background => &mut self.background,
        };
        let has_room = queue.len() < MAX_WAITING;
        if has_room {
            queue.push_back(waiter);
        }
        has_room
    }

    /// Takes those out of the queues who have given up, so that they fill them for nobody.
    pub fn remove_gone(&mut self, is_gone: impl Fn(&T) -> bool) {
        self.calls.retain(|waiter| !is_gone(waiter));
        self.background.retain(|waiter| !is_gone(waiter));
    }

    /// Gives a place back. Returns the one who has it now; where that one has gone meanwhile, the
    /// place has to be given back again.
    pub fn give_back(&mut self) -> Option<T> {
        let next = self.calls.pop_front().or_else(|| self.background.pop_front());
        if next.is_none() {
            self.free = self.free.saturating_add(1);
        }
        next
    }

    pub fn free(&self) -> u32 {
        self.free
    }

    /// How many wait for a place.
    pub fn waiting(&self) -> usize {
        self.calls.len().saturating_add(self.background.len())
    }
}
