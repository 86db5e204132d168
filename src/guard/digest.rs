//! Hashes over lists of values.
//!
//! 1. Every value is preceded by its length, so that no choice of contents or delimiters makes
//!    two different lists hash alike.
//! 2. Every use names its purpose first, so that a hash of one kind never equals one of another.

use super::hex::Hex;
use sha2::{Digest as _, Sha256};

/// SHA-256 over a purpose and the values that follow it, each preceded by its length.
pub struct Digest(Sha256);

impl Digest {
    /// Starts a digest for one purpose, e.g. `onlyonce record 1`.
    pub fn new(purpose: &str) -> Self {
        Self(Sha256::new()).field(purpose.as_bytes())
    }

    /// Adds one value.
    pub fn field(mut self, value: &[u8]) -> Self {
        self.0.update((value.len() as u64).to_be_bytes());
        self.0.update(value);
        self
    }

    /// Adds a value that may be absent; absent and empty differ.
    pub fn optional(self, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.field(b"some").field(value.as_bytes()),
            None => self.field(b"none"),
        }
    }

    pub fn finish(self) -> Hex<32> {
        Hex(self.0.finalize().into())
    }

    /// 64 lower-case hex digits.
    pub fn hex(self) -> String {
        self.finish().to_string()
    }
}

/// Lower-case hex digits of some bytes.
pub fn hex(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}
