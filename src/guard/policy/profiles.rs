//! What a profile presets. A table that names one starts from these fields, whatever the tables above it
//! say of them, and each can still be set beside it.

use super::settings::{KeyMode, Settings, default_release};
use crate::guard::fingerprint::Algorithm;
use crate::guard::key_location::KeyLocation;
use crate::guard::profile::Profile;
use crate::guard::release::Release;
use crate::guard::scope::{Scope, auto_credential};
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
        settings.profile = self;
        settings.methods = self.methods().iter().map(ToString::to_string).collect();
        settings.key = self.key();
        settings.key_from = self.key_headers().iter().map(header).collect();
        settings.key_min_length = if self == Self::Ucp { UCP_LEAST } else { 1 };
        settings.retry_window = self.retry_window();
        settings.wait = if self == Self::Webhook { WEBHOOK_WAIT } else { Millis::seconds(25) };
        settings.release = self.release();
        settings.scope = self.scope();
        settings.credential = self.credential();
        settings.fingerprint.algorithm = self.algorithm();
    }

    fn methods(self) -> &'static [&'static str] {
        match self {
            Self::Draft => &["POST", "PATCH"],
            // Version 2 takes keys with DELETE, and so do clients of version 1.
            Self::Stripe => &["POST", "PATCH", "DELETE"],
            Self::Acp | Self::Webhook => &["POST"],
            // A checkout is updated by PUT.
            Self::Ucp => &["POST", "PUT", "PATCH", "DELETE"],
        }
    }

    fn key(self) -> KeyMode {
        match self {
            Self::Draft | Self::Stripe | Self::Webhook => KeyMode::Optional,
            Self::Acp | Self::Ucp => KeyMode::Required,
        }
    }

    fn key_headers(self) -> &'static [&'static str] {
        match self {
            // No event has two of them; an id in a body is an event's only where its sender says so.
            Self::Webhook => {
                &["webhook-id", "svix-id", "x-github-delivery", "x-shopify-webhook-id"]
            }
            _ => &["idempotency-key"],
        }
    }

    fn retry_window(self) -> Millis {
        match self {
            // "Minimum 24 hours, recommended 48 hours".
            Self::Ucp => Millis::hours(48),
            // Three days of retries are common, nine the most that was found; by hand, Stripe's are sent
            // again for 15.
            Self::Webhook => Millis::hours(15 * 24),
            Self::Draft | Self::Stripe | Self::Acp => Millis::hours(24),
        }
    }

    fn scope(self) -> Scope {
        match self {
            // Stripe refuses a key that another endpoint has.
            Self::Draft | Self::Stripe => Scope::Auto,
            // "Authenticated identity + endpoint path".
            Self::Acp => Scope::AutoAnd(vec![Source::Path]),
            // "Per-client, per-operation type"; a platform that signs its requests has no Authorization.
            Self::Ucp => Scope::AutoAnd(vec![Source::Path, Source::Header("ucp-agent".into())]),
            // Senders deliver one event to each of its subscribers under one id, and renew their tokens.
            Self::Webhook => Scope::Sources(vec![Source::Path, Source::WholeQuery]),
        }
    }

    /// A sender of webhooks shows nothing that stays the same from one attempt to the next, and reads nothing
    /// but the status.
    fn credential(self) -> Vec<Source> {
        match self {
            Self::Webhook => Vec::new(),
            Self::Draft | Self::Stripe | Self::Acp | Self::Ucp => auto_credential(),
        }
    }

    fn algorithm(self) -> Algorithm {
        match self {
            Self::Draft | Self::Stripe | Self::Acp => Algorithm::Auto,
            // The hash of the raw bytes of the body.
            Self::Ucp => Algorithm::Bytes,
            // An event is known by its id alone: senders count in its body how often they have tried.
            Self::Webhook => Algorithm::None,
        }
    }

    /// A sender takes a 4xx for "not taken", and comes again; so it does where it was sent elsewhere. 302 and
    /// 303 are what a handler may answer when it is done, and 5xx when it is half done.
    fn release(self) -> Vec<Release> {
        let mut release = default_release();
        if self == Self::Webhook {
            let is_refused = |status: &u16| matches!(status, 301 | 307 | 308 | 400..=499);
            release.retain(|entry| !is_refused(&entry.status));
            release.extend((300..500).filter(is_refused).map(Release::status));
        }
        release
    }
}

/// Of 128 bits: "22+ char alphanumeric".
const UCP_LEAST: u32 = 22;

/// Senders hang up after 5 s to 30 s.
const WEBHOOK_WAIT: Millis = Millis::seconds(4);

fn header(name: &&str) -> KeyLocation {
    KeyLocation::Header((*name).into())
}
