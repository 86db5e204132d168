//! One line of JSON for each request of a guarded route.
//!
//! It names the record by the beginning of its id, and holds no key, no credential and no body. A
//! request without a key has no record and no fingerprint.

use super::digest::Digest;
use super::problem::quoted;
use super::record::Claim;
use super::scope::RecordId;
use super::time::{Millis, UnixMillis};

/// What became of a request.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// `first`, `joined`, `replayed`, `released`, `not-kept`, `refused`, `bypass`, `observed`,
    /// `fail-open` or, for a queue's message, `dead-letter`.
    pub outcome: &'static str,
    /// The code of a refusal; of one that an observed request was spared, too; why a message is a
    /// dead letter.
    pub code: Option<&'static str>,
    /// For an observed duplicate: what would have become of it.
    pub would: Option<&'static str>,
    /// Digits of the claim, the attempt, and the milliseconds since the key was first seen.
    pub claim: Option<(String, u32, u64)>,
    pub origin: Millis,
}

impl Told {
    pub fn of(outcome: &'static str) -> Self {
        Self { outcome, ..Self::default() }
    }

    /// Adds whose request it belongs to.
    pub fn claim(mut self, claim: Option<&Claim>, now: UnixMillis) -> Self {
        self.claim = claim.map(|claim| {
            let digits = claim.id.0.chars().take(8).collect();
            (digits, claim.attempt, now.since(claim.claimed_at).0)
        });
        self
    }
}

/// What is the same for every outcome.
pub struct Request<'a> {
    /// The pattern of the route.
    pub route: &'a str,
    pub method: &'a str,
    pub realm: &'a str,
    pub record: Option<&'a RecordId>,
    /// 64 hex digits.
    pub fingerprint: Option<&'a str>,
    /// The queue that delivered it.
    pub queue: Option<&'a str>,
}

/// The line.
pub fn line(request: &Request, told: &Told, status: u16, total: Millis) -> String {
    let mut line = format!(
        "{{\"outcome\":\"{}\",\"route\":{},\"method\":{},\"status\":{status}",
        told.outcome,
        quoted(request.route),
        quoted(request.method),
    );
    let mut text = |name: &str, value: &str| {
        line.push_str(",\"");
        line.push_str(name);
        line.push_str("\":\"");
        line.push_str(value);
        line.push('"');
    };
    for (name, value) in [("code", told.code), ("would", told.would)] {
        value.into_iter().for_each(|value| text(name, value));
    }
    if let Some(queue) = request.queue {
        text("queue", queue);
    }
    if let Some(record) = request.record {
        text("record", record.as_str().get(..16).unwrap_or_default());
    }
    if let Some(fingerprint) = request.fingerprint {
        text("fingerprint", &salted(request.realm, fingerprint));
    }
    if let Some((claim, ..)) = &told.claim {
        text("claim", claim);
    }
    if let Some((_, attempt, seen)) = &told.claim {
        line.push_str(&format!(",\"attempt\":{attempt},\"since_first_ms\":{seen}"));
    }
    line.push_str(&format!(",\"origin_ms\":{},\"total_ms\":{}}}", told.origin.0, total.0));
    line
}

/// The line for a queue's message that is no request; the sentence holds nothing of it.
pub fn malformed(queue: &str, detail: &str) -> String {
    format!(
        "{{\"outcome\":\"dead-letter\",\"code\":\"malformed\",\"queue\":{},\"detail\":{}}}",
        quoted(queue),
        quoted(detail)
    )
}

/// The same request has the same digits within a realm, and tells nothing beyond it.
pub fn salted(realm: &str, fingerprint: &str) -> String {
    let digest = Digest::new("onlyonce log 1").field(realm.as_bytes());
    digest.field(fingerprint.as_bytes()).hex().chars().take(16).collect()
}
