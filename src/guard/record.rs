//! What is known of one key. The bytes that it is stored as: [`super::stored_form`].

use super::fingerprint::Fingerprint;
use super::hex::{Hex, HexError};
use super::scope::Credential;
use super::time::{Millis, UnixMillis};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use strum::{IntoStaticStr, VariantNames};

/// Answers up to this size, in bytes, are stored in the record itself; larger ones in rows of
/// their own. A row of object storage holds 2 MB at most.
pub const INLINE_LIMIT: usize = 64 * 1024;

/// The life of a key. Stored records hold a state by its place in this list: a new one goes to the
/// end, under a new version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// The key lives in another shard since `shards` was changed. It is the fence that keeps a Worker
    /// which still has the old policy from claiming the key here.
    Moved { until: UnixMillis },
    /// Its caller has said that it shall never be carried out.
    Fenced { until: UnixMillis },
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
    /// When the retry window ends.
    pub window_ends_at: UnixMillis,
    /// For a derived key: how long the record outlives its answer.
    pub derived_ttl: Option<Millis>,
    /// When the answer came, as far as that shortens the record's life.
    pub answered_at: Option<UnixMillis>,
    /// The header value that the first attempt carried the key in, kept where a later attempt may
    /// be sent, or the origin be asked.
    pub raw_key: Option<String>,
    /// Whether the origin can be asked what became of it: the policy said how.
    pub settles: bool,
    /// The headers that tell the origin which host and whose account its request was for, for a question that
    /// nobody's own headers go with; empty where it cannot be asked.
    pub asked_as: Vec<(String, String)>,
    /// The request's method, and the pattern of its route.
    pub method: String,
    pub route: String,
}

/// 128 random bits that tell one claim from every other. They are shown as 32 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ClaimId(pub Hex<16>);

impl fmt::Display for ClaimId {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ClaimId {
    type Err = HexError;

    fn from_str(text: &str) -> Result<Self, HexError> {
        text.parse().map(Self)
    }
}

/// Why nobody knows, and what the origin said where it said something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    pub reason: Reason,
    pub answer: Option<Answer>,
    /// When it became unknown.
    pub since: UnixMillis,
    pub probes: Probes,
}

/// How often the origin was asked what became of an outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probes {
    pub asked: u32,
    pub last: Option<LastProbe>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastProbe {
    pub asked_at: UnixMillis,
    pub answer: ProbeAnswer,
}

/// What the origin said that does not end the doubt by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProbeAnswer {
    /// It knows nothing of the operation, which does not count yet.
    Absent,
    /// Nothing that could be understood, with this status where there was an answer.
    NoWord(Option<u16>),
}

impl ProbeAnswer {
    /// As lines and descriptions call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::NoWord(_) => "no-word",
        }
    }

    pub fn status(self) -> Option<u16> {
        match self {
            Self::Absent => None,
            Self::NoWord(status) => status,
        }
    }
}

impl Probes {
    pub fn add(&mut self, asked_at: UnixMillis, answer: ProbeAnswer) {
        self.asked = self.asked.saturating_add(1);
        self.last = Some(LastProbe { asked_at, answer });
    }
}

/// Why nobody knows what became of a request. The names are those that operators and logs are told.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, VariantNames,
)]
#[strum(serialize_all = "kebab-case")]
pub enum Reason {
    /// The connection to the origin failed, or its answer broke off.
    ConnectionLost,
    /// The runtime stopped while the request was at the origin.
    Restarted,
    /// The origin took longer than the deadline.
    DeadlinePassed,
    /// The origin answered 5xx.
    ServerError,
    /// The origin answered with a status that no response can be made of.
    NoSuchStatus(u16),
}

impl Outcome {
    pub fn new(reason: Reason, answer: Option<Answer>, since: UnixMillis) -> Self {
        Self { reason, answer, since, probes: Probes::default() }
    }

    /// More of what was unknown before.
    pub fn after(self, previous: &Self) -> Self {
        Self { since: previous.since, probes: previous.probes, ..self }
    }

    /// What the origin answered, where it did.
    pub fn status(&self) -> Option<u16> {
        match self.reason {
            Reason::NoSuchStatus(status) => Some(status),
            _ => self.answer.as_ref().map(|answer| answer.status),
        }
    }
}

impl Reason {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The answer to a request, ready to be shown again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub answered_at: UnixMillis,
    /// How long the origin took.
    pub origin_time: Millis,
    pub body: Body,
    pub source: AnswerSource,
    pub left_out: LeftOut,
    /// Only its caller can read it: there are no headers, and the body is ciphertext that holds both
    /// ([`super::seal`]).
    pub sealed: bool,
}

/// What the first caller got of an answer and no retry does, because the policy says so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LeftOut {
    #[default]
    Nothing,
    Body,
    /// The members at these JSON pointers.
    Members(Vec<String>),
}

/// Who gave an answer. What the origin did not say must never pass for its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AnswerSource {
    Origin,
    /// An operator who resolved an unknown outcome, at the time of the answer.
    Operator,
    /// The origin, which was asked what had become of an unknown outcome, at the time of the answer.
    Settled,
}

impl AnswerSource {
    /// The `detail` of `Cache-Status`, and the log's `code`, for such an answer.
    pub fn detail(self) -> Option<&'static str> {
        match self {
            Self::Origin => None,
            Self::Operator => Some("resolved"),
            Self::Settled => Some("settled"),
        }
    }
}

/// Where the body of an answer is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body {
    /// Behind the record's head.
    Inline {
        #[serde(skip)]
        bytes: Vec<u8>,
    },
    /// In rows of the object's storage, named by claim and attempt; in a copy, behind the head.
    Rows { attempt: u32, rows: u32, length: u64 },
    /// Too large.
    NotKept,
}

impl Record {
    /// The outcome that nobody knows, and its claim. It stays unknown while the request is sent again.
    pub fn unknown_outcome(&self) -> Option<(&Claim, &Outcome)> {
        match self {
            Self::Unknown { claim, outcome }
            | Self::InFlight { claim, previous: Some(outcome) } => Some((claim, outcome)),
            _ => None,
        }
    }

    pub fn claim(&self) -> Option<&Claim> {
        match self {
            Self::Vacant | Self::Forgotten { .. } | Self::Moved { .. } | Self::Fenced { .. } => {
                None
            }
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
            Self::Vacant | Self::Forgotten { .. } | Self::Moved { .. } | Self::Fenced { .. } => {
                None
            }
        }
    }

    /// The record with another form of its answer.
    pub fn with_answer(self, answer: Answer) -> Self {
        match self {
            Self::Done { claim, .. } => Self::Done { claim, answer },
            Self::Unknown { claim, outcome } => {
                Self::Unknown { claim, outcome: Outcome { answer: Some(answer), ..outcome } }
            }
            other => other,
        }
    }

    pub(super) fn answer_mut(&mut self) -> Option<&mut Answer> {
        match self {
            Self::Done { answer, .. } => Some(answer),
            Self::Unknown { outcome, .. } => outcome.answer.as_mut(),
            Self::InFlight { previous, .. } => previous.as_mut()?.answer.as_mut(),
            Self::Vacant | Self::Forgotten { .. } | Self::Moved { .. } | Self::Fenced { .. } => {
                None
            }
        }
    }

    /// When the record is over. Returns `None` if it is vacant, or waits for something without a date.
    ///
    /// A derived key is free soon after its answer. Where nobody knows whether the origin acted it is held
    /// for as long as any other: what is forgotten then would be carried out again.
    pub fn expires_at(&self) -> Option<UnixMillis> {
        match self {
            Self::Vacant => None,
            Self::InFlight { claim, .. } | Self::Unknown { claim, .. } => {
                Some(claim.window_ends_at)
            }
            Self::Done { claim, .. } => {
                let derived = claim.derived_ttl.zip(claim.answered_at);
                let soon = derived.map(|(ttl, answered_at)| answered_at.plus(ttl));
                Some(soon.map_or(claim.window_ends_at, |soon| soon.min(claim.window_ends_at)))
            }
            Self::Forgotten { until } => *until,
            Self::Moved { until } | Self::Fenced { until } => Some(*until),
        }
    }

    /// Whether the shard's alarm has to look at the record though its time is not over: its call may
    /// have died, the deletion of its copy has to be tried again, or the origin be asked what became of it.
    pub fn needs_watching(&self) -> bool {
        match self {
            Self::InFlight { .. } | Self::Forgotten { until: None } => true,
            Self::Unknown { claim, .. } => claim.settles,
            _ => false,
        }
    }
}

impl Claim {
    /// The claim once its answer has come; one that comes late is remembered for as long.
    pub fn answered(self, now: UnixMillis) -> Self {
        Self { answered_at: self.derived_ttl.map(|_| now), ..self }
    }
}

impl Answer {
    /// Whether the origin refused the request for good. That binds only the credential which got it:
    /// another one's request is carried out, so that nobody can take a key by being refused.
    pub fn is_refusal(&self) -> bool {
        (400..500).contains(&self.status)
    }

    /// Whether a replay has a body, where the origin's answer had one.
    pub fn has_body(&self) -> bool {
        self.body != Body::NotKept && self.left_out != LeftOut::Body
    }

    /// The same answer with nothing but its status.
    #[must_use]
    pub fn without_content(self) -> Self {
        Self { headers: Vec::new(), body: Body::NotKept, ..self }
    }

    /// The body where the record itself holds it.
    pub fn inline(&self) -> &[u8] {
        match &self.body {
            Body::Inline { bytes } => bytes,
            Body::Rows { .. } | Body::NotKept => &[],
        }
    }
}
