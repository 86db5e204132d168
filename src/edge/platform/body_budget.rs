//! How many bytes of request bodies this isolate holds: those that are being read, and those that
//! wait for the origin or for another request's answer.
//!
//! An isolate has 128 MB for everything, and losing it loses every call in it. So there is a bound,
//! and a request that would cross it is told to come again.

use std::cell::Cell;

/// Leaves as much again for answers, code and the runtime.
const MAX_RESERVED: u64 = 64 * 1024 * 1024;

thread_local! {
    static RESERVED: Cell<u64> = const { Cell::new(0) };
}

/// Some bytes that are held, until this is dropped.
#[derive(Default)]
pub struct BodyReservation(u64);

impl BodyReservation {
    /// Adds bytes. Returns false if there is no room for them.
    #[must_use]
    pub fn grow(&mut self, bytes: u64) -> bool {
        let reserved = RESERVED.get().saturating_add(bytes);
        let fits = reserved <= MAX_RESERVED;
        if fits {
            RESERVED.set(reserved);
            self.0 = self.0.saturating_add(bytes);
        }
        fits
    }
}

/// What a request is told for which there is no room.
pub const NO_ROOM: &str = "the guard holds as many request bodies as it has room for; send the same request with the same key again";

impl Drop for BodyReservation {
    fn drop(&mut self) {
        RESERVED.set(RESERVED.get().saturating_sub(self.0));
    }
}
