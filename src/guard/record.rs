//! What is known of one key, and the bytes that it is stored as.
//!
//! 1. The stored form is a magic number, a version, the lengths of a head and of a small answer's
//!    body, the head, and that body. Object storage, KV and the wire between Worker and object hold the same
//!    form; in the latter two a large body follows in the same place.
//! 2. Deployed objects hold these bytes: a test pins every state.
//! 3. A record of another version, or one that does not decode, is an error, never a vacant key.

use super::codec::{Reader, Writer};
use super::fingerprint::Fingerprint;
use super::scope::Credential;
use super::time::{Millis, UnixMillis};
use std::fmt;

/// The version of the stored form.
pub const VERSION: u32 = 1;

const MAGIC: &[u8] = b"once";

// The states in the stored form.
const IN_FLIGHT: u8 = 1;
const DONE: u8 = 2;
const UNKNOWN: u8 = 3;

/// Answers up to this size, in bytes, are stored in the record itself; larger ones in rows of
/// their own. A row of object storage holds 2 MB at most.
pub const INLINE_LIMIT: usize = 64 * 1024;

/// When to look again at a record that could not be settled.
const LOOK_AGAIN: Millis = Millis::seconds(60);

/// The life of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// Nobody has claimed the key, or everybody has forgotten it.
    Vacant,
    /// The claim is stored, and the request was or will be sent.
    InFlight { claim: Claim, before: Option<Outcome> },
    /// The origin's final answer.
    Done { claim: Claim, answer: Answer },
    /// The origin may or may not have acted.
    Unknown { claim: Claim, outcome: Outcome },
}

/// One claim of a key. What a later policy must not change is kept here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub id: ClaimId,
    /// Counts the sendings, from 1.
    pub attempt: u32,
    pub fingerprint: Fingerprint,
    pub credential: Credential,
    pub claimed_at: UnixMillis,
    /// When callers are told that the outcome is unknown.
    pub deadline_at: UnixMillis,
    /// When the retry window ends.
    pub window_ends_at: UnixMillis,
    /// For a derived key: how long the record outlives the end of its call.
    pub linger: Option<Millis>,
    /// When the call ended, as far as that shortens the record's life.
    pub ended_at: Option<UnixMillis>,
    /// The header value that the first attempt carried the key in, kept where a later attempt may
    /// be sent.
    pub spelling: Option<String>,
}

/// 128 random bits in hex that tell one claim from every other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimId(pub String);

/// Why nobody knows, and what the origin said where it said something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub reason: Reason,
    pub answer: Option<Answer>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The connection to the origin failed, or its answer broke off.
    ConnectionLost,
    /// The runtime stopped while the request was at the origin.
    Restarted,
    /// The origin took longer than the deadline.
    DeadlinePassed,
    /// The origin answered 5xx.
    ServerError,
}

/// An answer of the origin, ready to be shown again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub answered_at: UnixMillis,
    /// How long the origin took.
    pub took: Millis,
    pub body: Body,
}

/// Where the body of an answer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Behind the record's head.
    Inline { bytes: Vec<u8> },
    /// In rows of the object's storage, named by claim and attempt; in a copy, behind the head.
    Rows { attempt: u32, rows: u32, length: u64 },
    /// Too large or endless.
    Not,
}

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
            Self::InFlight { before, .. } => {
                (IN_FLIGHT, before.as_ref().map(|outcome| outcome.reason))
            }
            Self::Done { .. } => (DONE, None),
            Self::Unknown { outcome, .. } => (UNKNOWN, Some(outcome.reason)),
        };
        head.byte(state);
        self.claim()?.write(&mut head);
        head.optional(reason.as_ref(), |reason, writer| writer.byte(reason.code()));
        head.optional(self.answer(), Answer::write);
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
        let claim = Claim::read(&mut head)?;
        let reason = head.optional(|reader| Reason::from_code(reader.byte()?))?;
        let answer = head.optional(Answer::read)?;
        let record = match (state, reason) {
            (IN_FLIGHT, None) if answer.is_none() => Self::InFlight { claim, before: None },
            (IN_FLIGHT, Some(reason)) => {
                Self::InFlight { claim, before: Some(Outcome { reason, answer }) }
            }
            (DONE, None) => Self::Done { claim, answer: answer? },
            (UNKNOWN, Some(reason)) => Self::Unknown { claim, outcome: Outcome { reason, answer } },
            _ => return None,
        };
        head.end(record)
    }

    pub fn claim(&self) -> Option<&Claim> {
        match self {
            Self::Vacant => None,
            Self::InFlight { claim, .. }
            | Self::Done { claim, .. }
            | Self::Unknown { claim, .. } => Some(claim),
        }
    }

    /// The answer that a retry may be shown: the final one, or the 5xx of an unknown outcome.
    pub fn answer(&self) -> Option<&Answer> {
        match self {
            Self::Done { answer, .. } => Some(answer),
            Self::Unknown { outcome, .. } => outcome.answer.as_ref(),
            Self::InFlight { before, .. } => before.as_ref()?.answer.as_ref(),
            Self::Vacant => None,
        }
    }

    /// The record with another form of its answer.
    pub fn with_answer(self, answer: Answer) -> Self {
        match self {
            Self::Done { claim, .. } => Self::Done { claim, answer },
            Self::Unknown { claim, outcome: Outcome { reason, .. } } => {
                Self::Unknown { claim, outcome: Outcome { reason, answer: Some(answer) } }
            }
            other => other,
        }
    }

    fn answer_mut(&mut self) -> Option<&mut Answer> {
        match self {
            Self::Done { answer, .. } => Some(answer),
            Self::Unknown { outcome, .. } => outcome.answer.as_mut(),
            Self::InFlight { before, .. } => before.as_mut()?.answer.as_mut(),
            Self::Vacant => None,
        }
    }

    /// When the record wants to be looked at again: never in the past, so that a record that
    /// outlives its window because a call is open does not wake its object without end.
    pub fn alarm_at(&self, now: UnixMillis) -> Option<UnixMillis> {
        let wanted = match self {
            Self::Vacant => return None,
            Self::InFlight { claim, .. } => claim.deadline_at,
            Self::Done { claim, .. } | Self::Unknown { claim, .. } => claim.expires_at(),
        };
        Some(if wanted > now { wanted } else { now.plus(LOOK_AGAIN) })
    }
}

impl Claim {
    /// The claim once its call has ended; an end that comes late counts anew.
    pub fn ended(self, now: UnixMillis) -> Self {
        Self { ended_at: self.linger.map(|_| now), ..self }
    }

    /// When the record is forgotten.
    pub fn expires_at(&self) -> UnixMillis {
        match (self.linger, self.ended_at) {
            (Some(linger), Some(ended_at)) => ended_at.plus(linger).min(self.window_ends_at),
            _ => self.window_ends_at,
        }
    }

    fn write(&self, writer: &mut Writer) {
        writer.text(&self.id.0);
        writer.short(self.attempt);
        self.fingerprint.write(writer);
        self.credential.write(writer);
        for at in [self.claimed_at, self.deadline_at, self.window_ends_at] {
            writer.number(at.0);
        }
        writer.optional(self.linger.as_ref(), |linger, writer| writer.number(linger.0));
        writer.optional(self.ended_at.as_ref(), |at, writer| writer.number(at.0));
        writer.optional(self.spelling.as_ref(), |spelling, writer| writer.text(spelling));
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
            linger: reader.optional(|reader| reader.number().map(Millis))?,
            ended_at: reader.optional(|reader| reader.number().map(UnixMillis))?,
            spelling: reader.optional(Reader::text)?,
        })
    }
}

impl Reason {
    const ALL: [Self; 4] =
        [Self::ConnectionLost, Self::Restarted, Self::DeadlinePassed, Self::ServerError];

    /// The reason's number in stored bytes and messages.
    pub fn code(self) -> u8 {
        match self {
            Self::ConnectionLost => 0,
            Self::Restarted => 1,
            Self::DeadlinePassed => 2,
            Self::ServerError => 3,
        }
    }

    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.code() == code)
    }
}

impl Answer {
    fn write(&self, writer: &mut Writer) {
        writer.short(self.status.into());
        writer.list(&self.headers, |(name, value), writer| {
            writer.text(name);
            writer.text(value);
        });
        writer.number(self.answered_at.0);
        writer.number(self.took.0);
        match self.body {
            Body::Inline { .. } => writer.byte(0),
            Body::Rows { attempt, rows, length } => {
                writer.byte(1);
                writer.short(attempt);
                writer.short(rows);
                writer.number(length);
            }
            Body::Not => writer.byte(2),
        }
    }

    /// An inline body is not part of the head.
    fn read(reader: &mut Reader) -> Option<Self> {
        Some(Self {
            status: reader.short()?.try_into().ok()?,
            headers: reader.list(|reader| Some((reader.text()?, reader.text()?)))?,
            answered_at: UnixMillis(reader.number()?),
            took: Millis(reader.number()?),
            body: match reader.byte()? {
                0 => Body::Inline { bytes: Vec::new() },
                1 => Body::Rows {
                    attempt: reader.short()?,
                    rows: reader.short()?,
                    length: reader.number()?,
                },
                2 => Body::Not,
                _ => return None,
            },
        })
    }

    /// The body where the record itself holds it.
    pub fn inline(&self) -> &[u8] {
        match &self.body {
            Body::Inline { bytes } => bytes,
            Body::Rows { .. } | Body::Not => &[],
        }
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Version(found) => write!(
                f,
                "the record has version {found} and this guard reads version {VERSION}, as happens while a deployment or a roll-back is under way"
            ),
            Self::Malformed => write!(f, "the record does not decode"),
        }
    }
}
