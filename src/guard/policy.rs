//! What is guarded, and how.

use super::fingerprint::{Algorithm, Method};
use super::release::{Release, ReleaseHeader};
use super::scope::{Scope, Source};
use super::time::Millis;
use std::rc::Rc;

/// The whole policy: the defaults, and the routes that differ from them.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Policy {
    /// Whose keys these are; the request's host where none is given.
    pub realm: Option<String>,
    pub defaults: Rc<Settings>,
}

/// How the requests of one route are guarded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub methods: Vec<String>,
    /// From the claim until the record is forgotten.
    pub retry_window: Millis,
    pub in_flight: InFlight,
    /// How long a duplicate waits for the first answer.
    pub wait: Millis,
    /// How long callers wait for the origin before they are told that the outcome is unknown.
    pub deadline: Millis,
    pub unknown: Unknown,
    pub release: Vec<Release>,
    pub scope: Scope,
    pub credential: Vec<Source>,
    pub fingerprint: Method,
    /// In bytes.
    pub max_request_body: u64,
    /// In bytes.
    pub max_stored_response: u64,
    pub replay_set_cookie: bool,
    /// Where problems are documented; their type is this and the code as a fragment.
    pub docs_url: Option<String>,
}

/// What a duplicate does while the first request is at the origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InFlight {
    Wait,
    Reject,
}

/// What a retry gets whose outcome is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// The origin's 5xx again, or `outcome-unknown`.
    Hold,
    /// It is sent to the origin again, under the first attempt's key.
    Resend,
}

const MIB: u64 = 1024 * 1024;

impl Default for Settings {
    fn default() -> Self {
        Self {
            methods: vec!["POST".into(), "PATCH".into()],
            retry_window: Millis::hours(24),
            in_flight: InFlight::Wait,
            wait: Millis::seconds(25),
            deadline: Millis::seconds(125),
            unknown: Unknown::Hold,
            release: default_release(),
            scope: Scope::Auto,
            credential: ["authorization", "cookie", "x-api-key"]
                .map(|name| Source::Header(name.into()))
                .into(),
            fingerprint: Method { algorithm: Algorithm::Auto, ignore: Vec::new() },
            max_request_body: 10 * MIB,
            max_stored_response: 8 * MIB,
            replay_set_cookie: false,
            docs_url: None,
        }
    }
}

/// Answers that were given before anything was done. A plain 503 is not among them: common
/// routers answer it while the application works on.
fn default_release() -> Vec<Release> {
    let retry_after = ReleaseHeader { name: "retry-after".into(), matches: None };
    let mut release: Vec<Release> =
        [401, 403, 407, 425, 429, 521, 523, 525, 526, 530].map(Release::status).into();
    release.push(Release { status: 503, header: Some(retry_after) });
    release
}

impl Policy {
    /// How a request is guarded; nothing where it is not.
    pub fn guards(&self, method: &str, _path: &str) -> Option<Rc<Settings>> {
        let listed = self.defaults.methods.iter().any(|listed| listed == method);
        listed.then(|| self.defaults.clone())
    }

    /// Whose keys a request's host holds: lower case, without port.
    pub fn realm(&self, host: &str) -> String {
        self.realm.clone().unwrap_or_else(|| without_port(host).to_ascii_lowercase())
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}
