//! What one object saw of a claim's duplicates.
//!
//! 1. Counts are not worth holding an answer back: they are written once it has left, or with a
//!    write that is due anyway.
//! 2. The counts of a claim that is gone are not written: a freed key holds nothing.

use super::js;
use super::store::Store;
use crate::guard::record::{ClaimId, Record};
use crate::guard::seen::{DuplicateCounts, DuplicateKind};
use std::cell::RefCell;

/// The claim that was looked at last, and what was seen of it.
#[derive(Default)]
pub struct Counters(RefCell<Option<(ClaimId, DuplicateCounts)>>);

impl Counters {
    /// What was seen of a record's claim.
    pub fn of(&self, store: &Store, record: &Record) -> DuplicateCounts {
        let Some(claim) = record.claim() else { return DuplicateCounts::default() };
        match &*self.0.borrow() {
            Some((id, seen)) if *id == claim.id => *seen,
            _ => store.seen(&claim.id),
        }
    }

    /// Counts what became of a duplicate, and tells whether the counts are due to be written.
    pub fn count(&self, store: &Store, record: &Record, sight: DuplicateKind) -> bool {
        let Some(claim) = record.claim() else { return false };
        let mut seen = self.of(store, record);
        let is_due = seen.count(sight);
        self.0.replace(Some((claim.id.clone(), seen)));
        is_due
    }

    /// Writes the counts down.
    pub fn write(&self, store: &Store) {
        let Some((id, seen)) = self.0.borrow().clone() else { return };
        let stands = |record: Record| record.claim().is_some_and(|claim| claim.id == id);
        if store.load().is_ok_and(stands) && store.put_seen(&id, seen).is_err() {
            js::log_warning("onlyonce: the counts of a key's duplicates could not be written");
        }
    }
}
