//! Which object a key belongs to, and what the keys of one object share.
//!
//! 1. A shard is one Durable Object that serialises many keys. Its name is `shard/` and the first
//!    bits of the record id, written as binary digits; the ids are hashes, so the keys spread evenly.
//! 2. The number of shards is a power of two, so that a change of it splits or joins whole shards.

pub mod alarm;
pub mod places;
pub mod retention;

use super::scope::RecordId;

/// How many objects share the keys: a power of two from 1 to 4096.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ShardCount(u32);

impl ShardCount {
    pub const MAX: u32 = 4096;
    pub const DEFAULT: Self = Self(256);

    /// Returns `None` if the number is no power of two from 1 to 4096.
    pub const fn new(count: u32) -> Option<Self> {
        if count.is_power_of_two() && count <= Self::MAX { Some(Self(count)) } else { None }
    }

    pub const fn get(self) -> u32 {
        self.0
    }

    /// How many bits of a record id tell its shard.
    const fn bits(self) -> u32 {
        self.0.trailing_zeros()
    }

    /// The name of the object that serialises a record's key, such as `shard/01011100`.
    pub fn shard_of(self, record: &RecordId) -> String {
        let bits = usize::try_from(self.bits()).unwrap_or_default();
        let digits = format!("{:016b}", record.leading_bits());
        format!("shard/{}", digits.get(..bits).unwrap_or_default())
    }

    /// The names of all shards.
    pub fn all(self) -> impl Iterator<Item = String> {
        let bits = usize::try_from(self.bits()).unwrap_or_default();
        (0..self.0).map(move |shard| match bits {
            0 => "shard/".to_owned(),
            _ => format!("shard/{shard:0bits$b}"),
        })
    }
}

impl Default for ShardCount {
    fn default() -> Self {
        Self::DEFAULT
    }
}
