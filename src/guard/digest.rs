//! Hashes over lists of values.
//!
//! 1. Every value is preceded by its length, so that no choice of contents or delimiters makes
//!    two different lists hash alike.
//! 2. Every use names its purpose first, so that a hash of one kind never equals one of another.
//! 3. What could be guessed from its hash, such as an account number or a PIN, is hashed under the
//!    deployment's pepper: who does not know that cannot try guesses.

use super::hex::Hex;
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};

/// SHA-256 over a purpose and the values that follow it, each preceded by its length; under a pepper
/// HMAC-SHA-256 over the same.
pub struct Digest(Hash);

enum Hash {
    Plain(Sha256),
    Keyed(Hmac<Sha256>),
}

/// The secret `PEPPER`, where the deployment has one.
#[derive(Clone, Default)]
pub struct Pepper(Option<Hmac<Sha256>>);

impl Pepper {
    /// An empty secret is none.
    pub fn new(secret: Option<&str>) -> Self {
        let secret = secret.filter(|secret| !secret.is_empty());
        // Any length is a key of HMAC (RFC 2104 section 3).
        Self(secret.and_then(|secret| Hmac::new_from_slice(secret.as_bytes()).ok()))
    }

    pub fn is_set(&self) -> bool {
        self.0.is_some()
    }

    /// Starts a digest for one purpose, which nobody can make who does not know the pepper.
    pub fn digest(&self, purpose: &str) -> Digest {
        match &self.0 {
            Some(key) => Digest(Hash::Keyed(key.clone())).field(purpose.as_bytes()),
            None => Digest::new(purpose),
        }
    }
}

impl Digest {
    /// Starts a digest for one purpose, e.g. `onlyonce record 1`.
    pub fn new(purpose: &str) -> Self {
        Self(Hash::Plain(Sha256::new())).field(purpose.as_bytes())
    }

    /// Adds one value.
    pub fn field(self, value: &[u8]) -> Self {
        let length = (value.len() as u64).to_be_bytes();
        Self(match self.0 {
            Hash::Plain(hash) => Hash::Plain(hash.chain_update(length).chain_update(value)),
            Hash::Keyed(hash) => Hash::Keyed(hash.chain_update(length).chain_update(value)),
        })
    }

    /// Adds a number, such as how many values follow.
    pub fn number(self, number: usize) -> Self {
        self.field(&(number as u64).to_be_bytes())
    }

    /// Adds a value that may be absent; absent and empty differ.
    pub fn optional(self, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.field(b"some").field(value.as_bytes()),
            None => self.field(b"none"),
        }
    }

    pub fn finish(self) -> Hex<32> {
        Hex(match self.0 {
            Hash::Plain(hash) => hash.finalize().into(),
            Hash::Keyed(hash) => hash.finalize().into_bytes().into(),
        })
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
