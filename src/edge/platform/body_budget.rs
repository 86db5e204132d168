//! How many bytes of requests' bodies this isolate holds: those that are being read, and those that
//! wait for the origin or for another request's answer. The rules are [`crate::guard::uploads`]'s.

use crate::guard::uploads::{Holder, Uploads};
use std::cell::RefCell;

thread_local! {
    static UPLOADS: RefCell<Uploads> = RefCell::default();
}

/// Some bytes that are held, until this is dropped.
pub struct BodyReservation {
    holder: Holder,
    bytes: u64,
}

impl BodyReservation {
    pub fn of(holder: Holder) -> Self {
        Self { holder, bytes: 0 }
    }

    /// Adds bytes. Returns false if there is no room for them.
    #[must_use]
    pub fn grow(&mut self, bytes: u64) -> bool {
        let fits = UPLOADS.with_borrow_mut(|uploads| uploads.add(&self.holder, bytes));
        if fits {
            self.bytes = self.bytes.saturating_add(bytes);
        }
        fits
    }
}

/// What a request is told for which there is no room.
pub const NO_ROOM: &str = "the guard holds as many request bodies as it has room for, or as many of this caller's as one may have; send the same request with the same key again";

impl Drop for BodyReservation {
    fn drop(&mut self) {
        UPLOADS.with_borrow_mut(|uploads| uploads.remove(&self.holder, self.bytes));
    }
}
