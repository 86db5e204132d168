//! What a profile presets. A table that names one starts from these fields, whatever the tables above it
//! say of them, and each can still be set beside it.

use super::settings::{KeyMode, Settings, default_release};
use crate::guard::fingerprint::Algorithm;
use crate::guard::key_location::KeyLocation;
use crate::guard::profile::Profile;
use crate::guard::release::Release;
use crate::guard::scope::Scope;
use crate::guard::source::Source;
use crate::guard::time::Millis;

/// The fields that a profile presets.
pub const PRESET: [&str; 9] = [
    "methods",
    "key",
    "key_from",
    "key_min_length",
    "retry_window",
    "wait",
    "release",
    "scope",
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

    /// An endpoint of ACP and UCP has keys of its own. Stripe refuses a key that another one has.
    fn scope(self) -> Scope {
        match self {
            Self::Acp | Self::Ucp => Scope::AutoAnd(vec![Source::Path]),
            Self::Draft | Self::Stripe | Self::Webhook => Scope::Auto,
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

    /// A sender takes whatever is no 2xx for "not processed", and comes again.
    fn release(self) -> Vec<Release> {
        let mut release = default_release();
        if self == Self::Webhook {
            release
                .retain(|entry| entry.header.is_none() || entry.status < 400 || entry.status > 499);
            release.extend(REFUSED.map(Release::status));
        }
        release
    }
}

/// Of 128 bits: "22+ char alphanumeric".
const UCP_LEAST: u32 = 22;

/// Senders hang up after 5 s to 30 s.
const WEBHOOK_WAIT: Millis = Millis::seconds(4);

/// What a handler answers an event with that it has not taken, beside what is released anyway.
const REFUSED: [u16; 13] = [400, 402, 404, 405, 406, 409, 410, 412, 413, 415, 422, 423, 424];

fn header(name: &&str) -> KeyLocation {
    KeyLocation::Header((*name).into())
}
