//! What an operator is told of a record.

use crate::guard::digest::Pepper;
use crate::guard::document::to_json;
use crate::guard::log::FingerprintTag;
use crate::guard::machine::InMemoryState;
use crate::guard::record::{
    Answer, AnswerSource, Body, Claim, ClaimId, ProbeAnswer, Probes, Record,
};
use crate::guard::scope::RecordId;
use crate::guard::seen::DuplicateCounts;
use crate::guard::time::UnixMillis;
use serde::Serialize;

#[derive(Serialize)]
struct Found<'a> {
    record: &'a RecordId,
}

/// The answer to "find".
pub fn found(id: &RecordId) -> String {
    to_json(&Found { record: id })
}

/// A record that is not there.
pub fn vacant(id: &RecordId) -> String {
    to_json(&Description::new(id, &Record::Vacant))
}

/// What the description of a record takes beside the record.
#[derive(Clone, Copy)]
pub struct About<'a> {
    pub id: &'a RecordId,
    /// The log's fingerprints are made under it.
    pub pepper: &'a Pepper,
    /// Whose keys these are; the log's fingerprints are salted with it.
    pub realm: &'a str,
    pub live: InMemoryState<'a>,
    pub seen: DuplicateCounts,
    /// Whether the body of the answer was asked for.
    pub body: bool,
    /// When the origin is asked next what became of an unknown outcome.
    pub next_probe: Option<UnixMillis>,
}

/// What is known of a record, in two parts: the body of its answer in base64 goes between them
/// where it was asked for. It may be larger than what an isolate can hold.
pub fn describe(record: &Record, about: About) -> (String, String) {
    let document = Description {
        claim: record
            .claim()
            .zip(record.expires_at())
            .map(|(claim, expires_at)| ClaimDescription::new(claim, expires_at, &about)),
        settle: SettleDescription::of(record, about.next_probe),
        answer: record.answer().map(|answer| AnswerDescription::new(answer, about.body)),
        ..Description::new(about.id, record)
    };
    let text = to_json(&document);
    match text.strip_suffix(AFTER_BODY) {
        Some(before) => (before.into(), AFTER_BODY.into()),
        None => (text, String::new()),
    }
}

/// What follows the body: it is the answer's last member, and the answer the record's.
const AFTER_BODY: &str = "\"}}";

/// The members in their order on the wire; what does not apply is left out.
#[derive(Serialize)]
struct Description<'a> {
    record: &'a RecordId,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    #[serde(flatten)]
    claim: Option<ClaimDescription<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown_since: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    settle: Option<SettleDescription>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<AnswerDescription<'a>>,
}

impl<'a> Description<'a> {
    fn new(id: &'a RecordId, record: &Record) -> Self {
        let until = match record {
            Record::Forgotten { until } => until.map(|until| until.rfc3339()),
            Record::Moved { until } | Record::Fenced { until } => Some(until.rfc3339()),
            _ => None,
        };
        let outcome = record.unknown_outcome().map(|(_, outcome)| outcome);
        Self {
            record: id,
            state: state(record),
            until,
            claim: None,
            reason: outcome.map(|outcome| outcome.reason.name()),
            unknown_since: outcome.map(|outcome| outcome.since.rfc3339()),
            settle: None,
            answer: None,
        }
    }
}

fn state(record: &Record) -> &'static str {
    match record {
        Record::Vacant => "vacant",
        Record::InFlight { .. } => "in-flight",
        Record::Done { .. } => "done",
        Record::Unknown { .. } => "unknown",
        Record::Forgotten { .. } => "forgotten",
        Record::Moved { .. } => "moved",
        Record::Fenced { .. } => "fenced",
    }
}

#[derive(Serialize)]
struct ClaimDescription<'a> {
    claim: &'a ClaimId,
    attempt: u32,
    /// As the log tells it, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<FingerprintTag>,
    method: &'a str,
    route: &'a str,
    claimed_at: String,
    deadline_at: String,
    expires_at: String,
    call_open: bool,
    waiting: usize,
    seen: Requests,
}

/// The requests that the claim's object has seen, by what became of them.
#[derive(Serialize)]
struct Requests {
    first: u32,
    joined: u32,
    replayed: u32,
    refused: u32,
}

impl<'a> ClaimDescription<'a> {
    fn new(claim: &'a Claim, expires_at: UnixMillis, about: &About) -> Self {
        let About { pepper, realm, live, seen, .. } = about;
        Self {
            claim: &claim.id,
            attempt: claim.attempt,
            fingerprint: FingerprintTag::of(pepper, realm, &claim.fingerprint.digest.to_string()),
            method: &claim.method,
            route: &claim.route,
            claimed_at: claim.claimed_at.rfc3339(),
            deadline_at: claim.deadline_at.rfc3339(),
            expires_at: expires_at.rfc3339(),
            call_open: !live.open_calls.is_empty(),
            waiting: live.waiting,
            seen: Requests {
                first: 1,
                joined: seen.joined,
                replayed: seen.replayed,
                refused: seen.refused,
            },
        }
    }
}

/// What the origin said when it was asked.
#[derive(Debug, Serialize)]
pub(super) struct SettleDescription {
    asked: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_asked_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    said: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_at: Option<String>,
}

impl SettleDescription {
    /// Returns `None` for a record that the origin is not asked about.
    fn of(record: &Record, next_at: Option<UnixMillis>) -> Option<Self> {
        let (claim, outcome) = record.unknown_outcome()?;
        claim.settles.then(|| Self::of_probes(outcome.probes, next_at))
    }

    pub(super) fn of_probes(probes: Probes, next_at: Option<UnixMillis>) -> Self {
        let answer = probes.last.map(|last| last.answer);
        Self {
            asked: probes.asked,
            last_asked_at: probes.last.map(|last| last.asked_at.rfc3339()),
            said: answer.map(ProbeAnswer::name),
            status: answer.and_then(ProbeAnswer::status),
            next_at: next_at.map(UnixMillis::rfc3339),
        }
    }
}

#[derive(Serialize)]
struct AnswerDescription<'a> {
    status: u16,
    headers: &'a [(String, String)],
    answered_at: String,
    /// When an operator gave it in the origin's place.
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_at: Option<String>,
    /// When the origin gave it, asked what had become of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    settled_at: Option<String>,
    took_ms: u64,
    body: &'static str,
    body_bytes: u64,
    /// What a retry does not get, as `Idempotency-Omitted` tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    omitted: Option<String>,
    /// Empty: the body is filled in as it is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    body_base64: Option<&'static str>,
}

impl<'a> AnswerDescription<'a> {
    fn new(answer: &'a Answer, with_body: bool) -> Self {
        let kept = if answer.sealed { "sealed" } else { "kept" };
        let (body, body_bytes) = match &answer.body {
            Body::Inline { bytes } => (kept, bytes.len() as u64),
            Body::Rows { length, .. } => (kept, *length),
            Body::NotKept => ("not-kept", 0),
        };
        let at = |source| (answer.source == source).then(|| answer.answered_at.rfc3339());
        Self {
            status: answer.status,
            headers: &answer.headers,
            answered_at: answer.answered_at.rfc3339(),
            resolved_at: at(AnswerSource::Operator),
            settled_at: at(AnswerSource::Settled),
            took_ms: answer.origin_time.0,
            body,
            body_bytes,
            omitted: answer.left_out.header(),
            body_base64: with_body.then_some(""),
        }
    }
}
