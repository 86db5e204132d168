//! What is told of each request of a guarded route: one line of JSON, and the figures of a metric.
//!
//! It names the record by the beginning of its id, and holds no key, no credential and no body. A
//! request without a key has no record and no fingerprint.

use super::codec::{Reader, Writer};
use super::digest::Digest;
use super::json::Members;
use super::record::Claim;
use super::scope::RecordId;
use super::time::{Millis, UnixMillis};

/// What became of a request.
#[derive(Clone, Debug, Default)]
pub struct RequestOutcome {
    /// `first`, `joined`, `replayed`, `released`, `not-kept`, `refused`, `bypass`, `observed`,
    /// `fail-open` or, for a queue's message, `dead-letter`.
    pub outcome: &'static str,
    /// The code of a refusal; of one that an observed request was spared, too; why a message is a
    /// dead letter.
    pub code: Option<&'static str>,
    /// For an observed duplicate: what would have become of it.
    pub would: Option<&'static str>,
    pub origin: Millis,
}

impl RequestOutcome {
    pub fn of(outcome: &'static str) -> Self {
        Self { outcome, ..Self::default() }
    }
}

/// Whose request another one's is: a claim, as far as a log may tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimRef {
    /// The first 8 digits of the claim's id.
    pub claim: String,
    pub attempt: u32,
    pub claimed_at: UnixMillis,
}

impl ClaimRef {
    pub fn of(claim: &Claim) -> Self {
        let digits = claim.id.0.chars().take(8).collect();
        Self { claim: digits, attempt: claim.attempt, claimed_at: claim.claimed_at }
    }

    pub fn write(&self, writer: &mut Writer) {
        writer.text(&self.claim);
        writer.short(self.attempt);
        writer.number(self.claimed_at.0);
    }

    pub fn read(reader: &mut Reader) -> Option<Self> {
        let (claim, attempt) = (reader.text()?, reader.short()?);
        Some(Self { claim, attempt, claimed_at: UnixMillis(reader.number()?) })
    }
}

/// A fingerprint as a log may tell it: the same request has the same 16 digits within a realm, and
/// they tell nothing beyond it.
#[derive(Clone, Debug)]
pub struct FingerprintTag(String);

impl FingerprintTag {
    pub fn of(realm: &str, fingerprint: &str) -> Self {
        let digest = Digest::new("onlyonce log 1").field(realm.as_bytes());
        Self(digest.field(fingerprint.as_bytes()).hex().chars().take(16).collect())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// All that is told of one request.
pub struct LogLine<'a> {
    /// The pattern of the route.
    pub route: &'a str,
    pub method: &'a str,
    pub record: Option<&'a RecordId>,
    pub fingerprint: Option<FingerprintTag>,
    /// `derived` or `generated`, for a key that the guard made.
    pub source: Option<&'static str>,
    /// The queue that delivered it, where it did not come over HTTP.
    pub queue: Option<&'a str>,
    pub trace: Option<&'a ClaimRef>,
    pub told: &'a RequestOutcome,
    pub status: u16,
    pub now: UnixMillis,
    pub total: Millis,
}

impl LogLine<'_> {
    /// What is told in words; where it is not known it is left out. A new one goes to the end: the
    /// columns of the metrics stand in this order.
    pub fn texts(&self) -> [(&'static str, Option<&str>); 10] {
        [
            ("outcome", Some(self.told.outcome)),
            ("route", Some(self.route)),
            ("method", Some(self.method)),
            ("code", self.told.code),
            ("would", self.told.would),
            ("record", self.record.and_then(|record| record.as_str().get(..16))),
            ("fingerprint", self.fingerprint.as_ref().map(FingerprintTag::as_str)),
            ("claim", self.trace.map(|trace| trace.claim.as_str())),
            ("source", self.source),
            ("queue", self.queue),
        ]
    }

    /// What is told in figures, in an order of its own.
    pub fn numbers(&self) -> [(&'static str, Option<u64>); 5] {
        [
            ("status", Some(self.status.into())),
            ("attempt", self.trace.map(|trace| trace.attempt.into())),
            ("since_first_ms", self.trace.map(|trace| self.now.since(trace.claimed_at).0)),
            ("origin_ms", Some(self.told.origin.0)),
            ("total_ms", Some(self.total.0)),
        ]
    }

    /// The line of the log.
    pub fn line(&self) -> String {
        let mut members = Members::default();
        for (name, text) in self.texts() {
            text.into_iter().for_each(|text| members.text(name, text));
        }
        for (name, number) in self.numbers() {
            number.into_iter().for_each(|number| members.number(name, number));
        }
        members.end()
    }
}

/// The line for a queue's message that is no request; the sentence holds nothing of it.
pub fn malformed(queue: &str, detail: &str) -> String {
    let mut members = Members::default();
    for (name, text) in
        [("outcome", "dead-letter"), ("code", "malformed"), ("queue", queue), ("detail", detail)]
    {
        members.text(name, text);
    }
    members.end()
}
