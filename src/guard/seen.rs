//! What an object saw of its key, for an operator.
//!
//! 1. Copies in isolates answer retries that the object never sees. One that a copy in KV answered was
//!    asked of the object as well, and is counted.
//! 2. Counts are written down where that costs nothing or tells much: those who joined with the
//!    end of the call, refusals when their count reaches a power of two, replays when theirs reaches
//!    one of at least sixteen. Ordinary retries cost no write. What was not written is forgotten when
//!    the object sleeps: the counts say "at least".

use serde::{Deserialize, Serialize};

/// How often each thing happened to one claim, beside its first request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DuplicateCounts {
    pub joined: u32,
    pub replayed: u32,
    pub refused: u32,
}

/// What became of a duplicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DuplicateKind {
    Collapsed,
    Replayed,
    Refused,
}

impl DuplicateCounts {
    /// Counts one, and tells whether the counts are to be written down now.
    pub fn count(&mut self, sight: DuplicateKind) -> bool {
        let (count, first) = match sight {
            DuplicateKind::Collapsed => (&mut self.joined, u32::MAX),
            DuplicateKind::Replayed => (&mut self.replayed, 16),
            DuplicateKind::Refused => (&mut self.refused, 1),
        };
        *count = count.saturating_add(1);
        *count >= first && count.is_power_of_two()
    }

    pub fn encode(self) -> Vec<u8> {
        postcard::to_allocvec(&self).unwrap_or_default()
    }

    /// Counts that do not decode are none: nothing rests on them.
    pub fn decode(bytes: &[u8]) -> Self {
        postcard::from_bytes(bytes).unwrap_or_default()
    }
}
