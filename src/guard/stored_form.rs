//! The bytes that a record is stored as.
//!
//! 1. The stored form is a magic number, a version, the lengths of a head and of a small answer's
//!    body, the head, and that body. The head is the record in postcard; what stands before it is
//!    four numbers of four bytes, the most significant first.
//! 2. Storage, KV and what the object says to the Worker hold the same form; in KV a large body
//!    follows it.
//! 3. Deployed objects hold these bytes, and postcard knows a field by its place alone: fields and
//!    states are only ever appended, under a new version, and a test pins every state.
//! 4. A record of another version, or one that does not decode to its last byte, is an error, never a
//!    vacant key. A length is compared with what is there before anything is made of it.

use super::record::{Answer, Body, Record};
use thiserror::Error;

/// The version of the stored form. Those before it were never deployed.
pub const VERSION: u32 = 7;

const MAGIC: [u8; 4] = *b"once";

/// Why stored bytes are no record, or a record has no stored bytes.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RecordError {
    #[error("the record does not decode: it does not begin as a record does")]
    NoRecord,
    #[error(
        "the record has version {0} and this guard reads version {VERSION}, as happens while a deployment or a roll-back is under way"
    )]
    Version(u32),
    #[error("the record does not decode: it breaks off")]
    Truncated,
    #[error("the record does not decode: its head is malformed ({0})")]
    Malformed(#[from] postcard::Error),
    #[error("the record does not decode: {0} more bytes follow its end")]
    Trailing(usize),
    #[error("the record does not decode: it holds a body that belongs to no answer")]
    StrayBody,
    #[error("a vacant key has no stored form")]
    Vacant,
    #[error("the record's body has {0} bytes, which is more than a stored form counts")]
    TooLong(usize),
}

impl Record {
    /// The stored form.
    ///
    /// # Errors
    ///
    /// A vacant key has none.
    pub fn encode(&self) -> Result<Vec<u8>, RecordError> {
        if *self == Self::Vacant {
            return Err(RecordError::Vacant);
        }
        let head = postcard::to_allocvec(self)?;
        let inline = self.answer().map(Answer::inline).unwrap_or_default();
        let mut bytes = [MAGIC, VERSION.to_be_bytes()].concat();
        for part in [&head, inline] {
            let length = u32::try_from(part.len()).map_err(|_| RecordError::TooLong(part.len()))?;
            bytes.extend(length.to_be_bytes());
        }
        bytes.extend(head);
        bytes.extend(inline);
        Ok(bytes)
    }

    /// Reads the stored form.
    pub fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        match Self::decode_prefix(bytes)? {
            (record, []) => Ok(record),
            (_, rest) => Err(RecordError::Trailing(rest.len())),
        }
    }

    /// Reads the stored form that some bytes begin with, and returns what follows it.
    pub fn decode_prefix(bytes: &[u8]) -> Result<(Self, &[u8]), RecordError> {
        let (magic, bytes) = take(bytes)?;
        if magic != MAGIC {
            return Err(RecordError::NoRecord);
        }
        let (version, bytes) = take(bytes)?;
        let version = u32::from_be_bytes(version);
        if version != VERSION {
            return Err(RecordError::Version(version));
        }
        let (head, bytes) = take(bytes)?;
        let (inline, bytes) = take(bytes)?;
        let (head, bytes) = split(bytes, head)?;
        let (inline, bytes) = split(bytes, inline)?;
        Ok((Self::read(head, inline)?, bytes))
    }

    fn read(head: &[u8], inline: &[u8]) -> Result<Self, RecordError> {
        let (mut record, rest) = postcard::take_from_bytes::<Self>(head)?;
        if !rest.is_empty() {
            return Err(RecordError::Trailing(rest.len()));
        }
        if record == Self::Vacant {
            return Err(RecordError::Vacant);
        }
        match record.answer_mut().map(|answer| &mut answer.body) {
            Some(Body::Inline { bytes }) => bytes.extend(inline),
            _ if inline.is_empty() => {}
            _ => return Err(RecordError::StrayBody),
        }
        Ok(record)
    }
}

/// The next four bytes, and what follows them.
fn take(bytes: &[u8]) -> Result<([u8; 4], &[u8]), RecordError> {
    let (taken, rest) = bytes.split_first_chunk().ok_or(RecordError::Truncated)?;
    Ok((*taken, rest))
}

/// As many bytes as a length says, and what follows them.
fn split(bytes: &[u8], length: [u8; 4]) -> Result<(&[u8], &[u8]), RecordError> {
    let length = u32::from_be_bytes(length) as usize;
    bytes.split_at_checked(length).ok_or(RecordError::Truncated)
}
