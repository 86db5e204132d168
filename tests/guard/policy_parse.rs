//! What a policy says once it is read.

mod generated;
mod mistakes;
mod mutated;
mod patterns;

use onlyonce::guard::cors::Cors;
use onlyonce::guard::fingerprint::{Algorithm, Headers, Ignore};
use onlyonce::guard::key_location::KeyLocation;
use onlyonce::guard::policy::{
    InFlight, Jurisdiction, KeyMode, KvWrite, Location, Mode, OnGuardFailure, Policy, Settings,
    Sharding, Unknown,
};
use onlyonce::guard::release::{Release, ReleaseHeader};
use onlyonce::guard::scope::Scope;
use onlyonce::guard::settle::Settle;
use onlyonce::guard::shard::ShardCount;
use onlyonce::guard::source::Source;
use onlyonce::guard::time::Millis;
use std::rc::Rc;

#[track_caller]
pub fn read(json: &str) -> Policy {
    Policy::parse(json).unwrap_or_else(|errors| panic!("{errors}"))
}

/// One field, and what it makes of the defaults.
#[track_caller]
fn check(json: &str, change: impl FnOnce(&mut Settings)) {
    let mut expected = Settings::default();
    change(&mut expected);
    assert_eq!(*read(json).defaults, expected, "{json}");
}

#[test]
fn an_empty_policy_is_the_default() {
    assert_eq!(read("{}"), Policy::default());
    assert_eq!(read(r#"{"routes": []}"#), Policy::default());
}

#[test]
fn every_choice_is_read() {
    check(r#"{"key": "required"}"#, |settings| settings.key = KeyMode::Required);
    check(r#"{"key": "optional"}"#, |settings| settings.key = KeyMode::Optional);
    check(r#"{"key": "derive"}"#, |settings| settings.key = KeyMode::Derive);
    check(r#"{"key": "generate"}"#, |settings| settings.key = KeyMode::Generate);
    check(r#"{"key": "off"}"#, |settings| settings.key = KeyMode::Off);
    check(r#"{"in_flight": "reject"}"#, |settings| settings.in_flight = InFlight::Reject);
    check(r#"{"unknown": "resend", "fingerprint": "bytes"}"#, |settings| {
        settings.unknown = Unknown::Resend;
        settings.fingerprint.algorithm = Algorithm::Bytes;
    });
    check(r#"{"fingerprint": "none"}"#, |settings| {
        settings.fingerprint.algorithm = Algorithm::None;
    });
    check(r#"{"on_guard_failure": "open"}"#, |settings| {
        settings.on_guard_failure = OnGuardFailure::Open;
    });
    check(r#"{"mode": "observe"}"#, |settings| settings.mode = Mode::Observe);
    check(r#"{"kv_write": "on_replay"}"#, |settings| settings.kv_write = KvWrite::OnReplay);
    check(r#"{"kv_write": "never"}"#, |settings| settings.kv_write = KvWrite::Never);
    check(r#"{"replay_set_cookie": true}"#, |settings| settings.replay_set_cookie = true);
}

#[test]
fn amounts_are_read_up_to_their_bounds() {
    check(r#"{"wait": "1s"}"#, |settings| settings.wait = Millis::seconds(1));
    check(r#"{"wait": "2m"}"#, |settings| settings.wait = Millis::seconds(120));
    check(r#"{"deadline": "1s"}"#, |settings| settings.deadline = Millis::seconds(1));
    check(r#"{"deadline": "1h"}"#, |settings| settings.deadline = Millis::hours(1));
    check(r#"{"retry_window": "30d"}"#, |settings| settings.retry_window = Millis::hours(720));
    check(r#"{"retry_window": "185s"}"#, |settings| settings.retry_window = Millis::seconds(185));
    check(r#"{"retry_window": "61s", "deadline": "1s"}"#, |settings| {
        settings.retry_window = Millis::seconds(61);
        settings.deadline = Millis::seconds(1);
    });
    check(r#"{"derive_window": "24h"}"#, |settings| settings.derive_window = Millis::hours(24));
    check(r#"{"max_request_body": "32MiB"}"#, |settings| settings.max_request_body = 32 << 20);
    check(r#"{"max_request_body": "1B"}"#, |settings| settings.max_request_body = 1);
    check(r#"{"max_stored_response": "24MiB"}"#, |settings| {
        settings.max_stored_response = 24 << 20;
    });
    check(r#"{"max_stored_response": "512KiB"}"#, |settings| {
        settings.max_stored_response = 512 << 10;
    });
}

#[test]
fn lists_are_read() {
    check(r#"{"methods": ["PUT", "DELETE", "VERSION-CONTROL"]}"#, |settings| {
        settings.methods = ["PUT", "DELETE", "VERSION-CONTROL"].map(String::from).into();
    });
    check(
        r#"{"scope": ["jwt:sub", "header:X-Tenant", "cookie:Sid", "query:a", "path"]}"#,
        |settings| {
            settings.scope = Scope::Sources(vec![
                Source::Jwt("sub".into()),
                Source::Header("x-tenant".into()),
                Source::Cookie("Sid".into()),
                Source::Query("a".into()),
                Source::Path,
            ]);
        },
    );
    check(r#"{"scope": ["path", "auto"]}"#, |settings| {
        settings.scope = Scope::AutoAnd(vec![Source::Path]);
    });
    check(r#"{"scope": ["path", "query"]}"#, |settings| {
        settings.scope = Scope::Sources(vec![Source::Path, Source::WholeQuery]);
    });
    check(r#"{"scope": ["auto"]}"#, |_| {});
    check(r#"{"credential": ["cookie:sid"]}"#, |settings| {
        settings.credential = vec![Source::Cookie("sid".into())];
    });
    check(r#"{"credential": "auto"}"#, |_| {});
    check(r#"{"key_from": ["header:Idempotency-Key"]}"#, |_| {});
    check(r#"{"key_from": ["form:a b", "header:X-Key"]}"#, |settings| {
        settings.key_from =
            vec![KeyLocation::Form("a b".into()), KeyLocation::Header("x-key".into())];
    });
    check(r#"{"fingerprint_headers": "auto"}"#, |_| {});
    for (written, known, named) in [
        ("[]", false, vec![]),
        (r#"["X-Shop"]"#, false, vec!["x-shop"]),
        (r#"["auto", "x-shop"]"#, true, vec!["x-shop"]),
        (r#"["x-shop", "auto"]"#, true, vec!["x-shop"]),
    ] {
        check(&format!(r#"{{"fingerprint_headers": {written}}}"#), |settings| {
            let named = named.into_iter().map(String::from).collect();
            settings.fingerprint.headers = Headers { known, named };
        });
    }
    check(r#"{"ignore": ["/sent_at", "sent at", "/a~1b/0/~0", "/", "a/b"]}"#, |settings| {
        let pointers: [&[&str]; 3] = [&["sent_at"], &["a/b", "0", "~"], &[""]];
        settings.fingerprint.ignore = Ignore {
            pointers: pointers.map(|one| one.iter().map(ToString::to_string).collect()).into(),
            fields: vec!["sent at".into(), "a/b".into()],
            query: Vec::new(),
        };
    });
    check(r#"{"cors": {"origins": ["https://a.example:8443", "http://localhost"]}}"#, |settings| {
        let origins = ["https://a.example:8443", "http://localhost"].map(String::from).into();
        settings.cors = Some(Cors { origins });
    });
    check(r#"{"cors": {"origins": ["*"]}}"#, |settings| {
        settings.cors = Some(Cors { origins: vec!["*".into()] });
    });
    check(r#"{"settle": "off"}"#, |_| {});
    let settle = Settle {
        path: "/a/{key}?b".into(),
        found: "/a~1b/0".into(),
        absent_after: Millis::hours(1),
        at: [10, 60, 600].map(Millis::seconds).into(),
    };
    let written = r#""path": "/a/{key}?b", "found": "/a~1b/0", "absent_after": "1h""#;
    check(&format!(r#"{{"settle": {{{written}}}}}"#), |settings| {
        settings.settle = Some(Rc::new(settle.clone()));
    });
    check(&format!(r#"{{"settle": {{{written}, "at": ["5s"]}}}}"#), |settings| {
        let at = vec![Millis::seconds(5)];
        settings.settle = Some(Rc::new(Settle { at, ..settle.clone() }));
    });
    check(r#"{"docs_url": "https://docs.example/errors"}"#, |settings| {
        settings.docs_url = Some("https://docs.example/errors".into());
    });
}

#[test]
fn release_is_read_in_its_three_forms() {
    let json = r#"{"release": [429, {"status": 503, "header": "Retry-After"},
        {"status": 302, "header": "location", "matches": "*/login*"}, {"status": 410}]}"#;
    let header = |name: &str, matches: Option<&str>| {
        Some(ReleaseHeader { name: name.into(), matches: matches.map(String::from) })
    };
    check(json, |settings| {
        settings.release = vec![
            Release::status(429),
            Release { status: 503, header: header("retry-after", None) },
            Release { status: 302, header: header("location", Some("*/login*")) },
            Release::status(410),
        ];
    });
    check(r#"{"release": []}"#, |settings| settings.release.clear());
}

#[track_caller]
fn check_sharding(json: &str, change: impl FnOnce(&mut Sharding)) {
    let mut expected = Sharding::default();
    change(&mut expected);
    assert_eq!(read(json), Policy { sharding: expected, ..Policy::default() }, "{json}");
}

#[test]
fn shards_are_read() {
    let count = |count| ShardCount::new(count).expect("a power of two");
    let usual = Sharding::default();
    assert_eq!((usual.shards, usual.before, usual.calls), (count(256), None, 6));
    assert_eq!((usual.location, usual.jurisdiction), (None, None));
    for number in (0..=12).map(|power| 1 << power) {
        check_sharding(&format!(r#"{{"shards": {number}}}"#), |sharding| {
            sharding.shards = count(number);
        });
    }
    check_sharding(r#"{"shards": 1024, "shards_before": 64}"#, |sharding| {
        (sharding.shards, sharding.before) = (count(1024), Some(count(64)));
    });
    // A multiple serves as well as a fraction.
    check_sharding(r#"{"shards_before": 4096}"#, |sharding| sharding.before = Some(count(4096)));
    for calls in 1..=6 {
        check_sharding(&format!(r#"{{"calls_per_shard": {calls}}}"#), |sharding| {
            sharding.calls = calls;
        });
    }
}

/// The platform's own words ("Durable Objects, Data location").
#[test]
fn places_are_read() {
    for (word, location) in [
        ("wnam", Location::WesternNorthAmerica),
        ("enam", Location::EasternNorthAmerica),
        ("sam", Location::SouthAmerica),
        ("weur", Location::WesternEurope),
        ("eeur", Location::EasternEurope),
        ("apac", Location::AsiaPacific),
        ("oc", Location::Oceania),
        ("afr", Location::Africa),
        ("me", Location::MiddleEast),
    ] {
        check_sharding(&format!(r#"{{"location": "{word}"}}"#), |sharding| {
            sharding.location = Some(location);
        });
        assert_eq!(location.as_str(), word);
    }
    for (word, jurisdiction) in
        [("eu", Jurisdiction::Eu), ("us", Jurisdiction::Us), ("fedramp", Jurisdiction::Fedramp)]
    {
        check_sharding(&format!(r#"{{"jurisdiction": "{word}"}}"#), |sharding| {
            sharding.jurisdiction = Some(jurisdiction);
        });
        assert_eq!(jurisdiction.as_str(), word);
    }
}

const ROUTES: &str = r#"{
    "realm": "shop", "retry_window": "48h", "wait": "5s", "ignore": ["/at"],
    "cors": {"origins": ["*"]},
    "routes": [
        {"path": "/payments/refunds", "methods": ["DELETE"]},
        {"path": "/payments/**", "key": "required", "wait": "10s"},
        {"path": "/users/*/avatar", "key": "off"},
        {"path": "/raw/**", "fingerprint": "bytes", "ignore": [], "cors": "off", "scope": "auto"}
    ]
}"#;

#[test]
fn a_route_overrides_field_by_field() {
    let policy = read(ROUTES);
    assert_eq!(policy.realm("api.example"), "shop");
    let defaults = (*policy.defaults).clone();
    assert_eq!(defaults.retry_window, Millis::hours(48));
    let (pattern, payments) = policy.route("/payments/7");
    assert_eq!(pattern, "/payments/**");
    let expected =
        Settings { key: KeyMode::Required, wait: Millis::seconds(10), ..defaults.clone() };
    assert_eq!(*payments, expected);
    let (_, raw) = policy.route("/raw");
    assert_eq!((raw.fingerprint.algorithm, raw.cors.clone()), (Algorithm::Bytes, None));
    assert_eq!(raw.fingerprint.ignore, Ignore::default());
}

#[test]
fn the_first_route_decides_alone() {
    let policy = read(ROUTES);
    let guarded = |method, path| policy.guards(method, path).is_some();
    assert_eq!(policy.route("/payments/refunds").0, "/payments/refunds");
    assert!(guarded("DELETE", "/payments/refunds"));
    // The next route lists POST and matches as well.
    assert!(!guarded("POST", "/payments/refunds"));
    assert!(guarded("POST", "/payments/refunds/7"));
    assert!(!guarded("POST", "/users/7/avatar"));
    assert!(guarded("POST", "/users/7"));
    assert_eq!(policy.route("/users/7"), ("*", policy.defaults.clone()));
}

/// A rule that the defaults break may be kept by a route, and the other way round.
#[test]
fn a_route_is_measured_with_what_it_takes_over() {
    read(r#"{"deadline": "10m", "routes": [{"path": "/a", "retry_window": "11m"}]}"#);
    read(r#"{"fingerprint": "bytes", "routes": [{"path": "/a", "unknown": "resend"}]}"#);
    read(
        r#"{"fingerprint": "none", "routes": [{"path": "/a", "key": "derive", "fingerprint": "auto"}]}"#,
    );
}
