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
    let later = [(409, "retry-after"), (423, "retry-after"), (503, "retry-after")];
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
