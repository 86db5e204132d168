//! Answers that only their caller can read.
//!
//! 1. A sealed answer's headers and body lie in the shard, in KV and in an isolate's memory as ciphertext.
//!    Its status does not: what is free after a 4xx, and what the log tells, goes by it.
//! 2. The key is made of the idempotency key and of whose it is, under the deployment's pepper, by HKDF
//!    (RFC 5869), and is stored nowhere: a retry brings what it is made of. A key that was derived is made
//!    of what its record was derived from.
//! 3. It seals with AES-256-GCM under a nonce of its own (NIST SP 800-38D, section 8.2.2). Record, claim and
//!    status are authenticated with it, so that no ciphertext can stand in another's place.
//! 4. What cannot be sealed is not kept.

use super::hex::Hex;
use super::record::{Answer, Body, ClaimId, Record};
use super::scope::{OperationSecret, RecordId};
use hkdf::Hkdf;
use serde::{Deserialize, Serialize};
use serde_bytes::Bytes;
use sha2::Sha256;
use std::borrow::Cow;
use std::fmt;

/// In bytes, before the ciphertext.
pub const NONCE_BYTES: usize = 12;

/// The longest body that is sealed or looked into, in bytes: it is held in memory, and lies in one row.
pub const MAX_BODY: u64 = 960 * 1024;

/// An AES-256 key that one record's answers are sealed with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealKey(Hex<32>);

/// No log holds it.
impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("SealKey")
    }
}

impl SealKey {
    pub fn new(secret: &OperationSecret, record: &RecordId) -> Self {
        let mut key = [0; 32];
        let derivation = Hkdf::<Sha256>::new(Some(record.as_bytes()), secret.as_bytes());
        // It gives up to 255 times as many.
        let _ = derivation.expand(b"onlyonce sealed answer 1", &mut key);
        Self(Hex(key))
    }

    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0.0
    }
}

/// What a sealed answer is authenticated with.
pub fn associated_data(record: &RecordId, claim: &ClaimId, status: u16) -> Vec<u8> {
    [record.as_bytes().as_slice(), &claim.0.0, &status.to_be_bytes()].concat()
}

/// What is sealed of an answer, in postcard.
#[derive(Serialize, Deserialize)]
struct Content<'a> {
    headers: Cow<'a, [(String, String)]>,
    #[serde(borrow)]
    body: &'a Bytes,
}

/// The plaintext of an answer's headers and body. Writing it fails only for values that do not know their own
/// length; what is empty cannot be opened.
pub fn plaintext(headers: &[(String, String)], body: &[u8]) -> Vec<u8> {
    let content = Content { headers: headers.into(), body: Bytes::new(body) };
    postcard::to_allocvec(&content).unwrap_or_default()
}

/// A record whose sealed answer was opened. Returns `None` if the plaintext is that of no answer.
pub fn opened(record: &Record, plaintext: &[u8]) -> Option<Record> {
    let Content { headers, body } = postcard::from_bytes(plaintext).ok()?;
    let answer = record.answer()?.clone();
    let body = Body::Inline { bytes: body.to_vec() };
    let headers = headers.into_owned();
    Some(record.clone().with_answer(Answer { headers, body, sealed: false, ..answer }))
}
