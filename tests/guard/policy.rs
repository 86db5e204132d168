//! What is guarded, and with which defaults.

use onlyonce::guard::fingerprint::Method;
use onlyonce::guard::key_location::KeyLocation;
use onlyonce::guard::policy::{InFlight, Policy, Settings, Unknown};
use onlyonce::guard::scope::Scope;
use onlyonce::guard::source::Source;
use onlyonce::guard::time::Millis;

/// The documentation promises these.
#[test]
fn defaults_are_pinned() {
    let settings = Settings::default();
    assert_eq!(settings.methods, ["POST", "PATCH"]);
    assert_eq!(settings.retry_window, Millis(86_400_000));
    assert_eq!(settings.in_flight, InFlight::Wait);
    assert_eq!(settings.wait, Millis(25_000));
    assert_eq!(settings.deadline, Millis(125_000));
    assert_eq!(settings.unknown, Unknown::Hold);
    assert_eq!(settings.scope, Scope::Auto);
    assert_eq!(settings.fingerprint, Method::AUTO);
    assert_eq!(settings.max_request_body, 10_485_760);
    assert_eq!(settings.max_stored_response, 8_388_608);
    assert!(!settings.replay_set_cookie);
    assert_eq!(settings.docs_url, None);
}

#[test]
fn default_credential_is_pinned() {
    let sources: Vec<String> = Settings::default().credential.iter().map(Source::written).collect();
    assert_eq!(sources, ["header:authorization", "header:x-api-key", "cookies"]);
}

#[test]
fn default_release_is_pinned() {
    let release: Vec<(u16, Option<String>)> = Settings::default()
        .release
        .into_iter()
        .map(|entry| (entry.status, entry.header.map(|header| header.name)))
        .collect();
    let alone =
        [401, 403, 407, 408, 411, 417, 421, 425, 426, 428, 429, 431, 511, 521, 523, 525, 526, 530];
    let with = |(status, name): (u16, &str)| (status, Some(name.to_owned()));
    let redirects = [(307, "location"), (308, "location")];
    let later = [409, 413, 423, 503].map(|status| (status, "retry-after"));
    let with = redirects.into_iter().chain(later).map(with);
    let expected: Vec<_> = alone.map(|status| (status, None)).into_iter().chain(with).collect();
    assert_eq!(release, expected);
}

#[test]
fn what_is_guarded() {
    let policy = Policy::default();
    for method in ["POST", "PATCH"] {
        assert!(policy.guards(method, "/orders").is_some(), "{method}");
    }
    for method in ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "post", "POSTED", ""] {
        assert!(policy.guards(method, "/orders").is_none(), "{method}");
    }
}

/// `Connection` takes none of them away on the way to the origin.
#[test]
fn headers_that_hold_keys_or_say_who_somebody_is() {
    let settings = Settings {
        scope: Scope::Sources(vec![
            Source::Header("x-tenant".into()),
            Source::Query("account".into()),
        ]),
        credential: vec![Source::Header("x-auth-token".into()), Source::Cookie("sid".into())],
        key_from: vec![
            KeyLocation::Header("x-request-id".into()),
            KeyLocation::Form("order".into()),
        ],
        ..Settings::default()
    };
    for name in ["x-tenant", "x-auth-token", "cookie", "x-request-id"] {
        assert!(settings.reads_header(name), "{name}");
    }
    for name in ["account", "sid", "x-auth", "authorization", "order", ""] {
        assert!(!settings.reads_header(name), "{name}");
    }
    let claims = Settings { scope: Scope::Sources(vec![Source::Jwt("tid".into())]), ..settings };
    assert!(claims.reads_header("authorization"));
    assert!(Settings::default().reads_header("x-api-key"));
}

#[track_caller]
fn realm(host: &str, expected: &str) {
    assert_eq!(Policy::default().realm(host), expected, "{host}");
}

#[test]
fn a_realm_is_the_host() {
    realm("shop.example", "shop.example");
    realm("Shop.EXAMPLE", "shop.example");
    realm("shop.example:8787", "shop.example");
    // A dot at the end says that the name is whole; it is the same host (RFC 1034 section 3.1).
    realm("shop.example.", "shop.example");
    realm("Shop.example.:8787", "shop.example");
    realm("127.0.0.1:80", "127.0.0.1");
    realm("[::1]:8787", "[::1]");
    realm("[::1]", "[::1]");
    let joined = Policy { realm: Some("Orders".into()), ..Policy::default() };
    assert_eq!(joined.realm("shop.example:8787"), "Orders");
}

#[track_caller]
fn ambiguous(policy: &str, path: &str, expected: bool) {
    let policy = Policy::parse(policy).expect("a policy");
    assert_eq!(policy.is_ambiguous("POST", path), expected, "{path}");
    assert!(!policy.is_ambiguous("GET", path), "GET is not guarded on any route: {path}");
}

/// An origin that decodes before it resolves would do what another route is strict about.
#[test]
fn a_path_with_another_reading_under_another_route_is_ambiguous() {
    let strict = r#"{"key": "required", "routes": [{"path": "/public/**", "key": "off"}]}"#;
    let open = r#"{"routes": [{"path": "/pay/*", "key": "required"}]}"#;
    for path in [
        "/public/..%2fpay",
        "/public/..%2Fpay",
        "/public/..%2f%2fpay",
        "/public/..;/pay",
        "/public/..;a=b;c/pay",
        "/public/..%3bx/pay",
        "/public/..%5cpay",
        "/public/..\\pay",
        "/public/%2e%2e%2fpay",
        "/public/.%2e%2fpay",
        "/public/%252e%252e%252fpay",
        "/public/..%252fpay",
        "/public/x/..%2f..%2fpay",
        // The other way round, and one that is no climb.
        "/pay/..%2fpublic/x",
        "/%70ublic/x",
        "/public;v=1/x",
    ] {
        ambiguous(strict, path, true);
    }
    for path in ["/pay%2f1", "/p%61y/1", "/pay;v=1/1", "/x/..%2fpay/1", "/pay/a%2fb", "//pay/%31"] {
        ambiguous(open, path, true);
    }
    for path in [
        "/pay",
        "/public/x",
        "/public/a%2fb",
        "/public/50%25",
        "/public/%zz",
        "/public/a;v=1/b",
        "/public/caf%C3%A9/%ff",
        "/public/x/..%2fy",
        "/pay;v=1",
        "/%70ay",
        "/pay/..%2f..%2f..%2fpay",
        "/public/../pay",
    ] {
        ambiguous(strict, path, false);
    }
    // One policy for all paths, and routes that say the same.
    ambiguous("{}", "/public/..%2fpay", false);
    let same = r#"{"routes": [{"path": "/a/**", "key": "required"}, {"path": "/b/**", "key": "required"}]}"#;
    ambiguous(same, "/a/..%2fb/c", false);
    ambiguous(same, "/a/..%2fc", true);
}

/// A pattern is written as paths are sent, so it is decoded as they are.
#[test]
fn a_pattern_that_is_percent_encoded_is_no_ambiguity() {
    let policy = r#"{"routes": [
        {"path": "/caf%C3%A9/*", "key": "required"},
        {"path": "/of/a%2Fb/**", "key": "required"},
        {"path": "/50%2525/x", "key": "required"}
    ]}"#;
    for path in ["/caf%C3%A9/1", "/caf%C3%A9/%C3%A9", "/of/a%2Fb/c", "/50%2525/x"] {
        ambiguous(policy, path, false);
    }
    ambiguous(policy, "/caf%C3%A9/a%2Fb", true);
}
