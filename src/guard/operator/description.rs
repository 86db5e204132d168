//! What an operator is told of a record.

use crate::guard::json::{Members, quoted};
use crate::guard::log::FingerprintTag;
use crate::guard::machine::InMemoryState;
use crate::guard::record::{Answer, Body, Claim, Reason, Record};
use crate::guard::scope::RecordId;
use crate::guard::seen::DuplicateCounts;

/// The answer to "find".
pub fn found(id: &RecordId) -> String {
    let mut members = Members::default();
    members.text("record", id.as_str());
    members.end()
}

/// A record that is not there.
pub fn vacant(id: &RecordId) -> String {
    let mut members = Members::default();
    members.text("record", id.as_str());
    members.text("state", "vacant");
    members.end()
}

/// What the description of a record takes beside the record.
#[derive(Clone, Copy)]
pub struct About<'a> {
    pub id: &'a RecordId,
    /// Whose keys these are; the log's fingerprints are salted with it.
    pub realm: &'a str,
    pub live: InMemoryState<'a>,
    pub seen: DuplicateCounts,
    /// Whether the body of the answer was asked for.
    pub body: bool,
}

/// What is known of a record, in two parts: the body of its answer in base64 goes between them
/// where it was asked for.
pub fn describe(record: &Record, about: About) -> (String, String) {
    let mut members = Members::default();
    members.text("record", about.id.as_str());
    members.text("state", state(record));
    if let Record::Forgotten { until: Some(until) } = record {
        members.text("until", &until.rfc3339());
    }
    if let Some(claim) = record.claim() {
        describe_claim(&mut members, claim, &about);
    }
    if let Record::Unknown { outcome, .. } = record {
        members.text("reason", reason(outcome.reason));
    }
    let Some(answer) = record.answer() else { return (members.end(), String::new()) };
    let mut described = describe_answer(answer).end();
    described.pop();
    if about.body {
        described.push_str(",\"body_base64\":\"");
    }
    members.json("answer", &described);
    let mut all = members.end();
    all.pop();
    (all, if about.body { "\"}}" } else { "}}" }.into())
}

fn state(record: &Record) -> &'static str {
    match record {
        Record::Vacant => "vacant",
        Record::InFlight { .. } => "in-flight",
        Record::Done { .. } => "done",
        Record::Unknown { .. } => "unknown",
        Record::Forgotten { .. } => "forgotten",
    }
}

fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::ConnectionLost => "connection-lost",
        Reason::Restarted => "restarted",
        Reason::DeadlinePassed => "deadline-passed",
        Reason::ServerError => "server-error",
    }
}

fn describe_claim(members: &mut Members, claim: &Claim, about: &About) {
    let About { realm, live, seen, .. } = about;
    members.text("claim", &claim.id.0);
    members.number("attempt", claim.attempt.into());
    members.text("fingerprint", FingerprintTag::of(realm, &claim.fingerprint.digest).as_str());
    members.text("claimed_at", &claim.claimed_at.rfc3339());
    members.text("deadline_at", &claim.deadline_at.rfc3339());
    members.text("expires_at", &claim.expires_at().rfc3339());
    members.json("call_open", if live.open_calls.is_empty() { "false" } else { "true" });
    members.number("waiting", live.waiting as u64);
    let mut counts = Members::default();
    for (name, count) in [
        ("first", 1),
        ("joined", seen.joined),
        ("replayed", seen.replayed),
        ("refused", seen.refused),
    ] {
        counts.number(name, count.into());
    }
    members.json("seen", &counts.end());
}

fn describe_answer(answer: &Answer) -> Members {
    let mut members = Members::default();
    members.number("status", answer.status.into());
    let mut pairs = String::from("[");
    for (name, value) in &answer.headers {
        let comma = if pairs.len() > 1 { "," } else { "" };
        pairs.push_str(&[comma, "[", &quoted(name), ",", &quoted(value), "]"].concat());
    }
    pairs.push(']');
    members.json("headers", &pairs);
    members.text("answered_at", &answer.answered_at.rfc3339());
    members.number("took_ms", answer.origin_time.0);
    let (kept, length) = match &answer.body {
        Body::Inline { bytes } => ("kept", bytes.len() as u64),
        Body::Rows { length, .. } => ("kept", *length),
        Body::NotKept => ("not-kept", 0),
    };
    members.text("body", kept);
    members.number("body_bytes", length);
    members
}
