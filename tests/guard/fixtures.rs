//! Requests, answers and claims for the tables.

use onlyonce::guard::digest::Pepper;
use onlyonce::guard::fingerprint::{Fingerprint, Method};
use onlyonce::guard::hex::Hex;
use onlyonce::guard::key::IdempotencyKey;
use onlyonce::guard::machine::{InMemoryState, Place, Submission};
use onlyonce::guard::record::{Answer, AnswerSource, Body, Claim, ClaimId, LeftOut};
use onlyonce::guard::request_head::RequestHead;
use onlyonce::guard::scope::{Credential, Namespace, RecordId, ScopeValue};
use onlyonce::guard::source::Source;
use onlyonce::guard::time::{Millis, UnixMillis};

/// What an instance knows of a key of which it knows nothing.
pub const NONE_OPEN: InMemoryState = InMemoryState {
    open_calls: &[],
    streaming: &[],
    waiting: 0,
    others_waiting: 0,
    copying: false,
    reading: false,
    probing: &[],
};

/// A request's head, as the edge reads one.
#[derive(Clone)]
pub struct Request {
    method: &'static str,
    path: &'static str,
    query: &'static str,
    headers: Vec<(String, String)>,
}

impl Request {
    pub fn new(method: &'static str, path: &'static str) -> Self {
        Self { method, path, query: "", headers: Vec::new() }
    }

    pub fn post(path: &'static str) -> Self {
        Self::new("POST", path)
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub fn query(self, query: &'static str) -> Self {
        Self { query, ..self }
    }
}

impl RequestHead for Request {
    fn method(&self) -> &str {
        self.method
    }

    fn path(&self) -> &str {
        self.path
    }

    fn query(&self) -> &str {
        self.query
    }

    fn header(&self, name: &str) -> Option<String> {
        let lines: Vec<&str> = self
            .headers
            .iter()
            .filter(|(found, _)| found == name)
            .map(|(_, value)| value.as_str())
            .collect();
        (!lines.is_empty()).then(|| lines.join(", "))
    }
}

/// A list of headers from text.
pub fn headers<const N: usize>(lines: [(&str, &str); N]) -> Vec<(String, String)> {
    lines.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

pub const AUTO: Method = Method::AUTO;

/// The record of a key where no pepper is set.
pub fn record_id(realm: &str, scope: &[ScopeValue], key: &IdempotencyKey) -> RecordId {
    RecordId::new(Namespace { pepper: &Pepper::default(), realm, scope }, key)
}

pub fn fingerprint(digest: &str) -> Fingerprint {
    Fingerprint { method: AUTO, digest: digest_of(digest) }
}

pub fn credential(digest: &str) -> Credential {
    let sources = vec![Source::Header("authorization".into())];
    Credential { sources, digest: digest_of(digest) }
}

/// A digest with a name in front of it, and zeros behind.
pub fn digest_of(name: &str) -> Hex<32> {
    Hex(filled(name))
}

/// The id that these digits stand for, or one with a name in front of it.
pub fn claim_id(name: &str) -> ClaimId {
    name.parse().unwrap_or_else(|_| ClaimId(Hex(filled(name))))
}

fn filled<const N: usize>(name: &str) -> [u8; N] {
    std::array::from_fn(|at| name.as_bytes().get(at).copied().unwrap_or_default())
}

/// When the tables' claims are made.
pub const CLAIMED_AT: UnixMillis = UnixMillis(1_800_000_000_000);
/// Since when the tables' unknown outcomes are unknown.
pub const SINCE: UnixMillis = CLAIMED_AT.plus(Millis::seconds(9));
pub const DEADLINE: Millis = Millis::seconds(125);
pub const WINDOW: Millis = Millis::hours(24);

/// The first attempt of a claim, made at [`CLAIMED_AT`].
pub fn claim(id: &str) -> Claim {
    Claim {
        id: claim_id(id),
        attempt: 1,
        fingerprint: fingerprint("order"),
        credential: credential("owner"),
        claimed_at: CLAIMED_AT,
        deadline_at: CLAIMED_AT.plus(DEADLINE),
        window_ends_at: CLAIMED_AT.plus(WINDOW),
        derived_ttl: None,
        answered_at: None,
        raw_key: None,
        settles: false,
        asked_as: Vec::new(),
        method: "POST".into(),
        route: "/orders".into(),
    }
}

/// The request of [`claim`] under its credential, which brings along another claim.
pub fn submission(fresh: &str) -> Submission {
    Submission {
        fresh: claim_id(fresh),
        fingerprint: fingerprint("order"),
        credential: credential("owner"),
        under_policy: None,
        retry_window: WINDOW,
        deadline: DEADLINE,
        derived_ttl: None,
        reject_in_flight: false,
        may_resend: false,
        settles: false,
        asked_as: Vec::new(),
        may_probe: false,
        can_send: true,
        place: Place::Taken,
        known_only: false,
        raw_key: None,
        method: "POST".into(),
        route: "/orders".into(),
    }
}

/// An answer that the origin gave a second after the claim.
pub fn answer(status: u16, body: &str) -> Answer {
    Answer {
        status,
        headers: headers([("content-type", "text/plain")]),
        answered_at: CLAIMED_AT.plus(Millis::seconds(1)),
        origin_time: Millis::seconds(1),
        body: Body::Inline { bytes: body.into() },
        source: AnswerSource::Origin,
        left_out: LeftOut::Nothing,
        sealed: false,
    }
}

/// An answer whose body was too large or endless.
pub fn not_kept(status: u16) -> Answer {
    Answer { body: Body::NotKept, ..answer(status, "") }
}

/// Bytes from pinned hex digits.
pub fn unhex(digits: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).expect("pinned hex digits");
    (0..digits.len()).step_by(2).map(byte).collect()
}
