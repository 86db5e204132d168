//! What is known of one key. The bytes that it is stored as: [`super::stored_form`].

use super::fingerprint::Fingerprint;
use super::scope::Credential;
use super::time::{Millis, UnixMillis};

/// Answers up to this size, in bytes, are stored in the record itself; larger ones in rows of
/// their own. A row of object storage holds 2 MB at most.
pub const INLINE_LIMIT: usize = 64 * 1024;

/// The life of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// Nobody has claimed the key, or everybody has forgotten it.
    Vacant,
    /// The claim is stored, and the request was or will be sent.
    InFlight { claim: Claim, previous: Option<Outcome> },
    /// The origin's final answer.
    Done { claim: Claim, answer: Answer },
    /// The origin may or may not have acted.
    Unknown { claim: Claim, outcome: Outcome },
    /// An operator wants the key to be free. It is from then on; absent until the copy of the
    /// answer is known to be deleted.
    Forgotten { until: Option<UnixMillis> },
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
    /// For a derived key: how long the record outlives the end of its call, or its deadline.
    pub derived_ttl: Option<Millis>,
    /// When the call ended, as far as that shortens the record's life.
    pub call_ended_at: Option<UnixMillis>,
    /// The header value that the first attempt carried the key in, kept where a later attempt may
    /// be sent.
    pub raw_key: Option<String>,
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
    pub origin_time: Millis,
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
    NotKept,
}

impl Record {
    pub fn claim(&self) -> Option<&Claim> {
        match self {
            Self::Vacant | Self::Forgotten { .. } => None,
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
            Self::InFlight { previous, .. } => previous.as_ref()?.answer.as_ref(),
            Self::Vacant | Self::Forgotten { .. } => None,
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

    pub(super) fn answer_mut(&mut self) -> Option<&mut Answer> {
        match self {
            Self::Done { answer, .. } => Some(answer),
            Self::Unknown { outcome, .. } => outcome.answer.as_mut(),
            Self::InFlight { previous, .. } => previous.as_mut()?.answer.as_mut(),
            Self::Vacant | Self::Forgotten { .. } => None,
        }
    }

    /// When the record asks to be looked at though nobody asks for it; the beginning of time where
    /// it cannot be too soon.
    pub fn alarm_at(&self) -> Option<UnixMillis> {
        match self {
            Self::Vacant => None,
            Self::InFlight { claim, .. }
            | Self::Done { claim, .. }
            | Self::Unknown { claim, .. } => Some(claim.expires_at()),
            Self::Forgotten { until } => Some(until.unwrap_or(UnixMillis(0))),
        }
    }
}

impl Claim {
    /// The claim once its call has ended; an end that comes late counts anew.
    pub fn ended(self, now: UnixMillis) -> Self {
        Self { call_ended_at: self.derived_ttl.map(|_| now), ..self }
    }

    /// When the record is forgotten. A call that nobody heard of again is over at its deadline, so
    /// that a derived key's life does not depend on when somebody looks.
    pub fn expires_at(&self) -> UnixMillis {
        let call_ended_at = self.call_ended_at.unwrap_or(self.deadline_at);
        self.derived_ttl.map_or(self.window_ends_at, |derived_ttl| {
            call_ended_at.plus(derived_ttl).min(self.window_ends_at)
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
    /// The body where the record itself holds it.
    pub fn inline(&self) -> &[u8] {
        match &self.body {
            Body::Inline { bytes } => bytes,
            Body::Rows { .. } | Body::NotKept => &[],
        }
    }
}
