//! The calls of one shard that may wait for the origin's headers at once.
//!
//! 1. All requests of an object share six connections that may wait for headers (Workers, Limits;
//!    Durable Objects, Limits). A seventh call would wait inside the platform, after its claim was
//!    written: so a submission that would claim takes a place first.
//! 2. First come, first served; a call goes before background work (copies to KV and their deletion),
//!    which needs a connection as well.
//! 3. Background work holds a third of the places at most, one at least: KV that hangs keeps no payment
//!    waiting, where a shard has three places or more.
//! 4. A call whose headers have not come [`GIVEN_UP_AFTER`] its deadline is ended, which leaves its
//!    outcome as unknown as it is: an origin that never answers would keep a place for ever. On the edge
//!    the platform's own read time-out comes first, but not where the origin is a service binding.
//! 5. Who has waited for [`PATIENCE`], or finds [`MAX_WAITING`] before it, is told that the origin is
//!    busy, and nothing was claimed.

use crate::guard::time::{Millis, UnixMillis};
use std::collections::VecDeque;

/// How many calls may wait for headers at once, unless the policy says less.
pub const PLACES: u32 = 6;

/// How long a submission waits for a place.
pub const PATIENCE: Millis = Millis::seconds(10);

/// How long after its deadline a call may still wait for headers.
pub const GIVEN_UP_AFTER: Millis = Millis::seconds(10 * 60);

/// Whether a call with this deadline that has no headers yet is to be ended.
pub fn is_given_up(deadline_at: UnixMillis, now: UnixMillis) -> bool {
    now >= deadline_at.plus(GIVEN_UP_AFTER)
}

/// The most submissions of a shard that wait for a place; each holds a connection and its body.
pub const MAX_WAITING: usize = 1000;

/// Who wants a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// A call to the origin.
    Call,
    /// A copy, or its deletion.
    Background,
}

/// The places of one shard, and those who wait for one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Places<T> {
    free: u32,
    /// How many more of them background work may hold.
    background_left: u32,
    calls: VecDeque<T>,
    background: VecDeque<T>,
}

impl<T> Places<T> {
    pub fn new(places: u32) -> Self {
        let background_left = (places / 3).max(1);
        Self { free: places, background_left, calls: VecDeque::new(), background: VecDeque::new() }
    }

    /// Takes a place; false where none is free for this. Nobody waits while one is, so nobody is
    /// overtaken.
    #[must_use]
    pub fn take(&mut self, urgency: Urgency) -> bool {
        let Some(free) = self.free.checked_sub(1) else { return false };
        if urgency == Urgency::Background {
            let Some(left) = self.background_left.checked_sub(1) else { return false };
            self.background_left = left;
        }
        self.free = free;
        true
    }

    /// Puts somebody at the end of the queue. Returns false if the queue is full.
    #[must_use]
    pub fn wait(&mut self, urgency: Urgency, waiter: T) -> bool {
        let queue = self.queue(urgency);
        let has_room = queue.len() < MAX_WAITING;
        if has_room {
            queue.push_back(waiter);
        }
        has_room
    }

    fn queue(&mut self, urgency: Urgency) -> &mut VecDeque<T> {
        match urgency {
            Urgency::Call => &mut self.calls,
            Urgency::Background => &mut self.background,
        }
    }

    /// Takes those out of the queues who have given up, so that they fill them for nobody.
    pub fn remove_gone(&mut self, is_gone: impl Fn(&T) -> bool) {
        self.calls.retain(|waiter| !is_gone(waiter));
        self.background.retain(|waiter| !is_gone(waiter));
    }

    /// Gives a place back. Returns the one who has it now, and for what; where that one has gone
    /// meanwhile, the place has to be given back again.
    pub fn give_back(&mut self, urgency: Urgency) -> Option<(Urgency, T)> {
        self.free = self.free.saturating_add(1);
        if urgency == Urgency::Background {
            self.background_left = self.background_left.saturating_add(1);
        }
        let next = if self.calls.is_empty() { Urgency::Background } else { Urgency::Call };
        if self.queue(next).is_empty() || !self.take(next) {
            return None;
        }
        self.queue(next).pop_front().map(|waiter| (next, waiter))
    }

    pub fn free(&self) -> u32 {
        self.free
    }

    /// How many more places background work may take, where they are free.
    pub fn background_left(&self) -> u32 {
        self.background_left
    }

    /// How many wait for a place.
    pub fn waiting(&self) -> usize {
        self.calls.len().saturating_add(self.background.len())
    }
}
