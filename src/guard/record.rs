//! What is known of one key, and the bytes that it is stored as.
//!
//! 1. The stored form is one line of JSON with a version, then a line feed, then the body of a
//!    small answer. Object storage, KV and the wire between Worker and object hold the same form.
//! 2. Deployed objects hold these bytes: a test pins every state.
//! 3. A record of another version, or one that does not decode, is an error, never a vacant key.

use super::fingerprint::Fingerprint;
use super::scope::Credential;
use super::time::{Millis, UnixMillis};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The version of the stored form.
pub const VERSION: u32 = 1;

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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    pub id: ClaimId,
    /// Counts the sendings, from 1.
    pub attempt: u32,
    pub fingerprint: Fingerprint,
    pub credential: Credential,
    pub claimed_at: UnixMillis,
    /// When callers are told that the outcome is unknown.
    pub deadline_at: UnixMillis,
    /// When the record is forgotten.
    pub expires_at: UnixMillis,
    /// The header value that the first attempt carried the key in, kept where a later attempt may
    /// be sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spelling: Option<String>,
}

/// 128 random bits in hex that tell one claim from every other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClaimId(pub String);

/// Why nobody knows, and what the origin said where it said something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    pub reason: Reason,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub answered_at: UnixMillis,
    /// How long the origin took.
    pub took: Millis,
    pub body: Body,
}

/// Where the body of an answer is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kept", rename_all = "snake_case")]
pub enum Body {
    /// Behind the record's line feed.
    Inline {
        #[serde(skip)]
        bytes: Vec<u8>,
    },
    /// In rows of the object's storage, named by claim and attempt; in a copy, behind the line
    /// feed.
    Rows { attempt: u32, rows: u32, length: u64 },
    /// Too large or endless.
    Not,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    v: u32,
    #[serde(flatten)]
    state: State,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
enum State {
    InFlight {
        claim: Claim,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<Outcome>,
    },
    Done {
        claim: Claim,
        answer: Answer,
    },
    Unknown {
        claim: Claim,
        outcome: Outcome,
    },
}

#[derive(Deserialize)]
struct Versioned {
    v: u32,
}

/// Why stored bytes are no record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordError {
    /// Written by another version of the guard.
    Version(u32),
    Malformed,
}

impl Record {
    /// The stored form; nothing for a vacant key, which has none.
    pub fn encode(&self) -> Option<Vec<u8>> {
        let body = self.answer().map(Answer::inline).unwrap_or_default().to_vec();
        let state = match self.clone() {
            Self::Vacant => return None,
            Self::InFlight { claim, before } => State::InFlight { claim, before },
            Self::Done { claim, answer } => State::Done { claim, answer },
            Self::Unknown { claim, outcome } => State::Unknown { claim, outcome },
        };
        let mut bytes = serde_json::to_vec(&Stored { v: VERSION, state }).ok()?;
        bytes.push(b'\n');
        bytes.extend(body);
        Some(bytes)
    }

    /// Reads the stored form.
    pub fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        let end = bytes.iter().position(|byte| *byte == b'\n').ok_or(RecordError::Malformed)?;
        let (head, body) = bytes.split_at_checked(end).ok_or(RecordError::Malformed)?;
        let mut record = Self::decode_head(head)?;
        let inline = body.get(1..).unwrap_or_default();
        if let Some(Answer { body: Body::Inline { bytes }, .. }) = record.answer_mut() {
            bytes.extend_from_slice(inline);
        }
        Ok(record)
    }

    /// Reads the line of JSON alone.
    pub fn decode_head(head: &[u8]) -> Result<Self, RecordError> {
        let version: Versioned =
            serde_json::from_slice(head).map_err(|_| RecordError::Malformed)?;
        if version.v != VERSION {
            return Err(RecordError::Version(version.v));
        }
        let stored: Stored = serde_json::from_slice(head).map_err(|_| RecordError::Malformed)?;
        Ok(match stored.state {
            State::InFlight { claim, before } => Self::InFlight { claim, before },
            State::Done { claim, answer } => Self::Done { claim, answer },
            State::Unknown { claim, outcome } => Self::Unknown { claim, outcome },
        })
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
            Self::Done { claim, .. } | Self::Unknown { claim, .. } => claim.expires_at,
        };
        Some(if wanted > now { wanted } else { now.plus(LOOK_AGAIN) })
    }
}

impl Answer {
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
