//! What is told of each request of a guarded route: one line of JSON, and the figures of a metric.
//!
//! It names the record by the beginning of its id, and holds no key, no credential and no body. A
//! request without a key has no record and no fingerprint.

use super::digest::Pepper;
use super::document::to_json;
use super::machine::{Event, Resolution};
use super::record::Claim;
use super::scope::RecordId;
use super::time::{Millis, UnixMillis};
use serde::{Deserialize, Serialize};

/// What became of a request.
#[derive(Clone, Debug, Default)]
pub struct RequestOutcome {
    /// `first`, `joined`, `replayed`, `released`, `not-kept`, `refused`, `bypass`, `observed`,
    /// `fail-open` or, for a queue's message, `dead-letter`.
    pub name: &'static str,
    /// The code of a refusal; of one that an observed request was spared, too; why a message is a
    /// dead letter; `resolved` where the answer is an operator's.
    pub code: Option<&'static str>,
    /// For an observed duplicate: what would have become of it.
    pub would: Option<&'static str>,
    pub origin: Millis,
}

impl RequestOutcome {
    pub fn of(name: &'static str) -> Self {
        Self { name, ..Self::default() }
    }
}

/// Whose request another one's is: a claim, as far as a log may tell it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRef {
    /// The first 8 digits of the claim's id.
    pub claim: String,
    pub attempt: u32,
    pub claimed_at: UnixMillis,
}

impl ClaimRef {
    pub fn of(claim: &Claim) -> Self {
        Self {
            claim: format!("{:.8}", claim.id),
            attempt: claim.attempt,
            claimed_at: claim.claimed_at,
        }
    }
}

/// A fingerprint as a log may tell it: the same request has the same 16 digits within a realm, and
/// they tell nothing beyond it. Only under a pepper: whoever reads a log could find a short body, such as
/// a PIN, by trying them all.
#[derive(Clone, Debug, Serialize)]
pub struct FingerprintTag(String);

impl FingerprintTag {
    /// Returns `None` if the deployment has no pepper.
    pub fn of(pepper: &Pepper, realm: &str, fingerprint: &str) -> Option<Self> {
        let digest = pepper.digest("onlyonce log 1").field(realm.as_bytes());
        let digits = digest.field(fingerprint.as_bytes()).hex().chars().take(16).collect();
        pepper.is_set().then_some(Self(digits))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a request shows that a policy should say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// It tells who sends it by cookies alone, which `scope = "auto"` does not look at: two of its users
    /// who choose the same key meet. Where a key is derived, any cookie has made it, such as one for a theme.
    NameTheSessionCookie,
}

impl Advice {
    fn name(self) -> &'static str {
        match self {
            Self::NameTheSessionCookie => "scope-by-cookie",
        }
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
    /// What the policy should say and does not.
    pub advice: Option<Advice>,
    /// The platform's id of the request.
    pub ray: Option<String>,
    /// The id of the trace that it is a part of.
    pub trace: Option<String>,
    pub claim: Option<&'a ClaimRef>,
    pub outcome: &'a RequestOutcome,
    pub status: u16,
    pub now: UnixMillis,
    pub total: Millis,
}

/// The line's members in their order. What is not known is left out. A new one goes to the end of
/// the texts or of the numbers: the columns of the metrics stand in this order.
#[derive(Serialize)]
pub(super) struct LogMembers<'a> {
    pub outcome: &'a str,
    pub route: &'a str,
    pub method: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub would: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ray: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<&'a str>,
    pub status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since_first_ms: Option<u64>,
    pub origin_ms: u64,
    pub total_ms: u64,
}

impl LogLine<'_> {
    pub(super) fn members(&self) -> LogMembers<'_> {
        LogMembers {
            outcome: self.outcome.name,
            route: self.route,
            method: self.method,
            code: self.outcome.code,
            would: self.outcome.would,
            record: self.record.map(|record| format!("{record:.16}")),
            fingerprint: self.fingerprint.as_ref().map(FingerprintTag::as_str),
            claim: self.claim.map(|claim| claim.claim.as_str()),
            source: self.source,
            queue: self.queue,
            advice: self.advice.map(Advice::name),
            ray: self.ray.as_deref(),
            trace: self.trace.as_deref(),
            status: self.status,
            attempt: self.claim.map(|claim| claim.attempt),
            since_first_ms: self.claim.map(|claim| self.now.since(claim.claimed_at).0),
            origin_ms: self.outcome.origin.0,
            total_ms: self.total.0,
        }
    }

    /// The line of the log.
    pub fn line(&self) -> String {
        to_json(&self.members())
    }
}

#[derive(Serialize)]
struct OperatorLine<'a> {
    outcome: &'a str,
    code: &'a str,
    record: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    claim: Option<String>,
    operator: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
}

/// The line for what an operator did to a record, and who it was: `forgotten`, `not-processed`, or `resolved`
/// with the status of the answer. The name is the only personal datum of the log.
pub fn operator_line(act: &Event, operator: &str, record: &RecordId) -> Option<String> {
    let (code, claim, status) = match act {
        Event::Forget => ("forgotten", None, None),
        Event::Resolve { claim, resolution: Resolution::NotProcessed } => {
            ("not-processed", Some(claim), None)
        }
        Event::Resolve { claim, resolution: Resolution::Answered(answer) } => {
            ("resolved", Some(claim), Some(answer.status))
        }
        _ => return None,
    };
    let claim = claim.map(|claim| format!("{claim:.8}"));
    let record = format!("{record:.16}");
    Some(to_json(&OperatorLine { outcome: "operator", code, record, claim, operator, status }))
}

#[derive(Serialize)]
struct OriginCall<'a> {
    route: &'a str,
    method: &'a str,
    record: String,
    claim: String,
    attempt: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
}

/// What a trace is told of a call to the origin: no line of the log, and nothing that is not in one.
pub fn origin_call(claim: &Claim, record: &RecordId, status: Option<u16>) -> String {
    to_json(&OriginCall {
        route: &claim.route,
        method: &claim.method,
        record: format!("{record:.16}"),
        claim: format!("{:.8}", claim.id),
        attempt: claim.attempt,
        status,
    })
}

#[derive(Serialize)]
struct MalformedLine<'a> {
    outcome: &'a str,
    code: &'a str,
    queue: &'a str,
    detail: &'a str,
}

/// The line for a queue's message that is no request; the sentence holds nothing of it.
pub fn malformed(queue: &str, detail: &str) -> String {
    to_json(&MalformedLine { outcome: "dead-letter", code: "malformed", queue, detail })
}
