//! The bytes that a record is stored as.
//!
//! 1. The stored form is a magic number, a version, the lengths of a head and of a small answer's
//!    body, the head, and that body. Object storage, KV and what the object says to the Worker hold
//!    the same form; in KV a large body follows in the same place.
//! 2. Deployed objects hold these bytes: a test pins every state.
//! 3. A record of another version, or one that does not decode, is an error, never a vacant key.

use super::bytes::decimal;
use super::codec::{Reader, Writer};
use super::fingerprint::Fingerprint;
use super::record::{Answer, Body, Claim, ClaimId, Outcome, Reason, Record};
use super::scope::Credential;
use super::time::{Millis, UnixMillis};

/// The version of the stored form.
pub const VERSION: u32 = 1;

const MAGIC: &[u8] = b"once";

// The states in the stored form.
const IN_FLIGHT: u8 = 1;
const DONE: u8 = 2;
const UNKNOWN: u8 = 3;
const FORGOTTEN: u8 = 4;

/// Why stored bytes are no record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordError {
    /// Written by another version of the guard.
    Version(u32),
    Malformed,
}

/// A record, the length of its inline body, and what follows its head.
pub type Decoded<'a> = (Record, usize, &'a [u8]);

impl Record {
    /// The stored form; nothing for a vacant key, which has none.
    pub fn encode(&self) -> Option<Vec<u8>> {
        let mut head = Writer::default();
        let (state, reason) = match self {
            Self::Vacant => return None,
            Self::InFlight { previous, .. } => {
                (IN_FLIGHT, previous.as_ref().map(|outcome| outcome.reason))
            }
            Self::Done { .. } => (DONE, None),
            Self::Unknown { outcome, .. } => (UNKNOWN, Some(outcome.reason)),
            Self::Forgotten { .. } => (FORGOTTEN, None),
        };
        head.byte(state);
        match self {
            Self::Forgotten { until } => {
                head.optional(until.as_ref(), |until, writer| writer.number(until.0));
            }
            _ => {
                self.claim()?.write(&mut head);
                head.optional(reason.as_ref(), |reason, writer| writer.byte(reason.code()));
                head.optional(self.answer(), Answer::write);
            }
        }
        let mut bytes = Writer(MAGIC.to_vec());
        bytes.short(VERSION);
        let inline = self.answer().map(Answer::inline).unwrap_or_default();
        for part in [&head.0, inline] {
            bytes.short(u32::try_from(part.len()).ok()?);
        }
        bytes.0.extend(head.0);
        bytes.0.extend(inline);
        Some(bytes.0)
    }

    /// Reads the stored form.
    pub fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        let (mut record, inline, body) = Self::decode_head(bytes)?.ok_or(RecordError::Malformed)?;
        let has_place = matches!(record.answer(), Some(Answer { body: Body::Inline { .. }, .. }));
        if inline != body.len() || (inline > 0 && !has_place) {
            return Err(RecordError::Malformed);
        }
        if let Some(Answer { body: Body::Inline { bytes }, .. }) = record.answer_mut() {
            bytes.extend_from_slice(body);
        }
        Ok(record)
    }

    /// Reads the head, and returns the length of an inline body and what follows the head; nothing
    /// where bytes are still missing.
    pub fn decode_head(bytes: &[u8]) -> Result<Option<Decoded<'_>>, RecordError> {
        let mut reader = Reader(bytes);
        let Some(magic) = reader.bytes(MAGIC.len()) else { return Ok(None) };
        if magic != MAGIC {
            return Err(RecordError::Malformed);
        }
        let Some(version) = reader.short() else { return Ok(None) };
        if version != VERSION {
            return Err(RecordError::Version(version));
        }
        let (Some(length), Some(inline)) = (reader.short(), reader.short()) else {
            return Ok(None);
        };
        let Some(head) = reader.bytes(length as usize) else { return Ok(None) };
        let record = Self::read(Reader(head)).ok_or(RecordError::Malformed)?;
        Ok(Some((record, inline as usize, reader.0)))
    }

    /// Nothing where the parts do not fit the state.
    fn read(mut head: Reader) -> Option<Self> {
        let state = head.byte()?;
        if state == FORGOTTEN {
            let until = head.optional(|reader| reader.number().map(UnixMillis))?;
            return head.end(Self::Forgotten { until });
        }
        let claim = Claim::read(&mut head)?;
        let reason = head.optional(|reader| Reason::from_code(reader.byte()?))?;
        let answer = head.optional(Answer::read)?;
        let record = match (state, reason) {
            (IN_FLIGHT, None) if answer.is_none() => Self::InFlight { claim, previous: None },
            (IN_FLIGHT, Some(reason)) => {
                Self::InFlight { claim, previous: Some(Outcome { reason, answer }) }
            }
            (DONE, None) => Self::Done { claim, answer: answer? },
            (UNKNOWN, Some(reason)) => Self::Unknown { claim, outcome: Outcome { reason, answer } },
            _ => return None,
        };
        head.end(record)
    }
}

impl Claim {
    fn write(&self, writer: &mut Writer) {
        writer.text(&self.id.0);
        writer.short(self.attempt);
        self.fingerprint.write(writer);
        self.credential.write(writer);
        for at in [self.claimed_at, self.deadline_at, self.window_ends_at] {
            writer.number(at.0);
        }
        writer.optional(self.derived_ttl.as_ref(), |derived_ttl, writer| {
            writer.number(derived_ttl.0)
        });
        writer.optional(self.call_ended_at.as_ref(), |at, writer| writer.number(at.0));
        writer.optional(self.raw_key.as_ref(), |raw_key, writer| writer.text(raw_key));
    }

    fn read(reader: &mut Reader) -> Option<Self> {
        Some(Self {
            id: ClaimId(reader.text()?),
            attempt: reader.short()?,
            fingerprint: Fingerprint::read(reader)?,
            credential: Credential::read(reader)?,
            claimed_at: UnixMillis(reader.number()?),
            deadline_at: UnixMillis(reader.number()?),
            window_ends_at: UnixMillis(reader.number()?),
            derived_ttl: reader.optional(|reader| reader.number().map(Millis))?,
            call_ended_at: reader.optional(|reader| reader.number().map(UnixMillis))?,
            raw_key: reader.optional(Reader::text)?,
        })
    }
}

impl Answer {
    fn write(&self, writer: &mut Writer) {
        writer.short(self.status.into());
        writer.pairs(&self.headers);
        writer.number(self.answered_at.0);
        writer.number(self.origin_time.0);
        match self.body {
            Body::Inline { .. } => writer.byte(0),
            Body::Rows { attempt, rows, length } => {
                writer.byte(1);
                writer.short(attempt);
                writer.short(rows);
                writer.number(length);
            }
            Body::NotKept => writer.byte(2),
        }
    }

    /// An inline body is not part of the head.
    fn read(reader: &mut Reader) -> Option<Self> {
        Some(Self {
            status: reader.short()?.try_into().ok()?,
            headers: reader.pairs()?,
            answered_at: UnixMillis(reader.number()?),
            origin_time: Millis(reader.number()?),
            body: match reader.byte()? {
                0 => Body::Inline { bytes: Vec::new() },
                1 => Body::Rows {
                    attempt: reader.short()?,
                    rows: reader.short()?,
                    length: reader.number()?,
                },
                2 => Body::NotKept,
                _ => return None,
            },
        })
    }
}

impl RecordError {
    pub fn sentence(&self) -> String {
        match self {
            Self::Version(found) => [
                "the record has version ",
                &decimal((*found).into()),
                " and this guard reads version ",
                &decimal(VERSION.into()),
                ", as happens while a deployment or a roll-back is under way",
            ]
            .concat(),
            Self::Malformed => "the record does not decode".into(),
        }
    }
}
