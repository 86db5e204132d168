//! Which paths a pattern is for.

use onlyonce::guard::policy::PatternError;
use onlyonce::guard::policy::pattern::Pattern;
use std::time::{Duration, Instant};

#[track_caller]
fn check(pattern: &str, matches: &[&str], others: &[&str]) {
    let pattern: Pattern = pattern.parse().expect("a pattern");
    for path in matches {
        assert!(pattern.matches(path), "{pattern:?} is for {path}");
    }
    for path in others {
        assert!(!pattern.matches(path), "{pattern:?} is not for {path}");
    }
}

#[test]
fn which_paths_match() {
    check("/", &["/"], &["/a", "/a/", "//a"]);
    check(
        "/orders",
        &["/orders", "/orders/"],
        &["/", "/order", "/orders/7", "/Orders", "//orders"],
    );
    check("/orders/", &["/orders", "/orders/"], &["/orders//", "/orders/7"]);
    check("/*", &["/a", "/a/", "/%20"], &["/", "//", "/a/b"]);
    check(
        "/orders/*",
        &["/orders/7", "/orders/7/"],
        &["/orders", "/orders/", "/orders//", "/orders/7/lines"],
    );
    check(
        "/orders/*/lines",
        &["/orders/7/lines"],
        &["/orders//lines", "/orders/lines", "/orders/7/8/lines"],
    );
    check("/a/*/*", &["/a/b/c"], &["/a/b", "/a/b/", "/a/b/c/d"]);
    check("/**", &["/", "/a", "//", "/a//b/", ""], &[]);
    check(
        "/api/**",
        &["/api", "/api/", "/api//", "/api/v1", "/api//x", "/api/v1/x/"],
        &["/apis", "/", "/ap", "/x/api"],
    );
    check("/*/pay/**", &["/v1/pay", "/v1/pay/7"], &["/pay", "//pay", "/v1/x/pay"]);
}

/// Encodings are told apart, since the origin may tell them apart as well.
#[test]
fn a_path_counts_as_it_was_sent() {
    check("/caf%C3%A9", &["/caf%C3%A9"], &["/caf%c3%a9", "/café"]);
    check("/orders", &[], &["/%6Frders", "/orders%2F", "/orders;v=1", "/orders%20"]);
    check("/a/*", &["/a/b%2Fc", "/a/%2e%2e"], &["/a%2Fb"]);
    check("/a+b/@,;=&$!'()~:|[]", &["/a+b/@,;=&$!'()~:|[]"], &[]);
}

#[track_caller]
fn refused(pattern: &str, error: PatternError) {
    assert_eq!(pattern.parse::<Pattern>(), Err(error), "{pattern}");
}

#[test]
fn what_could_never_match_is_refused() {
    for pattern in ["", "orders", "*", "**", "https://a.example/"] {
        refused(pattern, PatternError::NoSlash);
    }
    for pattern in ["//", "/a//b", "/a//", "//a"] {
        refused(pattern, PatternError::EmptySegment);
    }
    for pattern in [
        "/a b", "/café", "/a?b=c", "/a#b", "/{id}", "/<id>", "/a\\b", "/a\"", "/a\n", "/a`b",
        "/a^b",
    ] {
        refused(pattern, PatternError::NeverSent);
    }
    for pattern in [
        "/pay*",
        "/*.json",
        "/***",
        "/a/**/b",
        "/**/",
        "/**/**",
        "/a/./b",
        "/a/..",
        "/.",
        "/a/%2e%2E/b",
        "/.%2e",
        "/%2E",
    ] {
        let expected = (pattern != "/**/").then_some(PatternError::OddSegment);
        assert_eq!(pattern.parse::<Pattern>().err(), expected, "{pattern}");
    }
}

#[track_caller]
fn covers(one: &str, other: &str, expected: bool) {
    let [one, other] = [one, other].map(|text| text.parse::<Pattern>().expect("a pattern"));
    assert_eq!(one.covers(&other), expected, "{one:?} {other:?}");
}

#[test]
fn which_patterns_leave_nothing_to_others() {
    covers("/a", "/a", true);
    covers("/a", "/a/", true);
    covers("/a", "/b", false);
    covers("/a", "/*", false);
    covers("/*", "/a", true);
    covers("/*", "/*", true);
    covers("/*", "/", false);
    covers("/*", "/**", false);
    covers("/*", "/a/**", false);
    covers("/**", "/", true);
    covers("/**", "/a/*/b", true);
    covers("/a/**", "/a", true);
    covers("/a/**", "/a/**", true);
    covers("/a/**", "/*", false);
    covers("/a/*/c", "/a/b/c", true);
    covers("/a/*/c", "/a/b/**", false);
    covers("/a/b", "/a/b/c", false);
}

/// A path of a megabyte against the pattern that has the most to compare.
#[test]
fn matching_is_linear() {
    let pattern: Pattern = "/*".repeat(10_000).parse().expect("a pattern");
    let path = "/a".repeat(500_000);
    let started = Instant::now();
    for _ in 0..10 {
        assert!(!pattern.matches(&path));
    }
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}
