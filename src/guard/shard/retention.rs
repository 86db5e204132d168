//! Where a shard keeps its records, so that those whose time is over are found without reading any
//! other.
//!
//! 1. Records that end at about the same time share a **bucket**, which is named by its end: the
//!    moment at which all of them are over. The bucket is the first part of a row's primary key, so a
//!    purge reads the rows of one bucket and nothing else, and no index has to be written (an index
//!    would be two more rows written in a key's life).
//! 2. A bucket is as wide as an eighth to a sixteenth of what its records live, so that records of one
//!    lifetime are in at most [`MOST_AT_ONCE`] buckets: a look-up asks each of them.
//! 3. A record stays in its bucket as long as it ends with it or before; one that lives longer moves.
//!    To move is one row written, as to write it again is (measured: `rowsWritten` of an update of the
//!    primary key of a table without row ids).
//! 4. A record whose bucket has ended and which must not go yet, because a call of it is open or its
//!    answer is being read, moves to a later one.
//! 5. What the alarm has to look at before its time is over is in a bucket of its own,
//!    [`Bucket::WATCHED`]: claims in flight, whose call may have died, and forgotten keys whose copy
//!    is not known to be deleted. So a new instance finds what its predecessor left open by reading
//!    just that.

use crate::guard::record::Record;
use crate::guard::time::{Millis, UnixMillis};

/// The most buckets that records of one lifetime are in.
pub const MOST_AT_ONCE: u64 = 17;

/// The narrowest bucket.
const LEAST_WIDTH: u64 = 1 << 10;

/// Some records of a shard that end at about the same time, by the moment at which all of them are
/// over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bucket(pub UnixMillis);

impl Bucket {
    /// What the alarm looks at each time it rings.
    pub const WATCHED: Self = Self(UnixMillis(0));

    /// Where a record is written that stands in `current` now. A vacant record has no place.
    pub fn of_record(record: &Record, current: Option<Self>, now: UnixMillis) -> Self {
        if record.needs_watching() {
            return Self::WATCHED;
        }
        let expires_at = record.expires_at().unwrap_or(now);
        match current {
            Some(bucket) => bucket.keep_or_move(expires_at, now),
            None => Self::of(expires_at.max(now.plus(LEAST_STAY)), now),
        }
    }

    /// The bucket of a record that stands in this one and ends then.
    pub fn keep_or_move(self, expires_at: UnixMillis, now: UnixMillis) -> Self {
        if expires_at <= self.0 && now < self.0 {
            return self;
        }
        Self::of(expires_at.max(now.plus(LEAST_STAY)), now)
    }

    /// The bucket of a record that is written now and ends then.
    pub fn of(expires_at: UnixMillis, now: UnixMillis) -> Self {
        let width = width(expires_at.since(now));
        Self(UnixMillis(expires_at.0.div_ceil(width).saturating_mul(width)))
    }

    /// The moment at which every record in it is over.
    pub fn ends_at(self) -> UnixMillis {
        self.0
    }

    /// Whether a purge may read it. What is watched has no end.
    pub fn has_ended(self, now: UnixMillis) -> bool {
        self != Self::WATCHED && self.0 <= now
    }
}

/// How long a record stays at least: one that is over and must not go yet is looked at again then.
pub const LEAST_STAY: Millis = Millis::seconds(10);

/// A power of two between a sixteenth and an eighth of a lifetime, in milliseconds.
fn width(lifetime: Millis) -> u64 {
    let share = lifetime.0.div_ceil(16).max(LEAST_WIDTH);
    // The power of two at or above it.
    share.checked_next_power_of_two().unwrap_or(1 << 62)
}
