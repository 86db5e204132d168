//! Texts that are to be policies.
//!
//! 1. Reading ends in a policy or in sentences that each name a field, a reason and what is allowed.
//! 2. A policy that is accepted keeps every rule, in its defaults and in each of its routes.
//! 3. Order of members and white space say nothing.
//! 4. A route that is accepted can be reached, and looking up any path ends.

use onlyonce::guard::fingerprint::{Algorithm, Ignore};
use onlyonce::guard::policy::{KeyMode, Policy, PolicyError, Settings, Sharding, Unknown};

use crate::engine::kind;

pub const WORDS: &[&str] = &[
    "\"realm\":",
    "\"shards\":",
    "\"shards_before\":",
    "\"calls_per_shard\":",
    "\"location\":",
    "\"jurisdiction\":",
    "\"path\":",
    "\"methods\":",
    "\"key\":",
    "\"derive_window\":",
    "\"retry_window\":",
    "\"in_flight\":",
    "\"wait\":",
    "\"deadline\":",
    "\"unknown\":",
    "\"release\":",
    "\"scope\":",
    "\"credential\":",
    "\"fingerprint\":",
    "\"ignore\":",
    "\"max_request_body\":",
    "\"max_stored_response\":",
    "\"replay_set_cookie\":",
    "\"on_guard_failure\":",
    "\"mode\":",
    "\"cors\":",
    "\"kv_write\":",
    "\"docs_url\":",
    "\"routes\":",
    "\"origins\":",
    "\"status\":",
    "\"header\":",
    "\"matches\":",
    "\"required\"",
    "\"optional\"",
    "\"derive\"",
    "\"generate\"",
    "\"off\"",
    "\"hold\"",
    "\"resend\"",
    "\"reject\"",
    "\"auto\"",
    "\"bytes\"",
    "\"none\"",
    "\"open\"",
    "\"observe\"",
    "\"on_replay\"",
    "\"10s\"",
    "\"1ms\"",
    "\"61s\"",
    "\"30d\"",
    "\"31d\"",
    "\"24MiB\"",
    "\"1KiB\"",
    "\"POST\"",
    "\"GET\"",
    "\"jwt:sub\"",
    "\"header:x\"",
    "\"cookie:\"",
    "\"/a/**\"",
    "\"/*/b\"",
    "\"/a~1b\"",
    "\"/~\"",
    "\"https://a.example\"",
    "\"*\"",
    "429",
    "503",
    "599",
    "512",
    "1",
    "\"weur\"",
    "\"eu\"",
    "1e2",
    "-1",
    "null",
    "true",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "\"",
];

const PATHS: [&str; 6] = ["/", "", "/a", "/a/b", "/a/b/c", "//%2f/é"];

pub fn check(input: &[u8]) -> u64 {
    let Ok(text) = std::str::from_utf8(input) else { return 0 };
    match Policy::parse(text) {
        Ok(policy) => check_policy(text, &policy),
        Err(mistakes) => check_mistakes(&mistakes),
    }
}

fn check_policy(text: &str, policy: &Policy) -> u64 {
    let value: serde_json::Value = serde_json::from_str(text).expect("a policy is JSON");
    let again = serde_json::to_string_pretty(&value).expect("JSON");
    assert_eq!(Policy::parse(&again).as_ref(), Ok(policy), "{again}");
    assert_eq!(members(&value), colons(text), "a field twice in one table: {text}");
    let Sharding { shards, before, calls, .. } = &policy.sharding;
    assert!(*before != Some(*shards) && (1..=6).contains(calls), "{:?}", policy.sharding);
    check_settings(&policy.defaults);
    policy.routes.iter().for_each(|route| check_settings(&route.settings));
    for path in PATHS {
        let (_, settings) = policy.route(path);
        let guarded = policy.guards("POST", path);
        assert!(guarded.is_none_or(|guarded| guarded == settings), "{path}");
    }
    kind(&(format!("{:?}", policy.defaults), policy.routes.len()))
}

fn members(value: &serde_json::Value) -> usize {
    match value {
        serde_json::Value::Array(items) => items.iter().map(members).sum(),
        serde_json::Value::Object(table) => {
            table.len() + table.values().map(members).sum::<usize>()
        }
        _ => 0,
    }
}

/// As many as members were written, those counted that a reader drops.
fn colons(text: &str) -> usize {
    let (mut inside, mut escaped, mut count) = (false, false, 0);
    for byte in text.bytes() {
        count += usize::from(byte == b':' && !inside);
        inside ^= byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
    }
    count
}

/// What two fields demand of each other, in DESIGN's words: a window is at least deadline and 60 s; what
/// is sent again is compared by its bytes, and its key is the client's.
fn check_settings(settings: &Settings) {
    let Settings { retry_window, deadline, derive_window, fingerprint, .. } = settings;
    assert!(retry_window.0 >= deadline.0 + 60_000, "{settings:?}");
    assert!(
        retry_window.0 <= 30 * 24 * 60 * 60 * 1000 && derive_window <= retry_window,
        "{settings:?}"
    );
    assert!(settings.max_stored_response <= 24 << 20, "{settings:?}");
    let algorithm = fingerprint.algorithm;
    assert!(
        fingerprint.ignore == Ignore::default() || algorithm == Algorithm::Auto,
        "{settings:?}"
    );
    if settings.unknown == Unknown::Resend {
        assert_eq!(algorithm, Algorithm::Bytes, "{settings:?}");
        assert_ne!(settings.key, KeyMode::Derive, "{settings:?}");
    }
}

fn check_mistakes(mistakes: &[PolicyError]) -> u64 {
    assert!(!mistakes.is_empty(), "refused without a word");
    for error in mistakes {
        let sentence = error.to_string();
        let (reason, cure) = reason_and_cure(error);
        assert!(!error.field.is_empty() && !reason.is_empty() && !cure.is_empty(), "{sentence}");
        assert!(sentence.len() < 10_000, "{} bytes: {sentence}", sentence.len());
    }
    kind(&mistakes.first().map(|first| (reason_and_cure(first).0, mistakes.len().min(4))))
}

fn reason_and_cure(error: &PolicyError) -> (String, String) {
    let mistake = error.mistake.to_string();
    let (reason, cure) = mistake.split_once(": ").unwrap_or_default();
    (reason.into(), cure.into())
}
