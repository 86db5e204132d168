//! When a copy may be shown, and what an answer looks like to the caller it is shown to.
//!
//! A copy is shown in the object's stead when all of these hold:
//! 1. it is a final answer whose body was kept, and that binds every caller: what another credential may
//!    supersede could be shown beside what superseded it;
//! 2. the fingerprint, made the record's way, is the same;
//! 3. the credential, read from the record's sources, is the same;
//! 4. the record has more than a minute to live, so that a copy is never shown beside a new claim
//!    of a clock that runs ahead.
//!
//! Anything else is the object's to answer: a copy refuses nothing and frees nothing.

use super::fingerprint::{Fingerprint, Method};
use super::forward::hop_by_hop;
use super::record::{Body, LeftOut, Record};
use super::rpc::Delivery;
use super::scope::{Credential, RecordId};
use super::source::{Source, Unreadable};
use super::time::{Millis, UnixMillis};
use std::borrow::Cow;

/// A copy ends this long before its record, and is not made for less than this.
pub const COPY_MARGIN: Millis = Millis::seconds(60);

/// Whether a copy may be shown for a request.
pub fn may_replay(
    copy: &Record,
    fingerprint: impl FnOnce(&Method) -> Result<Fingerprint, Unreadable>,
    credential: impl FnOnce(&[Source]) -> Result<Credential, Unreadable>,
    now: UnixMillis,
) -> bool {
    let Record::Done { claim, .. } = copy else { return false };
    is_copied(copy)
        && copy.expires_at().is_some_and(|end| now.plus(COPY_MARGIN) < end)
        && credential(&claim.credential.sources).as_ref() == Ok(&claim.credential)
        && fingerprint(&claim.fingerprint.method).as_ref() == Ok(&claim.fingerprint)
}

/// Whether a record may have copies at all.
pub fn is_copied(record: &Record) -> bool {
    match record {
        Record::Done { answer, .. } => answer.body != Body::NotKept && !answer.is_refusal(),
        _ => false,
    }
}

/// How long a copy of a record may be kept; nothing where there is to be none, or where that is under a
/// minute, the least that KV keeps anything.
pub fn copy_lifetime(record: &Record, now: UnixMillis) -> Option<Millis> {
    let expires_at = record.expires_at().filter(|_| is_copied(record))?;
    let lifetime = expires_at.minus(COPY_MARGIN).since(now);
    (lifetime >= COPY_MARGIN).then_some(lifetime)
}

/// The names of a response's headers that are shown to nobody: those that belong to one connection, those
/// that `Connection` has this value to name, and what the guard says itself.
fn not_shown(connection: Option<&str>) -> Vec<Cow<'static, str>> {
    let own =
        ["content-length", "idempotency-omitted", "idempotency-replayed", "idempotent-replayed"]
            .map(Cow::Borrowed);
    hop_by_hop(connection, &|_| false).into_iter().chain(own).collect()
}

/// A list of headers without those that are shown to nobody, names in lower case.
pub fn shown_headers(headers: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut headers = headers;
    headers.iter_mut().for_each(|(name, _)| name.make_ascii_lowercase());
    let connection = headers.iter().find(|(name, _)| name == "connection");
    let left_out = not_shown(connection.map(|(_, value)| value.as_str()));
    headers.into_iter().filter(|(name, _)| !left_out.iter().any(|other| other == name)).collect()
}

/// The headers that are kept for retries: without the personal ones, unless the policy wants them, and
/// without those whose bytes are no UTF-8: of these only the first caller and those who wait with it have
/// more than a picture, and nothing false is said about them.
pub fn kept_headers(
    headers: Vec<(String, String)>,
    replay_set_cookie: bool,
) -> Vec<(String, String)> {
    let is_kept = |(name, value): &(String, String)| {
        let is_personal = PERSONAL.contains(&name.as_str());
        !value.contains(char::REPLACEMENT_CHARACTER) && (replay_set_cookie || !is_personal)
    };
    headers.into_iter().filter(is_kept).collect()
}

/// What is meant for one conversation and would be wrong in a later one: a session that has been left, a
/// cache that would be cleared again, a challenge or a token that was good once.
const PERSONAL: [&str; 10] = [
    "set-cookie",
    "set-cookie2",
    "clear-site-data",
    "authorization",
    "authentication-info",
    "proxy-authentication-info",
    "www-authenticate",
    "proxy-authenticate",
    "x-csrf-token",
    "x-xsrf-token",
];

/// A reason phrase as it can be written again. Returns `None` if the platform would refuse it, or if its
/// bytes are no UTF-8.
pub fn reason_phrase(text: String) -> Option<String> {
    let cannot = |c: char| c < ' ' || c == char::REPLACEMENT_CHARACTER;
    Some(text).filter(|text| !text.contains(cannot))
}

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
    /// In the caller's own spelling; absent where it is told to nobody.
    pub key: Option<&'a str>,
    pub record: &'a RecordId,
    pub expires_at: Option<UnixMillis>,
    /// The part of `Cache-Status` between the cache's name and the record.
    pub status: CacheStatus,
    /// The `detail` of `Cache-Status`, where the status has none of its own.
    pub detail: Option<&'static str>,
    /// When the origin answered, for a replay's `Age`.
    pub answered_at: Option<UnixMillis>,
    /// What a retry does not get of the answer.
    pub left_out: &'a LeftOut,
    pub now: UnixMillis,
    pub guard: Millis,
    pub origin: Millis,
}

/// The ways in which a guarded request is answered (RFC 9211).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheStatus {
    Delivery(Delivery),
    Released {
        shared: bool,
    },
    /// On its way as it comes: whether it will be kept shows at its end.
    Streamed,
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
            Self::Released { shared: false } | Self::Streamed | Self::NotKept => "fwd=miss",
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
            marks.push(set("idempotency-key", key.to_owned()));
        }
        if let Some(expires_at) = self.expires_at {
            marks.push(set("idempotency-expires", expires_at.http_date()));
        }
        if self.status.is_replay() {
            let age = self.now.since(self.answered_at.unwrap_or(self.now)).whole_seconds();
            // The second is what Stripe's clients, and most others, look for.
            marks.push(set("idempotency-replayed", "true".into()));
            marks.push(set("idempotent-replayed", "true".into()));
            marks.push(set("age", age.to_string()));
            marks.push(HeaderChange {
                name: "cache-control",
                value: "no-store".into(),
                how: How::Default,
            });
            let omitted = self.left_out.header();
            marks.extend(omitted.map(|omitted| set("idempotency-omitted", omitted)));
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
