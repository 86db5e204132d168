//! What changes in a request's headers on its way to the origin.

use onlyonce::guard::forward::{Addressed, NOT_FORWARDED, added, hop_by_hop, is_loop, pseudonym};

#[test]
fn headers_that_belong_to_one_connection() {
    let fixed = hop_by_hop(None, &|_| false);
    for name in [
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ] {
        assert!(fixed.iter().any(|found| found == name), "{name}");
    }
    assert_eq!(fixed.len(), 9);
}

#[track_caller]
fn named(connection: &str, expected: &[&str]) {
    let names = hop_by_hop(Some(connection), &|name| name == "x-auth-token").split_off(9);
    assert_eq!(names, expected, "{connection:?}");
}

#[test]
fn headers_that_connection_names() {
    named("", &[]);
    named("close", &["close"]);
    named("X-Hop , keep-alive,\tY-Hop", &["x-hop", "keep-alive", "y-hop"]);
    named(", ,x,", &["x"]);
    // What is no name cannot be left out: the platform throws at it.
    named("a b, x;y, (z), \"q\", ü, a:b, ok!#$%&'*+-.^_`|~9", &["ok!#$%&'*+-.^_`|~9"]);
}

/// An answer must not be kept under a credential, or for a key, that the origin never saw.
#[test]
fn connection_takes_nothing_away_that_the_guard_goes_by() {
    for name in [
        "authorization",
        "cookie",
        "x-api-key",
        "idempotency-key",
        "content-type",
        "content-encoding",
        "cf-connecting-ip",
        "x-forwarded-for",
    ] {
        named(name, &[]);
        named(&format!("X-Hop, {}", name.to_ascii_uppercase()), &["x-hop"]);
    }
    named("x-authorization, cookie2", &["x-authorization", "cookie2"]);
    // What the policy reads is its to say.
    named("X-Auth-Token, x-auth-tokens, close", &["x-auth-tokens", "close"]);
}

#[test]
fn a_pseudonym_tells_deployments_apart() {
    // Computed apart from this program; a request on its way during a deployment carries it.
    assert_eq!(pseudonym("https://origin.example"), "onlyonce-90c72787aee6");
    assert_ne!(pseudonym("https://origin.example"), pseudonym("https://origin.example/api"));
    let name = pseudonym("");
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    assert!(name.len() == "onlyonce-".len() + 12 && name.bytes().all(is_token), "{name}");
}

#[track_caller]
fn looping(via: Option<&str>, expected: bool) {
    assert_eq!(is_loop(via, "onlyonce-1"), expected, "{via:?}");
}

#[test]
fn loops() {
    looping(None, false);
    looping(Some(""), false);
    looping(Some("1.1 onlyonce-1"), true);
    looping(Some("HTTP/2 onlyonce-1"), true);
    looping(Some("1.0 fred, 1.1 onlyonce-1"), true);
    looping(Some("1.1 onlyonce-1,1.1 fred"), true);
    looping(Some("  1.1\t onlyonce-1  (a comment)"), true);
    // Two guards in a row are no loop.
    looping(Some("1.1 onlyonce-2"), false);
    looping(Some("1.1 onlyonce-12"), false);
    looping(Some("onlyonce-1"), false);
    looping(Some("1.1 fred onlyonce-1"), false);
    looping(Some("1.1, onlyonce-1"), false);
}

fn addressed() -> Addressed<'static> {
    Addressed {
        scheme: "https",
        host: "shop.example:8443",
        via: None,
        client_ip: None,
        forwarded_for: None,
    }
}

#[track_caller]
fn check(addressed: &Addressed, expected: &[(&str, &str)]) {
    let headers = added(addressed, "onlyonce-1");
    let headers: Vec<(&str, &str)> =
        headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(headers, expected);
}

#[test]
fn headers_that_are_added() {
    let fixed = [
        ("via", "1.1 onlyonce-1"),
        ("x-forwarded-host", "shop.example:8443"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-port", "8443"),
    ];
    check(&addressed(), &fixed);
    let behind = Addressed { via: Some("1.0 fred".into()), scheme: "http", ..addressed() };
    let via = ("via", "1.0 fred, 1.1 onlyonce-1");
    check(&behind, &[via, fixed[1], ("x-forwarded-proto", "http"), fixed[3]]);
}

#[track_caller]
fn port(scheme: &str, host: &str, expected: &str) {
    let headers = added(&Addressed { scheme, host, ..addressed() }, "onlyonce-1");
    let found = headers.iter().find(|(name, _)| *name == "x-forwarded-port");
    assert_eq!(found.map(|(_, value)| value.as_str()), Some(expected), "{scheme}://{host}");
}

#[test]
fn the_port_that_the_client_addressed() {
    port("https", "shop.example", "443");
    port("http", "shop.example", "80");
    port("http", "shop.example:8787", "8787");
    port("https", "[::1]", "443");
    port("http", "[::1]:8787", "8787");
}

/// A client's own word on where it came from, and what it expects of whoever is asked next.
#[test]
fn headers_that_stay_behind() {
    assert_eq!(NOT_FORWARDED, ["expect", "forwarded", "x-forwarded-prefix", "x-real-ip"]);
}

#[test]
fn what_is_added_is_recognised() {
    for via in [None, Some("1.0 fred".to_owned())] {
        let headers = added(&Addressed { via, ..addressed() }, "onlyonce-1");
        looping(headers.first().map(|(_, value)| value.as_str()), true);
    }
}

#[track_caller]
fn addresses(client_ip: Option<&str>, forwarded_for: Option<&str>, expected: Option<&str>) {
    let [client_ip, forwarded_for] = [client_ip, forwarded_for].map(|text| text.map(str::to_owned));
    let headers = added(&Addressed { client_ip, forwarded_for, ..addressed() }, "onlyonce-1");
    let found = headers.iter().find(|(name, _)| *name == "x-forwarded-for");
    assert_eq!(found.map(|(_, value)| value.as_str()), expected);
}

#[test]
fn addresses_that_the_request_came_by() {
    addresses(None, None, None);
    addresses(Some("192.0.2.1"), None, Some("192.0.2.1"));
    addresses(None, Some("198.51.100.7"), Some("198.51.100.7"));
    addresses(Some("192.0.2.1"), Some("198.51.100.7"), Some("198.51.100.7, 192.0.2.1"));
    // The platform has added it already.
    addresses(Some("192.0.2.1"), Some("198.51.100.7, 192.0.2.1"), Some("198.51.100.7, 192.0.2.1"));
    // Only the last entry is the platform's: a client may claim any of the others.
    addresses(Some("192.0.2.1"), Some("192.0.2.1"), Some("192.0.2.1"));
    addresses(Some("192.0.2.1"), Some("198.51.100.7,192.0.2.1 "), Some("198.51.100.7,192.0.2.1 "));
    addresses(
        Some("192.0.2.1"),
        Some("192.0.2.1, 198.51.100.7"),
        Some("192.0.2.1, 198.51.100.7, 192.0.2.1"),
    );
    // An address that another one begins with is another one.
    addresses(Some("192.0.2.1"), Some("192.0.2.11"), Some("192.0.2.11, 192.0.2.1"));
    addresses(Some("2001:db8::1"), Some("2001:db8::"), Some("2001:db8::, 2001:db8::1"));
}
