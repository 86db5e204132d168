//! How the requests of one route are guarded. `fields` says what each setting is for, and why its
//! default is what it is. The words of a policy are the names of the types' values.

use crate::guard::cors::Cors;
use crate::guard::fingerprint::Method;
use crate::guard::keeping::Keeping;
use crate::guard::key_location::{KeyLocation, KeyRules};
use crate::guard::profile::Profile;
use crate::guard::release::{Release, ReleaseHeader};
use crate::guard::rpc::KeySource;
use crate::guard::scope::{Scope, auto_credential};
use crate::guard::settle::Settle;
use crate::guard::source::Source;
use crate::guard::time::Millis;
use std::rc::Rc;
use strum::{EnumString, IntoStaticStr, VariantNames};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The protocol that callers speak.
    pub profile: Profile,
    /// The methods that are guarded.
    pub methods: Vec<String>,
    pub key: KeyMode,
    /// Where a key may stand, in the order in which they are looked at.
    pub key_from: Vec<KeyLocation>,
    /// The shortest key that is taken, in characters.
    pub key_min_length: u32,
    /// How long a derived key is remembered, from the answer on.
    pub derive_window: Millis,
    /// From the claim until the record is forgotten.
    pub retry_window: Millis,
    pub in_flight: InFlight,
    /// How long a duplicate waits for the first answer.
    pub wait: Millis,
    /// How long callers wait for the origin before they are told that the outcome is unknown.
    pub deadline: Millis,
    pub unknown: Unknown,
    /// How the origin is asked what became of an unknown outcome.
    pub settle: Option<Rc<Settle>>,
    pub release: Vec<Release>,
    pub scope: Scope,
    pub credential: Vec<Source>,
    pub fingerprint: Method,
    /// In bytes.
    pub max_request_body: u64,
    /// In bytes.
    pub max_stored_response: u64,
    /// How much of an answer is kept, and for whom.
    pub keeping: Keeping,
    pub replay_set_cookie: bool,
    pub on_guard_failure: OnGuardFailure,
    pub mode: Mode,
    /// Which pages of other origins may read what the guard says.
    pub cors: Option<Cors>,
    pub kv_write: KvWrite,
    /// Where problems are documented; their type is this and the code as a fragment.
    pub docs_url: Option<String>,
}

impl Settings {
    /// Whether requests of this method are guarded.
    pub fn guards(&self, method: &str) -> bool {
        self.key != KeyMode::Off && self.methods.iter().any(|listed| listed == method)
    }

    /// Whether a header, by its name in lower case, holds a key, says whose a request is, who may see its
    /// answer, or what it asks for.
    pub fn reads_header(&self, name: &str) -> bool {
        let scope = match &self.scope {
            Scope::Auto => &[],
            Scope::Sources(sources) | Scope::AutoAnd(sources) => sources.as_slice(),
        };
        let mut sources = scope.iter().chain(&self.credential);
        sources.any(|source| source.is_header(name))
            || self.fingerprint.headers.count(name)
            || self.key_headers().any(|header| header == name)
    }

    /// The headers that a key may stand in, in lower case.
    pub fn key_headers(&self) -> impl Iterator<Item = &str> {
        self.key_from.iter().filter_map(KeyLocation::header)
    }

    /// Where a key of this kind may stand, and what it may look like there. A message of a queue has its key
    /// in one place.
    pub fn key_rules(&self, source: KeySource) -> KeyRules<'_> {
        if source == KeySource::Queue {
            return KeyRules::usual();
        }
        KeyRules {
            locations: (&self.key_from).into(),
            in_header: self.profile.spelling(),
            least: self.key_min_length as usize,
        }
    }
}

/// What a request without a key gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum KeyMode {
    /// It is refused.
    Required,
    /// It goes straight through.
    Optional,
    /// A key made of its credential and fingerprint, which the origin does not see.
    Derive,
    /// A random key, which the origin and the caller are told.
    Generate,
    /// The same as one with a key: neither is guarded.
    Off,
}

/// What a duplicate does while the first request is at the origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum InFlight {
    Wait,
    Reject,
}

/// What a retry gets whose outcome is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Unknown {
    /// The origin's 5xx again, or `outcome-unknown`.
    Hold,
    /// It is sent to the origin again, under the first attempt's key.
    Resend,
}

/// What happens to a request whose record cannot be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum OnGuardFailure {
    Closed,
    /// It is forwarded unguarded, if no call of it can have reached the record.
    Open,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Mode {
    Enforce,
    /// Everything is forwarded; the guard only reports what it would have done.
    Observe,
}

/// When an answer is copied into KV.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum KvWrite {
    Always,
    /// Once it was replayed.
    OnReplay,
    Never,
}

const MIB: u64 = 1024 * 1024;

impl Default for Settings {
    fn default() -> Self {
        Self {
            profile: Profile::Draft,
            methods: vec!["POST".into(), "PATCH".into()],
            key: KeyMode::Optional,
            key_from: vec![KeyLocation::usual()],
            key_min_length: 1,
            derive_window: Millis::seconds(10),
            retry_window: Millis::hours(24),
            in_flight: InFlight::Wait,
            wait: Millis::seconds(25),
            deadline: Millis::seconds(125),
            unknown: Unknown::Hold,
            settle: None,
            release: default_release(),
            scope: Scope::Auto,
            credential: auto_credential(),
            fingerprint: Method::AUTO,
            max_request_body: 10 * MIB,
            max_stored_response: 8 * MIB,
            keeping: Keeping::default(),
            replay_set_cookie: false,
            on_guard_failure: OnGuardFailure::Closed,
            mode: Mode::Enforce,
            cors: None,
            kv_write: KvWrite::Always,
            docs_url: None,
        }
    }
}

/// Answers that by their definition come before the work, a connection that the edge never made, and
/// "send the same there": whoever follows a 307 shows this very key again, and nothing was done yet. A
/// conflict, a lock, a full house or a body that is too large for now (RFC 9110 section 15.5.14) only with
/// `Retry-After`, which says that the same request may go through later. A plain 503 is not among them:
/// common routers answer it while the application works on.
const RELEASED: [u16; 18] =
    [401, 403, 407, 408, 411, 417, 421, 425, 426, 428, 429, 431, 511, 521, 523, 525, 526, 530];
const RELEASED_WITH: [(u16, &str); 6] = [
    (307, "location"),
    (308, "location"),
    (409, "retry-after"),
    (413, "retry-after"),
    (423, "retry-after"),
    (503, "retry-after"),
];

fn default_release() -> Vec<Release> {
    let with = RELEASED_WITH.map(|(status, name)| Release {
        status,
        header: Some(ReleaseHeader { name: name.into(), matches: None }),
    });
    RELEASED.map(Release::status).into_iter().chain(with).collect()
}
