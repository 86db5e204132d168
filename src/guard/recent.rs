//! The answers that one isolate has just seen.
//!
//! 1. An entry is kept for at most a minute, so that it is gone before an operator's "forget"
//!    lets the key be claimed again.
//! 2. Entries and bytes are bounded; the oldest entry goes first.
//! 3. An entry may only be shown where a copy may be: see [`super::replay::may_replay`].

use super::record::Record;
use super::scope::RecordId;
use super::time::{Millis, UnixMillis};
use std::rc::Rc;

/// How long an entry is kept.
pub const LIFETIME: Millis = Millis::seconds(60);
/// The most entries; with keys and bookkeeping under 1 MiB.
pub const MAX_ENTRIES: usize = 1024;
/// The most bytes of answers, of the 128 MB that an isolate has for everything.
pub const MAX_BYTES: usize = 8 * 1024 * 1024;

/// A bounded set of answers by record id, oldest first. It is searched from end to end by the first
/// digits of the ids, which are digits of a hash: that takes a microsecond, a fiftieth of what
/// asking the object takes.
#[derive(Default)]
pub struct Recent {
    entries: Vec<LogLine>,
    bytes: usize,
}

struct LogLine {
    tag: [u8; 8],
    id: RecordId,
    record: Rc<Record>,
    seen_at: UnixMillis,
}

impl LogLine {
    fn is_young(&self, now: UnixMillis) -> bool {
        now < self.seen_at.plus(LIFETIME)
    }
}

impl Recent {
    pub fn get(&self, id: &RecordId, now: UnixMillis) -> Option<Rc<Record>> {
        let entry = self.entries.get(self.place(id)?)?;
        entry.is_young(now).then(|| entry.record.clone())
    }

    /// Keeps an answer. One that is in there already keeps its age.
    pub fn put(&mut self, id: &RecordId, record: Rc<Record>, now: UnixMillis) {
        let size = size_of_answer(&record);
        if size > MAX_BYTES {
            return;
        }
        if let Some(place) = self.place(id) {
            let is_known = |known: &LogLine| known.is_young(now) && known.record == record;
            if self.entries.get(place).is_some_and(is_known) {
                return;
            }
            self.remove(place);
        }
        self.bytes = self.bytes.saturating_add(size);
        self.entries.push(LogLine { tag: tag(id), id: id.clone(), record, seen_at: now });
        while self.entries.len() > MAX_ENTRIES || self.bytes > MAX_BYTES {
            self.remove(0);
        }
    }

    fn place(&self, id: &RecordId) -> Option<usize> {
        let tag = tag(id);
        self.entries.iter().position(|entry| entry.tag == tag && entry.id == *id)
    }

    fn remove(&mut self, place: usize) {
        let entry = self.entries.remove(place);
        self.bytes = self.bytes.saturating_sub(size_of_answer(&entry.record));
    }

    /// How many answers are held.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// The first digits of a record's id.
fn tag(id: &RecordId) -> [u8; 8] {
    id.as_str().as_bytes().first_chunk().copied().unwrap_or_default()
}

fn size_of_answer(record: &Record) -> usize {
    let Some(answer) = record.answer() else { return 0 };
    let headers = answer.headers.iter().map(|(name, value)| name.len().saturating_add(value.len()));
    headers.fold(answer.inline().len(), usize::saturating_add)
}
