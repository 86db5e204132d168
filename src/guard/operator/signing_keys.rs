//! The keys that an Access team signs with, as an isolate remembers them.
//!
//! 1. They are read when they are needed first, and again after an hour: a key that the team has withdrawn is
//!    taken for no longer than that.
//! 2. A key that is not among them may be new, so they are read again for its sake; but at most once a
//!    minute, or anybody could have them read with each request.
//! 3. Where they cannot be read, nobody is let in by them, and they are not asked for again for a few
//!    seconds.

use super::assertion::text;
use crate::guard::parameters::is_token;
use crate::guard::time::{Millis, UnixMillis};
use serde_json::Value;

/// The most bytes of the document: two keys, each once as JWK and twice as PEM, are about 8 KiB.
pub const MAX_DOCUMENT: u64 = 64 * 1024;

const KEPT_FOR: Millis = Millis::hours(1);
const LEAST_BETWEEN: Millis = Millis::seconds(60);
const PAUSE_AFTER_FAILURE: Millis = Millis::seconds(5);

/// An RSA public key (RFC 7518 section 6.3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKey {
    id: String,
    modulus: String,
    exponent: String,
}

impl SigningKey {
    /// Returns `None` for what is no key for RS256.
    fn read(jwk: &Value) -> Option<Self> {
        let is = |name, value| text(jwk, name).is_none_or(|found| found == value);
        // Digits of base64 alone: they stand between quotes again.
        let number = |name| text(jwk, name).filter(|digits| is_token(digits)).map(Into::into);
        let (modulus, exponent) = (number("n")?, number("e")?);
        let id = text(jwk, "kid")?.into();
        (is("kty", "RSA") && is("alg", "RS256")).then_some(Self { id, modulus, exponent })
    }

    /// As the platform imports it (RFC 7517), for RS256 alone.
    pub fn to_jwk(&self) -> String {
        let Self { modulus, exponent, .. } = self;
        format!(r#"{{"kty":"RSA","alg":"RS256","n":"{modulus}","e":"{exponent}"}}"#)
    }
}

/// The keys of a team's document. What is none for RS256 is left out. Returns `None` if it is no such document.
pub fn signing_keys(document: &str) -> Option<Vec<SigningKey>> {
    let document: Value = serde_json::from_str(document).ok()?;
    let keys = document.get("keys")?.as_array()?;
    Some(keys.iter().filter_map(SigningKey::read).collect())
}

/// What is remembered.
#[derive(Debug, Default)]
pub struct KeyCache {
    keys: Vec<SigningKey>,
    read_at: Option<UnixMillis>,
    failed_at: Option<UnixMillis>,
}

/// What to do about an assertion that names a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// Verify with this one.
    Found(SigningKey),
    /// Read the keys, and look again.
    Read,
    /// The team has no such key.
    Unknown,
    /// The keys could not be read a moment ago.
    Unavailable,
}

impl KeyCache {
    pub fn look_up(&self, key_id: &str, now: UnixMillis) -> Lookup {
        let age = self.read_at.map(|at| now.since(at));
        let found = self.keys.iter().find(|key| key.id == key_id);
        match (found, age) {
            (Some(key), Some(age)) if age < KEPT_FOR => return Lookup::Found(key.clone()),
            (None, Some(age)) if age < LEAST_BETWEEN => return Lookup::Unknown,
            _ => {}
        }
        let failed = self.failed_at.is_some_and(|at| now.since(at) < PAUSE_AFTER_FAILURE);
        if failed { Lookup::Unavailable } else { Lookup::Read }
    }

    /// Takes what was read; `None` where it could not be.
    pub fn on_read(&mut self, keys: Option<Vec<SigningKey>>, now: UnixMillis) {
        match keys {
            Some(keys) => *self = Self { keys, read_at: Some(now), failed_at: None },
            None => self.failed_at = Some(now),
        }
    }
}
