//! What is sent, and under which policy. Each has two faces: the real one, from which the shipped
//! code makes fingerprints and credentials, and a small table, by which the reference compares.

use onlyonce::guard::digest::Pepper;
use onlyonce::guard::fingerprint::{Algorithm, Fingerprint, Method};
use onlyonce::guard::key::IdempotencyKey;
use onlyonce::guard::request_head::RequestHead;
use onlyonce::guard::scope::{Credential, Namespace, RecordId};
use onlyonce::guard::source::Source;
use onlyonce::guard::time::Millis;

/// Who sends it, and which of the bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    pub who: usize,
    pub body: usize,
}

/// An Authorization header and a cookie.
const CALLERS: [[&str; 2]; 3] =
    [["Bearer one", "tab=1"], ["Bearer one", "tab=2"], ["Bearer two", "tab=1"]];

/// The first two are the same JSON, and not the same bytes.
const BODIES: [&str; 3] = [r#"{"item":"tea","n":1}"#, r#"{ "n": 1, "item": "tea" }"#, r#"{"n":2}"#];

pub const CALLER_COUNT: usize = CALLERS.len();
pub const BODY_COUNT: usize = BODIES.len();

/// What a policy says of the things that happen here. Not all of it is within the ranges that the
/// parser allows: spans are short, so that schedules see their ends.
#[derive(Debug)]
pub struct Policy {
    pub retry_window: Millis,
    pub deadline: Millis,
    pub derive_window: Millis,
    pub wait: Millis,
    pub resends: bool,
    pub rejects: bool,
    pub fingerprint: Algorithm,
    /// Whether the cookie is a part of the credential.
    pub cookie_counts: bool,
}

const USUAL: Policy = Policy {
    retry_window: Millis::hours(24),
    deadline: Millis::seconds(125),
    derive_window: Millis::seconds(10),
    wait: Millis::seconds(25),
    resends: false,
    rejects: false,
    fingerprint: Algorithm::Auto,
    cookie_counts: true,
};

pub const POLICIES: [Policy; 5] = [
    USUAL,
    Policy { cookie_counts: false, derive_window: Millis::hours(1), ..USUAL },
    Policy {
        resends: true,
        fingerprint: Algorithm::Bytes,
        retry_window: Millis::hours(1),
        wait: Millis::seconds(200),
        ..USUAL
    },
    Policy { rejects: true, deadline: Millis::seconds(5), ..USUAL },
    Policy {
        fingerprint: Algorithm::None,
        deadline: Millis::seconds(30),
        retry_window: Millis::seconds(200),
        ..USUAL
    },
];

/// Every fourth key is made of the request, and is soon forgotten.
pub fn is_derived(key: usize) -> bool {
    key % 4 == 3
}

pub fn record_id(key: usize) -> RecordId {
    let key = IdempotencyKey::parse(&key.to_string()).expect("a number is a key");
    RecordId::new(Namespace { pepper: &Pepper::default(), realm: "realm", scope: &[] }, &key)
}

impl Request {
    pub fn fingerprint(&self, method: &Method) -> Fingerprint {
        Fingerprint::of(self, BODIES[self.body].as_bytes(), method).expect("readable headers")
    }

    pub fn credential(&self, sources: &[Source], key: usize) -> Credential {
        Credential::of(self, sources, &record_id(key)).expect("readable headers")
    }

    /// The reference's table for the fingerprint.
    pub fn is_same(&self, other: &Self, fingerprint: Algorithm) -> bool {
        match fingerprint {
            Algorithm::None => true,
            Algorithm::Bytes => self.body == other.body,
            Algorithm::Auto => self.body.max(1) == other.body.max(1),
        }
    }

    /// The reference's table for the credential.
    pub fn has_credential_of(&self, other: &Self, cookie_counts: bool) -> bool {
        match cookie_counts {
            true => self.who == other.who,
            false => self.who.max(1) == other.who.max(1),
        }
    }
}

impl Policy {
    pub fn method(&self) -> Method {
        Method::new(self.fingerprint)
    }

    pub fn sources(&self) -> Vec<Source> {
        let names: &[&str] =
            if self.cookie_counts { &["authorization", "cookie"] } else { &["authorization"] };
        names.iter().map(|name| Source::Header((*name).into())).collect()
    }
}

impl RequestHead for Request {
    fn method(&self) -> &str {
        "POST"
    }

    fn path(&self) -> &str {
        "/orders"
    }

    fn query(&self) -> &str {
        ""
    }

    fn header(&self, name: &str) -> Option<String> {
        let [authorization, cookie] = CALLERS[self.who];
        match name {
            "authorization" => Some(authorization.into()),
            "cookie" => Some(cookie.into()),
            "content-type" => Some("application/json".into()),
            _ => None,
        }
    }
}
