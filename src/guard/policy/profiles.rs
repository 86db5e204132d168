//! What a profile presets. A table that names one starts from these fields, whatever the tables above it
//! say of them, and each can still be set beside it.

use super::settings::{KeyMode, Settings};
use crate::guard::fingerprint::{Algorithm, Method};
use crate::guard::key_location::KeyLocation;
use crate::guard::profile::Profile;
use crate::guard::release::Release;
use crate::guard::scope::Scope;
use crate::guard::source::Source;
use crate::guard::time::Millis;

/// The fields that a profile presets.
pub const PRESET: [&str; 10] = [
    "methods",
    "key",
    "key_from",
    "key_min_length",
    "retry_window",
    "wait",
    "release",
    "scope",
    "credential",
    "fingerprint",
];

impl Profile {
    /// Sets this profile, and the fields that it presets.
    pub fn preset(self, settings: &mut Settings) {
        let Settings {
            methods,
            key,
            key_from,
            key_min_length,
            retry_window,
            wait,
            release,
            scope,
            credential,
            fingerprint: Method { algorithm, .. },
            ..
        } = self.presets();
        settings.profile = self;
        settings.methods = methods;
        settings.key = key;
        settings.key_from = key_from;
        settings.key_min_length = key_min_length;
        settings.retry_window = retry_window;
        settings.wait = wait;
        settings.release = release;
        settings.scope = scope;
        settings.credential = credential;
        settings.fingerprint.algorithm = algorithm;
    }

    /// The defaults, with what is otherwise under this profile.
    fn presets(self) -> Settings {
        let mut presets = Settings::default();
        match self {
            Self::Draft => {}
            Self::Stripe => {
                // Version 2 takes keys with DELETE, and so do clients of version 1. A key is the account's: one
                // that another endpoint has is refused.
                presets.methods.push("DELETE".into());
            }
            Self::Acp => {
                presets.methods = vec!["POST".into()];
                presets.key = KeyMode::Required;
                // "Authenticated identity + endpoint path".
                presets.scope = Scope::AutoAnd(vec![Source::Path]);
            }
            Self::Ucp => {
                // A checkout is updated by PUT.
                presets.methods = ["POST", "PUT", "PATCH", "DELETE"].map(String::from).into();
                presets.key = KeyMode::Required;
                presets.key_min_length = UCP_LEAST;
                // "Minimum 24 hours, recommended 48 hours".
                presets.retry_window = Millis::hours(48);
                // "Per-client, per-operation type"; a platform that signs its requests has no Authorization.
                let platform = Source::Header("ucp-agent".into());
                presets.scope = Scope::AutoAnd(vec![Source::Path, platform]);
                // The hash of the raw bytes of the body.
                presets.fingerprint.algorithm = Algorithm::Bytes;
            }
            Self::Webhook => {
                presets.methods = vec!["POST".into()];
                presets.key_from = EVENT_IDS.map(|name| KeyLocation::Header(name.into())).into();
                // Three days of retries are common, nine the most that was found; by hand, Stripe's are sent
                // again for 15.
                presets.retry_window = Millis::hours(15 * 24);
                presets.wait = WEBHOOK_WAIT;
                take_for_refused(&mut presets.release);
                // Senders deliver one event to each of its subscribers under one id, and renew their tokens.
                presets.scope = Scope::Sources(vec![Source::Path, Source::WholeQuery]);
                // A sender shows nothing that stays the same from one attempt to the next, and reads nothing
                // but the status.
                presets.credential = Vec::new();
                // An event is known by its id alone: senders count in its body how often they have tried.
                presets.fingerprint.algorithm = Algorithm::None;
            }
        }
        presets
    }
}

/// Of 128 bits: "22+ char alphanumeric".
const UCP_LEAST: u32 = 22;

/// No event has two of them; an id in a body is an event's only where its sender says so.
const EVENT_IDS: [&str; 4] = ["webhook-id", "svix-id", "x-github-delivery", "x-shopify-webhook-id"];

/// Senders hang up after 5 s to 30 s.
const WEBHOOK_WAIT: Millis = Millis::seconds(4);

/// A sender takes a 4xx for "not taken", and comes again; so it does where it was sent elsewhere. 302 and 303
/// are what a handler may answer when it is done, and 5xx when it is half done.
fn take_for_refused(release: &mut Vec<Release>) {
    let is_refused = |status: &u16| matches!(status, 301 | 307 | 308 | 400..=499);
    release.retain(|entry| !is_refused(&entry.status));
    release.extend((300..500).filter(is_refused).map(Release::status));
}
