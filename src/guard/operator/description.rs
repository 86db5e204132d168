//! What an operator is told of a record.

use crate::guard::digest::Pepper;
use crate::guard::document::to_json;
use crate::guard::log::FingerprintTag;
use crate::guard::machine::InMemoryState;
use crate::guard::record::{Answer, AnswerSource, Body, Claim, ClaimId, Record};
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
}

/// What is known of a record, in two parts: the body of its answer in base64 goes between them
/// where it was asked for. It may be larger than what an isolate can hold.
pub fn describe(record: &Record, about: About) -> (String, String) {
    let document = Description {
        claim: record
            .claim()
            .zip(record.expires_at())
            .map(|(claim, expires_at)| ClaimDescription::new(claim, expires_at, &about)),
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
    answer: Option<AnswerDescription<'a>>,
}

impl<'a> Description<'a> {
    fn new(id: &'a RecordId, record: &Record) -> Self {
        let until = match record {
            Record::Forgotten { until } => until.map(|until| until.rfc3339()),
            Record::Moved { until } | Record::Fenced { until } => Some(until.rfc3339()),
            _ => None,
        };
        let reason = match record {
            Record::Unknown { outcome, .. } => Some(outcome.reason.name()),
            _ => None,
        };
        let state = state(record);
        Self { record: id, state, until, claim: None, reason, answer: None }
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

#[derive(Serialize)]
struct AnswerDescription<'a> {
    status: u16,
    headers: &'a [(String, String)],
    answered_at: String,
    /// When an operator gave it in the origin's place.
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_at: Option<String>,
    took_ms: u64,
    body: &'static str,
    body_bytes: u64,
    /// Empty: the body is filled in as it is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    body_base64: Option<&'static str>,
}

impl<'a> AnswerDescription<'a> {
    fn new(answer: &'a Answer, with_body: bool) -> Self {
        let (body, body_bytes) = match &answer.body {
            Body::Inline { bytes } => ("kept", bytes.len() as u64),
            Body::Rows { length, .. } => ("kept", *length),
            Body::NotKept => ("not-kept", 0),
        };
        Self {
            status: answer.status,
            headers: &answer.headers,
            answered_at: answer.answered_at.rfc3339(),
            resolved_at: (answer.source == AnswerSource::Operator)
                .then(|| answer.answered_at.rfc3339()),
            took_ms: answer.origin_time.0,
            body,
            body_bytes,
            body_base64: with_body.then_some(""),
        }
    }
}
