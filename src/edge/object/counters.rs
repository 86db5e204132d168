//! What one shard saw of its claims' duplicates, and what it has done about them.
//!
//! 1. Counts are not worth holding an answer back: they are written once it has left, or with a
//!    write that is due anyway.
//! 2. The counts of a claim that is gone are not written: a freed key holds nothing.

use super::super::platform::log;
use super::record_store::RecordStore;
use crate::guard::record::{Claim, ClaimId, Record};
use crate::guard::scope::RecordId;
use crate::guard::seen::{DuplicateCounts, DuplicateKind};
use crate::guard::time::UnixMillis;
use lru::LruCache;
use std::cell::RefCell;
use std::num::NonZeroUsize;

/// The keys whose counts are kept in memory, those asked for last.
const MAX_COUNTED: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1023);

/// The claims that were looked at last, and what was seen of them.
pub struct Counters(RefCell<LruCache<RecordId, (ClaimId, DuplicateCounts)>>);

impl Default for Counters {
    fn default() -> Self {
        Self(RefCell::new(LruCache::new(MAX_COUNTED)))
    }
}

impl Counters {
    /// What was seen of a record's claim.
    pub fn of(&self, store: &RecordStore, id: &RecordId, record: &Record) -> DuplicateCounts {
        self.newest(id, record, || store.counts(id))
    }

    /// What was seen of a record's claim, where `stored` is what was written down of it.
    pub fn newest(
        &self,
        id: &RecordId,
        record: &Record,
        stored: impl FnOnce() -> DuplicateCounts,
    ) -> DuplicateCounts {
        let Some(claim) = record.claim() else { return DuplicateCounts::default() };
        match self.0.borrow_mut().get(id) {
            Some((counted, counts)) if *counted == claim.id => *counts,
            _ => stored(),
        }
    }

    /// Counts what became of a duplicate, and tells whether the counts are due to be written.
    pub fn count(
        &self,
        store: &RecordStore,
        id: &RecordId,
        record: &Record,
        kind: DuplicateKind,
    ) -> bool {
        let Some(claim) = record.claim() else { return false };
        let mut counts = self.of(store, id, record);
        let is_due = counts.count(kind);
        self.0.borrow_mut().put(*id, (claim.id, counts));
        is_due
    }

    /// Writes a key's counts down, where its claim still stands.
    pub fn write(&self, store: &RecordStore, id: &RecordId) {
        let Some((claim, counts)) = self.0.borrow_mut().get(id).cloned() else { return };
        let stands = |record: &Record| record.claim().is_some_and(|found| found.id == claim);
        let stands = store.load(id).is_ok_and(|(record, _)| stands(&record));
        if stands && store.put_counts(id, counts).is_err() {
            log::warning("onlyonce: the counts of a key's duplicates could not be written");
        }
    }
}

/// The keys whose copy this instance has written, as `kv_write = "on_replay"` asks for; those that it
/// has forgotten are copied once more, which does no harm.
pub struct Copied(RefCell<LruCache<RecordId, UnixMillis>>);

const MAX_COPIED: NonZeroUsize = NonZeroUsize::MIN.saturating_add(1023);

impl Default for Copied {
    fn default() -> Self {
        Self(RefCell::new(LruCache::new(MAX_COPIED)))
    }
}

impl Copied {
    /// Whether a claim's answer has not been copied yet; it counts as copied from now on.
    pub fn is_first(&self, id: &RecordId, claim: &Claim) -> bool {
        self.0.borrow_mut().put(*id, claim.claimed_at) != Some(claim.claimed_at)
    }
}
