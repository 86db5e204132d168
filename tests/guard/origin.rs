//! Where the origin is, and what its answers mean.

use onlyonce::guard::origin::{
    OriginUrl, OriginUrlError, OriginVerdict, can_be_shown, has_no_body, is_stream, origin_verdict,
};
use onlyonce::guard::policy::Settings;

#[track_caller]
fn check(status: u16, header: Option<(&str, &str)>, expected: OriginVerdict) {
    let release = Settings::default().release;
    let lookup = |name: &str| {
        let (_, value) = header.filter(|(found, _)| *found == name)?;
        Some(value.to_owned())
    };
    assert_eq!(origin_verdict(&release, status, lookup), expected, "{status} {header:?}");
}

#[test]
fn every_status_under_the_default_policy() {
    let released =
        [401, 403, 407, 408, 411, 417, 421, 425, 426, 428, 429, 431, 511, 521, 523, 525, 526, 530];
    for status in 100..=999 {
        let expected = match status {
            _ if released.contains(&status) => OriginVerdict::NotProcessed,
            200..=499 => OriginVerdict::Final,
            _ => OriginVerdict::MayHaveActed,
        };
        check(status, None, expected);
    }
}

#[test]
fn a_503_is_released_only_with_retry_after() {
    check(503, Some(("retry-after", "1")), OriginVerdict::NotProcessed);
    check(503, Some(("retry-after", "")), OriginVerdict::NotProcessed);
    check(503, Some(("x-retry-after", "1")), OriginVerdict::MayHaveActed);
    check(500, Some(("retry-after", "1")), OriginVerdict::MayHaveActed);
    check(200, Some(("retry-after", "1")), OriginVerdict::Final);
}

/// "Send the same there": held, the client that follows would be told that its key is another
/// request's, and nothing would ever be done.
#[test]
fn a_redirect_that_keeps_the_method_is_released_with_its_location() {
    for status in [307, 308] {
        check(status, Some(("location", "/orders/")), OriginVerdict::NotProcessed);
        check(status, Some(("retry-after", "1")), OriginVerdict::Final);
        check(status, None, OriginVerdict::Final);
    }
    for status in [300, 301, 302, 303, 201] {
        check(status, Some(("location", "/orders/")), OriginVerdict::Final);
    }
}

#[test]
fn a_conflict_a_lock_or_a_limit_is_released_only_with_retry_after() {
    for status in [409, 413, 423] {
        check(status, Some(("retry-after", "1")), OriginVerdict::NotProcessed);
        check(status, Some(("location", "/orders/1")), OriginVerdict::Final);
    }
    for status in [400, 404, 410, 412, 415, 422, 424, 451] {
        check(status, Some(("retry-after", "1")), OriginVerdict::Final);
    }
}

#[test]
fn without_a_release_list_every_answer_says_something_of_the_work() {
    assert_eq!(origin_verdict(&[], 429, |_| None), OriginVerdict::Final);
    assert_eq!(origin_verdict(&[], 530, |_| None), OriginVerdict::MayHaveActed);
}

#[test]
fn what_streams_by_its_nature() {
    for kind in [
        "text/event-stream",
        "Text/Event-Stream; charset=utf-8",
        " text/event-stream ",
        "application/x-ndjson",
        "application/ndjson",
        "application/jsonlines",
        "application/x-jsonlines; charset=utf-8",
        "application/stream+json",
        "application/vnd.amazon.eventstream",
        "application/jsonl",
        "application/json-seq",
        "multipart/x-mixed-replace; boundary=frame",
    ] {
        assert!(is_stream(kind), "{kind}");
    }
    for kind in [
        "",
        "text/event-streams",
        "text/plain",
        "a/b; x=text/event-stream",
        "application/json",
        "application/ndjson-not",
        "multipart/mixed",
    ] {
        assert!(!is_stream(kind), "{kind}");
    }
}

#[test]
fn statuses_without_a_body() {
    let without: Vec<u16> = (100..=599).filter(|status| has_no_body(*status)).collect();
    assert_eq!(without, [101, 204, 205, 304]);
}

#[test]
fn statuses_of_which_a_response_can_be_made() {
    let shown: Vec<u16> = (0..=1100).filter(|status| can_be_shown(*status)).collect();
    assert_eq!(shown, Vec::from_iter(200..600));
}

#[track_caller]
fn base(value: &str, expected: &str) {
    let parsed = OriginUrl::parse(Some(value)).map(|base| base.as_str().to_owned());
    assert_eq!(parsed, Ok(expected.to_owned()), "{value:?}");
}

#[test]
fn bases() {
    base("https://origin.example.com", "https://origin.example.com");
    base("https://origin.example.com/", "https://origin.example.com");
    base(" http://origin.example.com/api/ ", "http://origin.example.com/api");
    base("http://127.0.0.1:9100", "http://127.0.0.1:9100");
    base("http://[::1]", "http://[::1]");
    base("http://[::1]:9100/x", "http://[::1]:9100/x");
    base("http://localhost:65535", "http://localhost:65535");
    base("http://a_b-c.example", "http://a_b-c.example");
    base("http://_dmarc.A9.example", "http://_dmarc.A9.example");
    base("http://[2001:DB8::7f:1]", "http://[2001:DB8::7f:1]");
    base("http://[::ffff:192.0.2.1]:80", "http://[::ffff:192.0.2.1]:80");
}

#[test]
fn no_base_at_all() {
    for value in [None, Some(""), Some(" \t ")] {
        let error = OriginUrl::parse(value).expect_err("no base");
        assert_eq!(error, OriginUrlError::Missing);
        assert_eq!(
            error.to_string(),
            "ORIGIN is not set; set it to the base URL of the origin, such as https://origin.example.com, on a hostname that no route of this Worker covers"
        );
    }
}

#[track_caller]
fn refused(value: &str, reason: &str) {
    let error = OriginUrl::parse(Some(value)).expect_err(value);
    let cure = "set it to a base URL such as https://origin.example.com";
    assert_eq!(error.to_string(), format!("ORIGIN \"{value}\" {reason}; {cure}"));
}

#[test]
fn what_is_no_base() {
    let scheme = "does not start with https:// or http://";
    for value in ["origin.example.com", "ftp://a", "//a", "localhost:9100", "httpss://a", "http:/a"]
    {
        refused(value, scheme);
    }
    let host = "has no valid host";
    for value in [
        "http://",
        "https:///path",
        "http://:80",
        "http://a:",
        "http://a:0",
        "http://a:65536",
        "http://a:x",
        "http://a:+80",
        "http://user@a",
        "http://user:secret@a",
        "http://a b",
        "http://ü.example",
        "http://a?b",
        "http://a#b",
        "http://a%20b",
        // Labels of letters, digits, hyphens and underscores.
        "http://.",
        "http://..",
        "http://.a",
        "http://a.",
        "http://a..b",
        "http://-a",
        "http://a-",
        "http://a.-b.c",
        "http://a~b",
        "http://a!b",
        "http://a,b",
        "http://a*b",
        "http://a\\b",
        "http://a:80:80",
        // Addresses in brackets, and nothing but an address.
        "http://[]",
        "http://[a",
        "http://a]",
        "http://[::1",
        "http://::1",
        "http://::1]",
        "http://[::1]a",
        "http://a[::1]",
        "http://[::1]:",
        "http://[::1]:0",
        "http://[::1]:65536",
        "http://[[::1]]",
        "http://[::g]",
        "http://[::1%25eth0]",
        "http://[127.0.0.1]",
        "http://[localhost]",
        "http://[::1].example",
    ] {
        refused(value, host);
    }
    let rest = "has a query, a fragment or characters that a URL cannot hold";
    for value in ["http://a/?b", "http://a/#b", "http://a/b c", "http://a/ü", "http://a/\u{7f}"] {
        refused(value, rest);
    }
}

#[test]
fn a_request_at_the_origin() {
    let join = |base, target| OriginUrl::parse(Some(base)).expect(base).join(target);
    assert_eq!(join("http://a/", "/orders?b=1"), "http://a/orders?b=1");
    assert_eq!(join("http://a/api/", "/orders"), "http://a/api/orders");
    // A target that looks like a host of its own stays a path.
    assert_eq!(join("http://a", "//b/c"), "http://a//b/c");
}

#[track_caller]
fn published(base: &str, location: &str, expected: Option<&str>) {
    let base = OriginUrl::parse(Some(base)).expect(base);
    let found = base.rewrite_location(location, "https://shop.example");
    assert_eq!(found.as_deref(), expected, "{location:?}");
}

#[test]
fn a_location_at_the_origin_becomes_public() {
    published("http://a", "http://a/orders/1", Some("https://shop.example/orders/1"));
    published("http://a", "http://a", Some("https://shop.example"));
    published("http://a", "http://a?b", Some("https://shop.example?b"));
    published("http://a", "http://a#b", Some("https://shop.example#b"));
    published("http://a/api/", "http://a/api/orders", Some("https://shop.example/orders"));
    published("http://a:9100", "http://a:9100/x", Some("https://shop.example/x"));
}

#[test]
fn hosts_and_schemes_count_regardless_of_case() {
    published("http://A.example", "HTTP://a.EXAMPLE/x", Some("https://shop.example/x"));
    published("http://[::A]:9100", "http://[::a]:9100/x", Some("https://shop.example/x"));
    // Paths do not.
    published("http://a/api", "http://A/API/x", None);
    published("http://a/api", "http://A/api/X", Some("https://shop.example/X"));
}

#[test]
fn a_schemes_own_port_may_be_written_or_not() {
    let here = Some("https://shop.example/x");
    for (base, locations) in [
        ("http://a", ["http://a/x", "http://a:80/x", "HTTP://A:80/x"]),
        ("http://a:80", ["http://a/x", "http://a:80/x", "Http://a/x"]),
        ("https://a", ["https://a/x", "https://a:443/x", "HTTPS://A:443/x"]),
        ("https://a:443", ["https://a/x", "https://a:443/x", "Https://a/x"]),
        ("http://[::1]", ["http://[::1]/x", "http://[::1]:80/x", "HTTP://[::1]/x"]),
    ] {
        for location in locations {
            published(base, location, here);
        }
    }
    // Without a scheme it is the origin's own (RFC 3986 section 4.2).
    published("http://a", "//a/x", here);
    published("https://a:443", "//A:443/x", here);
    published("http://a/api", "//a:80/api/x", here);
    published("https://a", "//a:80/x", None);
    published("https://a", "//b/x", None);
    published("https://a", "//", None);
    published("https://a", "///a/x", None);
    // The port of another scheme is another place.
    published("http://a", "http://a:443/x", None);
    published("https://a", "https://a:80/x", None);
    published("http://a:443", "http://a/x", None);
    published("https://a", "http://a:443/x", None);
    published("http://a", "http://a:8080/x", None);
    published("http://a", "http://a:180/x", None);
}

/// An origin behind something that ends TLS does not know which scheme it is called by.
#[test]
fn either_scheme_is_the_origins() {
    let here = Some("https://shop.example/x");
    published("https://a", "http://a/x", here);
    published("https://a", "HTTP://A:80/x", here);
    published("http://a", "https://a/x", here);
    published("http://a", "https://a:443/x", here);
    published("https://a:8443", "http://a:8443/x", here);
    published("http://a:8080/api", "https://a:8080/api/x", here);
    published("http://a:8080", "https://a/x", None);
    published("https://a", "ftp://a/x", None);
    published("https://a", "ws://a/x", None);
}

#[track_caller]
fn refreshed(value: &str, expected: Option<&str>) {
    let base = OriginUrl::parse(Some("http://a/api")).expect("a base");
    let found = base.rewrite("refresh", value, "https://shop.example");
    assert_eq!(found.as_deref(), expected, "{value:?}");
}

/// The forms that browsers read (HTML, "shared declarative refresh steps").
#[test]
fn a_refresh_that_points_at_the_origin_becomes_public() {
    refreshed("5; url=http://a/api/x", Some("5; url=https://shop.example/x"));
    refreshed("0;URL=http://a/api/x", Some("0;URL=https://shop.example/x"));
    refreshed("0.5 , url = http://a/api/x ", Some("0.5 , url = https://shop.example/x "));
    refreshed("0; http://a/api/x", Some("0; https://shop.example/x"));
    refreshed("0; url='https://a/api/x'", Some("0; url='https://shop.example/x'"));
    refreshed("0; url=\"http://a/api/x\" rest", Some("0; url=\"https://shop.example/x\" rest"));
    for value in [
        "",
        "5",
        "5;",
        "5; url",
        "5; url=",
        "5; url=/x",
        "5; url=http://b/x",
        "5; url=http://a/other",
        "5; urls=http://a/api/x",
    ] {
        refreshed(value, None);
    }
}

/// What was no UTF-8 cannot be written down again as it was.
#[test]
fn a_location_of_other_bytes_stays() {
    published("http://a", "http://a/caf\u{fffd}", None);
}

#[test]
fn every_other_location_stays() {
    for location in [
        "/orders/1",
        "orders/1",
        "",
        "http://b/orders",
        "http://a.example/x",
        "http://ab/x",
        "http://a@evil.example/x",
        "http://a:9100/x",
        "http://a.:80/x",
        "http:a/x",
        "http:/a/x",
        "http",
        ":",
        "://a/x",
        "http://",
        "http:///a/x",
        "mailto:a@a",
        "/x?next=http://a/x",
    ] {
        published("http://a", location, None);
    }
    published("http://a/api", "http://a/apis/x", None);
    published("http://a/api", "http://a/other", None);
}
