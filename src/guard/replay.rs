//! When a copy may be shown, and what an answer looks like to the caller it is shown to.
//!
//! A copy is shown in the object's stead when all of these hold:
//! 1. it is a final answer whose body was kept;
//! 2. the fingerprint, made the record's way, is the same;
//! 3. the credential, read from the record's sources, is the same;
//! 4. the record has more than a minute to live, so that a copy is never shown beside a new claim
//!    of a clock that runs ahead.
//!
//! Anything else is the object's to answer: a copy refuses nothing and frees nothing.

use super::fingerprint::{Fingerprint, Method};
use super::forward::hop_by_hop;
use super::key::IdempotencyKey;
use super::record::{Answer, Body, Claim, Record};
use super::rpc::Delivery;
use super::scope::{Credential, RecordId, Source};
use super::time::{Millis, UnixMillis};

/// A copy ends this long before its record, and is not made for less than this.
pub const COPY_MARGIN: Millis = Millis::seconds(60);

/// Whether a copy may be shown for a request.
pub fn may_replay(
    copy: &Record,
    fingerprint: impl FnOnce(&Method) -> Fingerprint,
    credential: impl FnOnce(&[Source]) -> Credential,
    now: UnixMillis,
) -> bool {
    let Record::Done { claim, answer } = copy else { return false };
    answer.body != Body::NotKept
        && now.plus(COPY_MARGIN) < claim.expires_at()
        && credential(&claim.credential.sources) == claim.credential
        && fingerprint(&claim.fingerprint.method) == claim.fingerprint
}

/// How long a copy of a claim's answer may be kept; nothing where that is under a minute, the
/// least that KV keeps anything.
pub fn copy_lifetime(claim: &Claim, now: UnixMillis) -> Option<Millis> {
    let lifetime = claim.expires_at().minus(COPY_MARGIN).since(now);
    (lifetime >= COPY_MARGIN).then_some(lifetime)
}

/// The headers of the origin's answer that are worth keeping. The body is kept decoded, so its
/// length and the codings that the platform undoes are left out.
pub fn keepable_headers(headers: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut headers = headers;
    headers.iter_mut().for_each(|(name, _)| name.make_ascii_lowercase());
    let connection = value_of(&headers, "connection").map(str::to_owned);
    let hops = hop_by_hop(connection.as_deref());
    headers
        .into_iter()
        .filter(|(name, value)| !hops.iter().any(|hop| hop == name) && !is_made_anew(name, value))
        .collect()
}

fn is_made_anew(name: &str, value: &str) -> bool {
    match name {
        "content-length" | "idempotency-replayed" => true,
        "content-encoding" => DECODED.contains(&value),
        _ => false,
    }
}

/// The content codings that the platform undoes when a body is read, in the one spelling that it
/// knows.
const DECODED: [&str; 2] = ["gzip", "br"];

fn value_of<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
}

/// An answer as all but its first caller see it: with its cookies only where the policy says so.
pub fn for_retries(mut answer: Answer, replay_set_cookie: bool) -> Answer {
    answer.headers.retain(|(name, _)| replay_set_cookie || name != COOKIE);
    answer
}

/// Whether the first caller sees more of an answer than the others.
pub fn is_less_for_retries(answer: &Answer, replay_set_cookie: bool) -> bool {
    !replay_set_cookie && answer.headers.iter().any(|(name, _)| name == COOKIE)
}

const COOKIE: &str = "set-cookie";

/// A change to the headers of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderChange {
    pub name: &'static str,
    pub value: String,
    pub how: How,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Set,
    /// Behind the values that are already there.
    Append,
    /// Only where there is no value yet.
    Default,
}

/// What is said about a guarded answer.
pub struct Marking<'a> {
    /// Absent where it is told to nobody.
    pub key: Option<&'a IdempotencyKey>,
    pub record: &'a RecordId,
    pub expires_at: Option<UnixMillis>,
    /// The part of `Cache-Status` between the cache's name and the record.
    pub status: CacheStatus,
    /// The `detail` of `Cache-Status`, where the status has none of its own.
    pub detail: Option<&'static str>,
    /// When the origin answered, for a replay's `Age`.
    pub answered_at: Option<UnixMillis>,
    pub now: UnixMillis,
    pub guard: Millis,
    pub origin: Millis,
}

/// The ways in which a guarded request is answered (RFC 9211).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheStatus {
    Delivery(Delivery),
    Released { shared: bool },
    NotKept,
}

impl CacheStatus {
    fn parameters(self) -> &'static str {
        match self {
            Self::Delivery(Delivery::First) => "fwd=miss; stored",
            Self::Delivery(Delivery::Replayed) => "hit",
            Self::Delivery(Delivery::Collapsed) | Self::Released { shared: true } => {
                "fwd=miss; collapsed"
            }
            Self::Released { shared: false } => "fwd=miss",
            Self::NotKept => "fwd=miss",
        }
    }

    fn detail(self) -> Option<&'static str> {
        (self == Self::NotKept).then_some("not-kept")
    }

    fn is_replay(self) -> bool {
        matches!(
            self,
            Self::Delivery(Delivery::Collapsed | Delivery::Replayed)
                | Self::Released { shared: true }
        )
    }
}

impl Marking<'_> {
    /// The headers that say it.
    pub fn marks(&self) -> Vec<HeaderChange> {
        let set = |name, value| HeaderChange { name, value, how: How::Set };
        let mut marks = vec![
            HeaderChange { name: "cache-status", value: self.cache_status(), how: How::Append },
            HeaderChange {
                name: "server-timing",
                value: [
                    server_timing_metric("guard", self.guard),
                    server_timing_metric("origin", self.origin),
                ]
                .join(", "),
                how: How::Append,
            },
        ];
        if let Some(key) = self.key {
            marks.push(set("idempotency-key", key.to_structured()));
        }
        if let Some(expires_at) = self.expires_at {
            marks.push(set("idempotency-expires", expires_at.http_date()));
        }
        if self.status.is_replay() {
            let age = self.now.since(self.answered_at.unwrap_or(self.now)).whole_seconds();
            marks.push(set("idempotency-replayed", "true".into()));
            marks.push(set("age", age.to_string()));
            marks.push(HeaderChange {
                name: "cache-control",
                value: "no-store".into(),
                how: How::Default,
            });
        }
        marks
    }

    fn cache_status(&self) -> String {
        let (status, record) = (self.status.parameters(), self.record);
        match self.status.detail().or(self.detail) {
            Some(detail) => format!("onlyonce; {status}; key=\"{record}\"; detail={detail}"),
            None => format!("onlyonce; {status}; key=\"{record}\""),
        }
    }
}

/// A metric of `Server-Timing`.
pub fn server_timing_metric(what: &str, span: Millis) -> String {
    format!("{what};dur={}", span.0)
}

/// Writes marks into a list of headers.
pub fn apply(headers: &mut Vec<(String, String)>, marks: Vec<HeaderChange>) {
    for HeaderChange { name, value, how } in marks {
        match (how, headers.iter_mut().find(|(found, _)| found == name)) {
            (How::Default, Some(_)) => {}
            (How::Append, Some((_, present))) => {
                present.push_str(", ");
                present.push_str(&value);
            }
            (How::Set, Some((_, present))) => *present = value,
            (_, None) => headers.push((name.into(), value)),
        }
    }
}
