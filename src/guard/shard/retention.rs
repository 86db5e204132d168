//! Where a shard keeps its records, so that those whose time is over are found without reading any
//! other.
//!
//! 1. Records that end at about the same time share a **bucket**, which is named by its end: the
//!    moment at which all of them are over. The bucket is the first part of a row's primary key, so a
//!    purge reads the rows of one bucket and nothing else, and no index has to be written (an index
//!    would be two more rows written in a key's life).
//! 2. A bucket is as wide as an eighth to a sixteenth of what its records live, so that records of one
//!    lifetime are in at most [`MOST_AT_ONCE`] buckets: a look-up asks each of them.
//! 3. The buckets of different shards end at different moments (see [`Stagger`]): shards that share a
//!    thread would else all purge at once, and whoever asks meanwhile wait for all of them.
//! 4. A record stays in its bucket as long as it ends with it or before; one that lives longer moves.
//!    To move is one row written, as to write it again is (measured: `rowsWritten` of an update of the
//!    primary key of a table without row ids).
//! 5. A record whose bucket has ended and which must not go yet, because a call of it is open or its
//!    answer is being read, moves to a later one.
//! 6. What the alarm has to look at before its time is over is in a bucket of its own,
//!    [`Bucket::WATCHED`]: claims in flight, whose call may have died, and forgotten keys whose copy
//!    is not known to be deleted. So a new instance finds what its predecessor left open by reading
//!    just that.

use crate::guard::record::Record;
use crate::guard::time::{Millis, UnixMillis};
use sha2::{Digest, Sha256};

/// The most buckets that records of one lifetime are in.
pub const MOST_AT_ONCE: u64 = 17;

/// The narrowest bucket.
const LEAST_WIDTH: u64 = 1 << 10;

/// How far behind the multiples of their width a shard's buckets end, in 1024ths of that width.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stagger(u64);

impl Stagger {
    /// That of the object with this id, the same for each of its instances. By the object and not by a
    /// record: all records of a shard share its buckets, also while the number of shards changes.
    pub fn of_object(id: &str) -> Self {
        let [first, second, ..] = <[u8; 32]>::from(Sha256::digest(id));
        Self(u64::from(u16::from_be_bytes([first, second])) % LEAST_WIDTH)
    }

    /// Less than `width`, which is a power of two and no less than the narrowest.
    fn within(self, width: u64) -> u64 {
        (width / LEAST_WIDTH).saturating_mul(self.0)
    }
}

/// Some records of a shard that end at about the same time, by the moment at which all of them are
/// over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bucket(pub UnixMillis);

impl Bucket {
    /// What the alarm looks at each time it rings.
    pub const WATCHED: Self = Self(UnixMillis(0));

    /// Where a record is written that stands in `current` now. A vacant record has no place.
    pub fn of_record(
        record: &Record,
        current: Option<Self>,
        now: UnixMillis,
        stagger: Stagger,
    ) -> Self {
        if record.needs_watching() {
            return Self::WATCHED;
        }
        let expires_at = record.expires_at().unwrap_or(now);
        match current {
            Some(bucket) => bucket.keep_or_move(expires_at, now, stagger),
            None => Self::of(expires_at.max(now.plus(LEAST_STAY)), now, stagger),
        }
    }

    /// The bucket of a record that stands in this one and ends then.
    pub fn keep_or_move(self, expires_at: UnixMillis, now: UnixMillis, stagger: Stagger) -> Self {
        if expires_at <= self.0 && now < self.0 {
            return self;
        }
        Self::of(expires_at.max(now.plus(LEAST_STAY)), now, stagger)
    }

    /// The bucket of a record that is written now and ends then.
    pub fn of(expires_at: UnixMillis, now: UnixMillis, stagger: Stagger) -> Self {
        let width = width(expires_at.since(now));
        let behind = stagger.within(width);
        let aligned = expires_at.0.saturating_sub(behind).div_ceil(width).saturating_mul(width);
        Self(UnixMillis(aligned.saturating_add(behind)))
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
