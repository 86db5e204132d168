//! How many bytes of request bodies this isolate holds: those that are being read, and those that
//! wait for the origin or for another request's answer.
//!
//! An isolate has 128 MB for everything, and losing it loses every call in it. So there is a bound,
//! and a request that would cross it is told to come again.

use std::cell::Cell;

/// Leaves as much again for answers, code and the runtime.
const MOST: u64 = 64 * 1024 * 1024;

thread_local! {
    static HELD: Cell<u64> = const { Cell::new(0) };
}

/// Some bytes that are held, until this is dropped.
#[derive(Default)]
pub struct Held(u64);

impl Held {
    /// Adds bytes; false where there is no room for them.
    #[must_use]
    pub fn grow(&mut self, bytes: u64) -> bool {
        let held = HELD.get().saturating_add(bytes);
        let fits = held <= MOST;
        if fits {
            HELD.set(held);
            self.0 = self.0.saturating_add(bytes);
        }
        fits
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        HELD.set(HELD.get().saturating_sub(self.0));
    }
}

/// What a request is told for which there is no room.
pub const NO_ROOM: &str = "the guard holds as many request bodies as it has room for; send the same request with the same key again";
