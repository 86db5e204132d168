//! The answers that one isolate has just seen.
//!
//! 1. An entry is kept for less than a minute, so that it is gone before an operator's "forget" lets
//!    the key be claimed again: the copy that it was made of may be a minute old, and have taken some
//!    seconds to read.
//! 2. Entries and bytes are bounded; the oldest entry goes first.
//! 3. An entry may only be shown where a copy may be: see [`super::replay::may_replay`].

use super::record::Record;
use super::scope::RecordId;
use super::time::{Millis, UnixMillis};
use lru::LruCache;
use std::rc::Rc;

/// How long an entry is kept.
pub const LIFETIME: Millis = Millis::seconds(50);
/// The most entries; with keys and bookkeeping under 1 MiB.
pub const MAX_ENTRIES: usize = 1024;
/// The most bytes of answers, of the 128 MB that an isolate has for everything.
pub const MAX_BYTES: usize = 8 * 1024 * 1024;

/// A bounded set of answers by record id.
pub struct IsolateCache {
    /// In the order in which they came: entries are only peeked at.
    entries: LruCache<RecordId, Entry>,
    bytes: usize,
}

struct Entry {
    record: Rc<Record>,
    seen_at: UnixMillis,
}

impl Entry {
    fn is_young(&self, now: UnixMillis) -> bool {
        now < self.seen_at.plus(LIFETIME)
    }
}

impl Default for IsolateCache {
    fn default() -> Self {
        Self { entries: LruCache::unbounded(), bytes: 0 }
    }
}

impl IsolateCache {
    pub fn get(&self, id: &RecordId, now: UnixMillis) -> Option<Rc<Record>> {
        let entry = self.entries.peek(id).filter(|entry| entry.is_young(now))?;
        Some(entry.record.clone())
    }

    /// Keeps an answer. One that is in there already keeps its age.
    pub fn put(&mut self, id: &RecordId, record: Rc<Record>, now: UnixMillis) {
        let size = size_of_answer(&record);
        if size > MAX_BYTES {
            return;
        }
        let is_known = |known: &Entry| known.is_young(now) && known.record == record;
        if self.entries.peek(id).is_some_and(is_known) {
            return;
        }
        let replaced = self.entries.put(*id, Entry { record, seen_at: now });
        self.bytes = self.bytes.saturating_add(size);
        self.subtract(replaced);
        while self.entries.len() > MAX_ENTRIES || self.bytes > MAX_BYTES {
            let oldest = self.entries.pop_lru();
            self.subtract(oldest.map(|(_, entry)| entry));
        }
    }

    fn subtract(&mut self, gone: Option<Entry>) {
        let size = gone.map_or(0, |entry| size_of_answer(&entry.record));
        self.bytes = self.bytes.saturating_sub(size);
    }

    /// How many answers are held.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

fn size_of_answer(record: &Record) -> usize {
    let Some(answer) = record.answer() else { return 0 };
    let headers = answer.headers.iter().map(|(name, value)| name.len().saturating_add(value.len()));
    headers.fold(answer.inline().len(), usize::saturating_add)
}
