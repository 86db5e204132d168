//! `/.onlyonce/contract`: what a program may know of the policy, so that documents, clients and tests can
//! be made from it: which requests are guarded, where keys stand, how long they live, what a refusal looks
//! like.
//!
//! 1. It is what a caller could find out by asking: nothing of scopes, credentials, secrets, the origin or
//!    of times that only operators know.
//! 2. A route of which nothing is guarded says so and nothing else.
//! 3. Refusals are told once for each profile that a route has, with an example of a body.

use super::document::to_json;
use super::key::MAX_LENGTH;
use super::key_location::KeyLocation;
use super::policy::{KeyMode, Policy, Settings};
use super::problem::{Code, DESCRIPTIONS, Description, Problem};
use super::profile::Profile;
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// Where it is served.
pub const PATH: &str = "/.onlyonce/contract";

#[derive(Serialize)]
struct Contract<'a> {
    version: &'a str,
    /// In the order in which they are tried; the last, `*`, is for every other path.
    routes: Vec<Route<'a>>,
    /// By profile.
    refusals: BTreeMap<&'static str, Vec<Refusal>>,
    headers: Headers,
}

#[derive(Serialize)]
struct Route<'a> {
    path: &'a str,
    key: &'static str,
    #[serde(flatten)]
    guarded: Option<Guarded<'a>>,
}

/// Times in milliseconds, sizes in bytes, lengths in characters.
#[derive(Serialize)]
struct Guarded<'a> {
    methods: &'a [String],
    mode: &'static str,
    profile: &'static str,
    key_from: Vec<String>,
    key_min_length: u32,
    key_max_length: usize,
    retry_window_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    derive_window_ms: Option<u64>,
    in_flight: &'static str,
    unknown: &'static str,
    max_request_body: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    docs_url: Option<&'a str>,
}

#[derive(Serialize)]
struct Refusal {
    /// The guard's own name, which `Cache-Status` says as well.
    code: &'static str,
    statuses: Vec<u16>,
    title: &'static str,
    meaning: &'static str,
    retryable: bool,
    /// The modes of `key` under which it comes; absent where that is all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    when_key: Option<[&'static str; 1]>,
    content_type: &'static str,
    /// A body, as it is sent.
    example: Option<Box<RawValue>>,
}

#[derive(Serialize)]
struct Headers {
    response: [Header; 9],
}

#[derive(Serialize)]
struct Header {
    name: &'static str,
    /// Of `first`, `replay` and `refusal`.
    on: &'static [&'static str],
    meaning: &'static str,
}

/// The document.
pub fn contract(version: &str, policy: &Policy) -> String {
    let mut routes: Vec<Route> = policy
        .routes
        .iter()
        .map(|route| Route::new(route.pattern.as_str(), &route.settings))
        .collect();
    routes.push(Route::new("*", &policy.defaults));
    let all = policy.routes.iter().map(|route| &route.settings).chain([&policy.defaults]);
    let guarded = all.filter(|settings| settings.key != KeyMode::Off);
    let refusals = guarded.map(|settings| settings.profile);
    let refusals = refusals.map(|profile| (profile.into(), refusals_of(profile))).collect();
    to_json(&Contract { version, routes, refusals, headers: Headers { response: RESPONSE } })
}

impl<'a> Route<'a> {
    fn new(path: &'a str, settings: &'a Settings) -> Self {
        let guarded = (settings.key != KeyMode::Off).then(|| Guarded {
            methods: &settings.methods,
            mode: settings.mode.into(),
            profile: settings.profile.into(),
            key_from: settings.key_from.iter().map(KeyLocation::written).collect(),
            key_min_length: settings.key_min_length,
            key_max_length: MAX_LENGTH,
            retry_window_ms: settings.retry_window.0,
            derive_window_ms: (settings.key == KeyMode::Derive).then_some(settings.derive_window.0),
            in_flight: settings.in_flight.into(),
            unknown: settings.unknown.into(),
            max_request_body: settings.max_request_body,
            docs_url: settings.docs_url.as_deref(),
        });
        Self { path, key: settings.key.into(), guarded }
    }
}

fn refusals_of(profile: Profile) -> Vec<Refusal> {
    // Where POLICY cannot be read, nobody knows what protocol its callers speak.
    let is_told =
        |about: &&Description| about.code != Code::Misconfigured || profile == Profile::Draft;
    DESCRIPTIONS.iter().filter(is_told).map(|about| refusal(about, profile)).collect()
}

fn refusal(about: &Description, profile: Profile) -> Refusal {
    let Description { code, name, status, title, meaning, retryable, .. } = *about;
    let mut statuses = vec![profile.status(code, status)];
    if code == Code::OutcomeUnknown && profile.status(code, 504) != profile.status(code, status) {
        statuses.push(504);
    }
    let example = Problem::new(code, meaning).under(profile);
    let example = RawValue::from_string(profile.body(&example, None)).ok();
    let when_key = (code == Code::KeyMissing).then_some(["required"]);
    let content_type = profile.content_type();
    Refusal { code: name, statuses, title, meaning, retryable, when_key, content_type, example }
}

const FIRST: &str = "first";
const REPLAY: &str = "replay";
const REFUSAL: &str = "refusal";

const RESPONSE: [Header; 9] = [
    Header {
        name: "Idempotency-Key",
        on: &[FIRST, REPLAY, REFUSAL],
        meaning: "The key, as the client wrote it, or as the guard drew it.",
    },
    Header {
        name: "Idempotency-Replayed",
        on: &[REPLAY],
        meaning: "`true` on an answer that was stored or shared; absent on the first.",
    },
    Header {
        name: "Idempotent-Replayed",
        on: &[REPLAY],
        meaning: "The same, as Stripe's clients look for it.",
    },
    Header {
        name: "Idempotency-Expires",
        on: &[FIRST, REPLAY],
        meaning: "When the key is forgotten (HTTP-date).",
    },
    Header {
        name: "Cache-Status",
        on: &[FIRST, REPLAY, REFUSAL],
        meaning: "What the guard did (RFC 9211).",
    },
    Header { name: "Age", on: &[REPLAY], meaning: "Whole seconds since the origin answered." },
    Header {
        name: "Retry-After",
        on: &[REFUSAL],
        meaning: "Seconds until the same request with the same key is worth sending again, where it is.",
    },
    Header { name: "Link", on: &[REFUSAL], meaning: "The page that explains the refusal." },
    Header {
        name: "Server-Timing",
        on: &[FIRST, REPLAY, REFUSAL],
        meaning: "Milliseconds in the guard and at the origin.",
    },
];
