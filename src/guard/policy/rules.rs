//! What two fields demand of each other. Each rule holds for the settings that a request meets, so
//! a route is measured with what it takes over from the defaults.

use super::amount::DURATION;
use super::settings::{KeyMode, Settings, Unknown};
use crate::guard::fingerprint::Algorithm;
use crate::guard::time::Millis;

/// How long a record outlives its request's deadline, so that a late answer still finds it.
pub const MARGIN: Millis = Millis::seconds(60);

/// Two fields, and what one says that the other does not allow.
pub struct Rule {
    pub fields: [&'static str; 2],
    pub broken: fn(&Settings) -> Option<RuleViolation>,
}

pub struct RuleViolation {
    /// What to say of each field, whichever is the one to blame.
    pub reasons: [String; 2],
    pub cure: String,
}

pub static RULES: [Rule; 6] = [
    Rule { fields: ["retry_window", "deadline"], broken: window },
    Rule { fields: ["derive_window", "retry_window"], broken: derive_window },
    Rule { fields: ["unknown", "fingerprint"], broken: resend },
    Rule { fields: ["unknown", "key"], broken: resend_derived },
    Rule { fields: ["key", "fingerprint"], broken: derive },
    Rule { fields: ["ignore", "fingerprint"], broken: ignore },
];

fn window(settings: &Settings) -> Option<RuleViolation> {
    let least = settings.deadline.0.saturating_add(MARGIN.0);
    let (window, deadline) = (text(settings.retry_window), text(settings.deadline));
    (settings.retry_window.0 < least).then(|| RuleViolation {
        reasons: [
            ["is too short for a deadline of \"", &deadline, "\""].concat(),
            ["is too long for a retry_window of \"", &window, "\""].concat(),
        ],
        cure: [
            "write retry_window = \"",
            &text(Millis(least)),
            "\" or longer, which is deadline and 60s",
        ]
        .concat(),
    })
}

fn derive_window(settings: &Settings) -> Option<RuleViolation> {
    let (derive, window) = (text(settings.derive_window), text(settings.retry_window));
    (settings.derive_window > settings.retry_window).then(|| RuleViolation {
        reasons: [
            ["is longer than a retry_window of \"", &window, "\""].concat(),
            ["is shorter than a derive_window of \"", &derive, "\""].concat(),
        ],
        cure: ["write derive_window = \"", &window, "\" or shorter"].concat(),
    })
}

fn resend(settings: &Settings) -> Option<RuleViolation> {
    let broken =
        settings.unknown == Unknown::Resend && settings.fingerprint.algorithm != Algorithm::Bytes;
    broken.then(|| {
        RuleViolation::says(
            "does not go with this fingerprint",
            "does not go with unknown = \"resend\"",
            "write fingerprint = \"bytes\", so that the origin gets the very request that it knows, or unknown = \"hold\"",
        )
    })
}

fn resend_derived(settings: &Settings) -> Option<RuleViolation> {
    let broken = settings.unknown == Unknown::Resend && settings.key == KeyMode::Derive;
    broken.then(|| {
        RuleViolation::says(
            "does not go with key = \"derive\"",
            "does not go with unknown = \"resend\"",
            "write unknown = \"hold\", for the origin never sees a derived key, so it could not tell that it gets the request again",
        )
    })
}

fn derive(settings: &Settings) -> Option<RuleViolation> {
    let broken =
        settings.key == KeyMode::Derive && settings.fingerprint.algorithm == Algorithm::None;
    broken.then(|| {
        RuleViolation::says(
            "does not go with fingerprint = \"none\"",
            "does not go with key = \"derive\"",
            "write fingerprint = \"auto\" or \"bytes\", else all requests of one caller would be the same one",
        )
    })
}

fn ignore(settings: &Settings) -> Option<RuleViolation> {
    let method = &settings.fingerprint;
    (!method.ignore.is_empty() && method.algorithm != Algorithm::Auto).then(|| {
        RuleViolation::says(
            "does not go with this fingerprint",
            "does not go with ignore",
            "write fingerprint = \"auto\", which alone reads JSON, or ignore = []",
        )
    })
}

impl RuleViolation {
    fn says(first: &str, second: &str, cure: &str) -> Self {
        Self { reasons: [first.into(), second.into()], cure: cure.into() }
    }
}

fn text(span: Millis) -> String {
    DURATION.write(span.0)
}
