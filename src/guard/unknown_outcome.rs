//! What is told of an outcome that became unknown, of its end, and of what the origin said in between.
//!
//! 1. An outcome is unknown from the change of its record that says so, until another one says what
//!    became of the request or that nothing binds the key any more. A second sending of the same claim is
//!    no end: nobody knows what became of the first.
//! 2. Each of the two is told once, by the shard, in the turn in which the record changes, whoever is
//!    still there to hear the answer.
//! 3. A call that died, and was found only once its window had ended, is told as both: it must not vanish
//!    without a trace.
//! 4. What is told names the record and the claim, the route's pattern and the method; no key, no path, no
//!    body.

use super::document::to_json;
use super::machine::{Event, Probed, Resolution, StorageOp, Transition};
use super::origin::OriginVerdict;
use super::record::{AnswerSource, Claim, ClaimId, Outcome, ProbeAnswer, Reason, Record};
use super::scope::RecordId;
use super::settle::ProbeWord;
use super::time::UnixMillis;
use serde::Serialize;

/// Something to tell of one claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutcomeChange {
    pub claim: Claim,
    pub what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Nobody knows what became of the request.
    BecameUnknown {
        reason: Reason,
        status: Option<u16>,
    },
    Ended(End),
}

/// How an unknown outcome ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The origin answered after all, with this status.
    Answered(u16),
    /// The origin said after all that it had not processed the request.
    NotProcessed,
    /// An operator said what the answer is.
    Resolved(u16),
    /// The origin was asked, and showed that it had acted: what it showed has this status.
    Settled(u16),
    /// The origin was asked, and had not acted.
    Absent,
    /// An operator said that the origin had not acted.
    Freed,
    /// An operator made the guard forget the key.
    Forgotten,
    /// Its window is over, and nobody ever knew.
    Expired,
}

/// Of an event, what tells one end from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The origin did not process this claim.
    NotProcessed(ClaimId),
    /// An operator says so.
    Freed(ClaimId),
    /// The origin says so, which was asked.
    Absent(ClaimId),
    Other,
}

impl Cause {
    pub fn of(event: &Event) -> Self {
        match event {
            Event::Answered { claim, verdict: OriginVerdict::NotProcessed, .. }
            | Event::NotSent { claim, .. } => Self::NotProcessed(*claim),
            Event::Resolve { claim, resolution: Resolution::NotProcessed } => Self::Freed(*claim),
            Event::Probed(Probed { claim, word: ProbeWord::Said(ProbeAnswer::Absent), .. }) => {
                Self::Absent(*claim)
            }
            _ => Self::Other,
        }
    }
}

/// A claim of which something may have to be told.
pub struct OpenClaim {
    claim: Claim,
    is_unknown: bool,
}

impl OpenClaim {
    /// Returns `None` for a record of which nothing becomes unknown any more.
    pub fn of(record: &Record) -> Option<Self> {
        match record {
            Record::InFlight { claim, .. } | Record::Unknown { claim, .. } => {
                Some(Self { claim: claim.clone(), is_unknown: record.unknown_outcome().is_some() })
            }
            _ => None,
        }
    }

    /// What a transition of its record has to tell.
    pub fn changes(self, cause: Cause, transition: &Transition) -> Vec<OutcomeChange> {
        let after = match transition.storage {
            StorageOp::Keep => return Vec::new(),
            StorageOp::Put => &transition.record,
            StorageOp::Erase => &Record::Vacant,
        };
        let is_same_claim = after.claim().is_some_and(|after| after.id == self.claim.id);
        if is_same_claim && !matches!(after, Record::Done { .. }) {
            let became = after.unknown_outcome().filter(|_| !self.is_unknown);
            return became.into_iter().map(OutcomeChange::became_unknown).collect();
        }
        let end = end(&self.claim, cause, after);
        let ended = OutcomeChange { claim: self.claim.clone(), what: What::Ended(end) };
        let died = What::BecameUnknown { reason: Reason::Restarted, status: None };
        match end {
            _ if self.is_unknown => vec![ended],
            // A call that ended as it should: nothing was ever unknown.
            End::Answered(_) | End::NotProcessed => Vec::new(),
            _ => vec![OutcomeChange { claim: self.claim, what: died }, ended],
        }
    }
}

/// How a claim ended that no longer waits for anything.
fn end(claim: &Claim, cause: Cause, after: &Record) -> End {
    match after {
        Record::Done { claim: done, answer } if done.id == claim.id => match answer.source {
            AnswerSource::Origin => End::Answered(answer.status),
            AnswerSource::Operator => End::Resolved(answer.status),
            AnswerSource::Settled => End::Settled(answer.status),
        },
        Record::Forgotten { .. } => End::Forgotten,
        _ => match cause {
            Cause::NotProcessed(id) if id == claim.id => End::NotProcessed,
            Cause::Freed(id) if id == claim.id => End::Freed,
            Cause::Absent(id) if id == claim.id => End::Absent,
            _ => End::Expired,
        },
    }
}

impl End {
    /// As lines and messages call it.
    fn name(self) -> &'static str {
        match self {
            Self::Answered(_) => "answered",
            Self::NotProcessed => "not-processed",
            Self::Resolved(_) => "resolved",
            Self::Settled(_) => "settled",
            Self::Absent => "absent",
            Self::Freed => "freed",
            Self::Forgotten => "forgotten",
            Self::Expired => "expired",
        }
    }

    fn status(self) -> Option<u16> {
        match self {
            Self::Answered(status) | Self::Resolved(status) | Self::Settled(status) => Some(status),
            _ => None,
        }
    }
}

/// The members of a line or a message in their order; what is not known is left out.
#[derive(Serialize)]
struct OutcomeMembers<'a> {
    outcome: &'static str,
    route: &'a str,
    method: &'a str,
    code: &'static str,
    record: String,
    claim: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempt: Option<u32>,
    since_first_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    claimed_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
}

impl OutcomeChange {
    fn became_unknown((claim, outcome): (&Claim, &Outcome)) -> Self {
        let what = What::BecameUnknown { reason: outcome.reason, status: outcome.status() };
        Self { claim: claim.clone(), what }
    }

    /// `unknown` or `ended`.
    pub fn name(&self) -> &'static str {
        match self.what {
            What::BecameUnknown { .. } => "unknown",
            What::Ended(_) => "ended",
        }
    }

    /// Why nobody knows, or how it ended.
    pub fn code(&self) -> &'static str {
        match self.what {
            What::BecameUnknown { reason, .. } => reason.name(),
            What::Ended(end) => end.name(),
        }
    }

    pub fn status(&self) -> Option<u16> {
        match self.what {
            What::BecameUnknown { status, .. } => status,
            What::Ended(end) => end.status(),
        }
    }

    fn members(&self, record: String, claim: String, now: UnixMillis) -> OutcomeMembers<'_> {
        OutcomeMembers {
            outcome: self.name(),
            route: &self.claim.route,
            method: &self.claim.method,
            code: self.code(),
            record,
            claim,
            status: self.status(),
            attempt: Some(self.claim.attempt),
            since_first_ms: now.since(self.claim.claimed_at).0,
            claimed_at: None,
            at: None,
        }
    }

    /// The line of the log.
    pub fn line(&self, record: &RecordId, now: UnixMillis) -> String {
        to_json(&self.members(format!("{record:.16}"), format!("{:.8}", self.claim.id), now))
    }

    /// The message for `OUTCOMES`: whoever reads it can ask for the record, and settle it.
    pub fn message(&self, record: &RecordId, now: UnixMillis) -> String {
        let members = self.members(record.to_string(), self.claim.id.to_string(), now);
        to_json(&OutcomeMembers {
            claimed_at: Some(self.claim.claimed_at.rfc3339()),
            at: Some(now.rfc3339()),
            ..members
        })
    }
}

/// The line of the log for a question to the origin, and what was said.
pub fn probe_line(claim: &Claim, word: &ProbeWord, record: &RecordId, now: UnixMillis) -> String {
    let (code, status) = match word {
        ProbeWord::Found(answer) => ("found", Some(answer.status)),
        ProbeWord::Said(answer) => (answer.name(), answer.status()),
    };
    to_json(&OutcomeMembers {
        outcome: "probe",
        route: &claim.route,
        method: &claim.method,
        code,
        record: format!("{record:.16}"),
        claim: format!("{:.8}", claim.id),
        status,
        attempt: None,
        since_first_ms: now.since(claim.claimed_at).0,
        claimed_at: None,
        at: None,
    })
}
