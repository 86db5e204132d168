//! What two fields demand of each other. Each rule holds for the settings that a request meets, so
//! a route is measured with what it takes over from the defaults.

use super::amount::DURATION;
use super::settings::{KeyMode, Settings, Unknown};
use crate::guard::fingerprint::{Algorithm, Ignore};
use crate::guard::keeping::{Keeping, Store};
use crate::guard::time::Millis;
use thiserror::Error;

/// How long a record outlives its request's deadline, so that a late answer still finds it.
pub const MARGIN: Millis = Millis::seconds(60);

/// Two fields, and what one says that the other does not allow.
pub struct Rule {
    pub fields: [&'static str; 2],
    broken: fn(&Settings) -> Option<Broken>,
}

/// The reason for each of the two fields, whichever is the one to blame, and the cure.
struct Broken {
    reasons: [String; 2],
    cure: String,
}

impl Rule {
    /// # Errors
    ///
    /// What is to be said of the field at `blamed`.
    pub fn check(&self, settings: &Settings, blamed: usize) -> Result<(), RuleViolation> {
        let Some(Broken { reasons, cure }) = (self.broken)(settings) else { return Ok(()) };
        let reason = reasons.into_iter().nth(blamed).unwrap_or_default();
        Err(RuleViolation { reason, cure })
    }
}

/// A rule that does not hold, as it is said of one of its two fields.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{reason}: {cure}")]
pub struct RuleViolation {
    reason: String,
    cure: String,
}

impl RuleViolation {
    /// As it is said of a profile, where that presets the field.
    #[must_use]
    pub fn of_preset(self, field: &str) -> Self {
        Self { reason: format!("presets {field}, which {}", self.reason), ..self }
    }
}

pub static RULES: [Rule; 14] = [
    Rule { fields: ["retry_window", "deadline"], broken: window },
    Rule { fields: ["derive_window", "retry_window"], broken: derive_window },
    Rule { fields: ["unknown", "fingerprint"], broken: resend },
    Rule { fields: ["unknown", "key"], broken: resend_derived },
    Rule { fields: ["unknown", "key_from"], broken: resend_places },
    Rule { fields: ["key", "fingerprint"], broken: derive },
    Rule { fields: ["ignore", "fingerprint"], broken: ignore },
    Rule { fields: ["settle", "deadline"], broken: settle_deadline },
    Rule { fields: ["settle", "retry_window"], broken: settle_window },
    Rule { fields: ["settle", "unknown"], broken: settle_resend },
    Rule { fields: ["settle", "key"], broken: settle_derived },
    Rule { fields: ["seal", "settle"], broken: seal_settle },
    Rule { fields: ["seal", "unknown"], broken: seal_resend },
    Rule { fields: ["redact", "store"], broken: redact_store },
];

fn window(settings: &Settings) -> Option<Broken> {
    let least = settings.deadline.0.saturating_add(MARGIN.0);
    let (window, deadline) = (text(settings.retry_window), text(settings.deadline));
    (settings.retry_window.0 < least).then(|| Broken {
        reasons: [
            format!("is too short for a deadline of \"{deadline}\""),
            format!("is too long for a retry_window of \"{window}\""),
        ],
        cure: format!(
            "write retry_window = \"{}\" or longer, which is deadline and 60s",
            text(Millis(least))
        ),
    })
}

fn derive_window(settings: &Settings) -> Option<Broken> {
    let (derive, window) = (text(settings.derive_window), text(settings.retry_window));
    (settings.derive_window > settings.retry_window).then(|| Broken {
        reasons: [
            format!("is longer than a retry_window of \"{window}\""),
            format!("is shorter than a derive_window of \"{derive}\""),
        ],
        cure: format!("write derive_window = \"{window}\" or shorter"),
    })
}

fn resend(settings: &Settings) -> Option<Broken> {
    let broken =
        settings.unknown == Unknown::Resend && settings.fingerprint.algorithm != Algorithm::Bytes;
    broken.then(|| {
        Broken::new(
            "does not go with this fingerprint",
            "does not go with unknown = \"resend\"",
            "write fingerprint = \"bytes\", so that the origin gets the very request that it knows, or unknown = \"hold\"",
        )
    })
}

fn resend_derived(settings: &Settings) -> Option<Broken> {
    let broken = settings.unknown == Unknown::Resend && settings.key == KeyMode::Derive;
    broken.then(|| {
        Broken::new(
            "does not go with key = \"derive\"",
            "does not go with unknown = \"resend\"",
            "write unknown = \"hold\", for the origin never sees a derived key, so it could not tell that it gets the request again",
        )
    })
}

fn resend_places(settings: &Settings) -> Option<Broken> {
    let broken = settings.unknown == Unknown::Resend && settings.key_from.len() > 1;
    broken.then(|| {
        Broken::new(
            "does not go with more than one place in key_from",
            "names more than one place, which does not go with unknown = \"resend\"",
            "write key_from with one place, so that the origin gets its key again where it knows it, or unknown = \"hold\"",
        )
    })
}

fn derive(settings: &Settings) -> Option<Broken> {
    let broken =
        settings.key == KeyMode::Derive && settings.fingerprint.algorithm == Algorithm::None;
    broken.then(|| {
        Broken::new(
            "does not go with fingerprint = \"none\"",
            "does not go with key = \"derive\"",
            "write fingerprint = \"auto\" or \"bytes\", else all requests of one caller would be the same one",
        )
    })
}

fn ignore(settings: &Settings) -> Option<Broken> {
    let method = &settings.fingerprint;
    (method.ignore != Ignore::default() && method.algorithm != Algorithm::Auto).then(|| {
        Broken::new(
            "does not go with this fingerprint",
            "does not go with ignore",
            "write fingerprint = \"auto\", which alone looks into a body, or ignore = []",
        )
    })
}

fn settle_deadline(settings: &Settings) -> Option<Broken> {
    let absent_after = settings.settle.as_ref()?.absent_after;
    let (absent, deadline) = (text(absent_after), text(settings.deadline));
    (absent_after < settings.deadline).then(|| Broken {
        reasons: [
            format!("believes an absence after \"{absent}\", before a deadline of \"{deadline}\" has passed"),
            format!("is longer than the absent_after of settle, \"{absent}\""),
        ],
        cure: format!("write absent_after = \"{deadline}\" or longer: one that is too short has an operation carried out twice"),
    })
}

fn settle_window(settings: &Settings) -> Option<Broken> {
    let absent_after = settings.settle.as_ref()?.absent_after;
    let (absent, window) = (text(absent_after), text(settings.retry_window));
    (absent_after >= settings.retry_window).then(|| Broken {
        reasons: [
            format!("believes an absence after \"{absent}\", when a retry_window of \"{window}\" is over"),
            format!("is over before the absent_after of settle, \"{absent}\""),
        ],
        cure: format!("write an absent_after under \"{window}\", or a longer retry_window"),
    })
}

fn settle_resend(settings: &Settings) -> Option<Broken> {
    let broken = settings.settle.is_some() && settings.unknown == Unknown::Resend;
    broken.then(|| {
        Broken::new(
            "does not go with unknown = \"resend\"",
            "does not go with settle",
            "write unknown = \"hold\", or settle = \"off\": an origin that is sent the request again has been asked",
        )
    })
}

fn settle_derived(settings: &Settings) -> Option<Broken> {
    let broken = settings.settle.is_some() && settings.key == KeyMode::Derive;
    broken.then(|| {
        Broken::new(
            "does not go with key = \"derive\"",
            "does not go with settle",
            "write settle = \"off\", for the origin never sees a derived key, so it cannot be asked about one",
        )
    })
}

fn seal_settle(settings: &Settings) -> Option<Broken> {
    let broken = settings.keeping.seal && settings.settle.is_some();
    broken.then(|| {
        Broken::new(
            "does not go with settle",
            "does not go with seal",
            "write settle = \"off\", or seal = false: to ask the origin about a key the guard has to store it, and whoever reads that can read the answer",
        )
    })
}

fn seal_resend(settings: &Settings) -> Option<Broken> {
    let broken = settings.keeping.seal && settings.unknown == Unknown::Resend;
    broken.then(|| {
        Broken::new(
            "does not go with unknown = \"resend\"",
            "does not go with seal",
            "write unknown = \"hold\", or seal = false: to send a request again under its first key the guard has to store that, and whoever reads it can read the answer",
        )
    })
}

fn redact_store(settings: &Settings) -> Option<Broken> {
    let Keeping { store, redact, .. } = &settings.keeping;
    let broken = !redact.is_empty() && *store != Store::Full;
    broken.then(|| {
        Broken::new(
            "names members of a body that store does not keep",
            "keeps no body, of which redact names members",
            "write store = \"full\", or redact = []",
        )
    })
}

impl Broken {
    fn new(first: &str, second: &str, cure: &str) -> Self {
        Self { reasons: [first.into(), second.into()], cure: cure.into() }
    }
}

fn text(span: Millis) -> String {
    DURATION.write(span.0)
}
