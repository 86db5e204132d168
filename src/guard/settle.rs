//! How the origin is asked what became of an unknown outcome, and what its word is worth.
//!
//! 1. A **probe** is a GET for the policy's `settle.path`, with the key in it. It is asked at the times of
//!    `settle.at` after the outcome became unknown, then in steps that double, an hour at most; once when
//!    an absence begins to count; and whenever a retry of the claim's own caller meets the record.
//! 2. What `settle.found` names is there: the operation was carried out, and that member is the answer to
//!    every retry.
//! 3. It is absent where the answer is 404, or where what should hold the member is there and the member
//!    is not, or is `null`. That counts only for a probe that was asked `settle.absent_after` or later
//!    after the request was sent: until then the origin may still be about to act, or a replica of its
//!    data be behind.
//!    It is asked under both spellings of the key, and both must be absent. A claim that was sent more than
//!    once, under an earlier policy, is never called absent: when it was sent last is not known.
//! 4. Any other answer says nothing: an error, a redirect, what is no JSON or too long, a document of
//!    another shape, a member that is empty.

use super::document::Members;
use super::key::IdempotencyKey;
use super::record::{
    Answer, AnswerSource, Body, Claim, INLINE_LIMIT, LeftOut, Outcome, ProbeAnswer,
};
use super::time::{Millis, UnixMillis};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::value::RawValue;

/// The longest answer to a probe that is read, in bytes.
pub const MAX_ANSWER: u64 = 1024 * 1024;

/// How long a probe may take.
pub const PATIENCE: Millis = Millis::seconds(10);

/// What stands for the key in a path.
pub const KEY: &str = "{key}";

/// The longest time between two probes, once those of the policy are over.
const LONGEST_STEP: Millis = Millis::hours(1);

/// How the origin of a route is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settle {
    /// Path and query, with [`KEY`] where the key stands.
    pub path: String,
    /// A JSON pointer (RFC 6901) to what is there once the operation was carried out.
    pub found: String,
    /// How long after the sending an absence begins to count.
    pub absent_after: Millis,
    /// When the origin is asked, from the moment on at which the outcome became unknown: ascending.
    pub at: Vec<Millis>,
}

/// The headers of a retry that a probe does not carry over: those of its body, those that make another
/// request of it or a condition, and its key. All others it does: without the one by which the origin tells
/// tenants apart it would say that there is nothing.
pub const NOT_ASKED_WITH: [&str; 33] = [
    "accept",
    "accept-encoding",
    "cache-control",
    "content-digest",
    "content-encoding",
    "content-language",
    "content-length",
    "content-location",
    "content-md5",
    "content-range",
    "content-type",
    "destination",
    "digest",
    "dropbox-api-arg",
    "host",
    "idempotency-key",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "prefer",
    "range",
    "repr-digest",
    "soapaction",
    "upload-offset",
    "x-amz-target",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-url",
    "x-restli-method",
    "x-rewrite-url",
];

/// What a probe asks for, whoever asks: the origin's own word, and none out of a cache on the way.
pub const ASKED_FOR: [(&str, &str); 3] = [
    ("accept", "application/json"),
    ("accept-encoding", "identity"),
    ("cache-control", "no-cache"),
];

/// What an answer to a probe says of the operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProbeWord {
    /// It was carried out; retries are told this.
    Found(Answer),
    /// What ends the doubt only as an absence that counts.
    Said(ProbeAnswer),
}

impl Settle {
    /// What the origin is asked for, path and query: with the key, and where there is nothing under that,
    /// with the spelling that its request carried. An origin that keeps the header as it came knows a quoted
    /// key by its quotes. Empty for a key that would lead to another path, however it is encoded (WHATWG
    /// URL, "double-dot URL path segment").
    pub fn targets(&self, key: &IdempotencyKey, raw_key: &str) -> Vec<String> {
        let key = key.as_str();
        if matches!(key, "." | "..") {
            return Vec::new();
        }
        let target = |spelling: &str| {
            self.path.replace(KEY, &utf8_percent_encode(spelling, ENCODED).to_string())
        };
        let raw = (raw_key != key).then_some(raw_key);
        [Some(key), raw].into_iter().flatten().map(target).collect()
    }

    /// From when on an absence counts: of a probe that is asked then, or later.
    pub fn absence_counts_from(&self, claim: &Claim) -> UnixMillis {
        claim.claimed_at.plus(self.absent_after)
    }

    /// When the origin is to be asked next without a retry.
    pub fn next_at(&self, claim: &Claim, outcome: &Outcome) -> UnixMillis {
        let asked_at = outcome.probes.last.map(|last| last.asked_at);
        let after = asked_at.map(|asked_at| asked_at.since(outcome.since));
        let listed = self.at.iter().find(|at| after.is_none_or(|after| **at > after));
        let next = listed.copied().unwrap_or_else(|| self.step_after(after.unwrap_or_default()));
        let next = outcome.since.plus(next);
        let counts_from = self.absence_counts_from(claim);
        let is_ahead = asked_at.unwrap_or(outcome.since) < counts_from;
        if is_ahead { next.min(counts_from) } else { next }
    }

    /// The first time behind the listed ones that is later than this one.
    fn step_after(&self, after: Millis) -> Millis {
        let mut next = self.at.last().copied().unwrap_or(LONGEST_STEP);
        while next <= after {
            next = Millis(next.0.saturating_add(next.min(LONGEST_STEP).0.max(1)));
        }
        next
    }

    /// What an answer says. Its body is absent where it was too long, or broke off.
    pub fn word(
        &self,
        status: u16,
        body: Option<&[u8]>,
        answered_at: UnixMillis,
        origin_time: Millis,
    ) -> ProbeWord {
        match (status, body) {
            (404, _) => ProbeWord::Said(ProbeAnswer::Absent),
            (200, Some(body)) => match self.member(body) {
                Member::There(json) => {
                    ProbeWord::Found(settled_answer(json, answered_at, origin_time))
                }
                Member::Absent => ProbeWord::Said(ProbeAnswer::Absent),
                Member::Unclear => ProbeWord::Said(ProbeAnswer::NoWord(Some(status))),
            },
            _ => ProbeWord::Said(ProbeAnswer::NoWord(Some(status))),
        }
    }

    fn member<'a>(&self, body: &'a [u8]) -> Member<'a> {
        let text = std::str::from_utf8(body).ok();
        let Some(mut json) = text.and_then(|text| serde_json::from_str::<&RawValue>(text).ok())
        else {
            return Member::Unclear;
        };
        let mut tokens = self.found.split('/').skip(1).peekable();
        while let Some(token) = tokens.next() {
            json = match child(json, token) {
                Some(Some(child)) => child,
                // What should hold the member is there: only the last step may lead to nothing.
                Some(None) if tokens.peek().is_none() => return Member::Absent,
                _ => return Member::Unclear,
            };
        }
        match json.get().trim_ascii() {
            "null" => Member::Absent,
            "false" | "\"\"" => Member::Unclear,
            _ if is_empty(json) => Member::Unclear,
            _ => Member::There(json),
        }
    }
}

/// All that stands for itself in a query or in a segment of a path (RFC 3986 section 2.3).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a document holds at a pointer.
enum Member<'a> {
    There(&'a RawValue),
    Absent,
    Unclear,
}

/// One step of a pointer. Returns `None` if the value is neither an object nor a list.
fn child<'a>(json: &'a RawValue, token: &str) -> Option<Option<&'a RawValue>> {
    if let Ok(members) = serde_json::from_str::<Members<&RawValue>>(json.get()) {
        let name = token.replace("~1", "/").replace("~0", "~");
        return Some(members.get(&name).copied());
    }
    let items: Vec<&RawValue> = serde_json::from_str(json.get()).ok()?;
    let is_index = token == "0" || !token.starts_with('0');
    let index: Option<usize> = token.parse().ok().filter(|_| is_index);
    Some(index.and_then(|index| items.get(index).copied()))
}

/// An object or a list with nothing in it.
fn is_empty(json: &RawValue) -> bool {
    let members = serde_json::from_str::<Members<&RawValue>>(json.get());
    let items = serde_json::from_str::<Vec<&RawValue>>(json.get());
    members.is_ok_and(|members| members.0.is_empty()) || items.is_ok_and(|items| items.is_empty())
}

/// What retries are told once the origin has said that the operation was carried out: the member's own
/// bytes. One that is too large is not kept.
fn settled_answer(json: &RawValue, answered_at: UnixMillis, origin_time: Millis) -> Answer {
    let bytes = json.get().as_bytes();
    let body = match bytes.len() <= INLINE_LIMIT {
        true => Body::Inline { bytes: bytes.to_vec() },
        false => Body::NotKept,
    };
    let headers = vec![("content-type".into(), "application/json".into())];
    Answer {
        status: 200,
        headers,
        answered_at,
        origin_time,
        body,
        source: AnswerSource::Settled,
        left_out: LeftOut::Nothing,
        sealed: false,
    }
}
