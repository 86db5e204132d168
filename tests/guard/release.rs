//! Which answers mean "I did not process this".

use onlyonce::guard::release::{Release, ReleaseHeader};

fn entry(status: u16, name: &str, matches: Option<&str>) -> Release {
    let header = ReleaseHeader { name: name.into(), matches: matches.map(str::to_owned) };
    Release { status, header: Some(header) }
}

fn covers(entry: &Release, status: u16, value: Option<&str>) -> bool {
    let header = |name: &str| value.filter(|_| name == "location").map(str::to_owned);
    entry.covers(status, header)
}

#[test]
fn a_status_alone() {
    assert!(covers(&Release::status(429), 429, None));
    assert!(covers(&Release::status(429), 429, Some("/x")));
    assert!(!covers(&Release::status(429), 430, None));
}

#[test]
fn a_status_with_a_header() {
    let redirect = entry(302, "location", None);
    assert!(covers(&redirect, 302, Some("/x")));
    assert!(covers(&redirect, 302, Some("")));
    assert!(!covers(&redirect, 302, None));
    assert!(!covers(&redirect, 303, Some("/x")));
    assert!(!covers(&entry(302, "retry-after", None), 302, Some("/x")));
    assert!(!covers(&entry(302, "location", Some("*")), 302, None));
}

#[track_caller]
fn check(pattern: &str, value: &str, expected: bool) {
    let found = covers(&entry(302, "location", Some(pattern)), 302, Some(value));
    assert_eq!(found, expected, "{pattern:?} on {value:?}");
}

#[test]
fn patterns() {
    check("/login", "/login", true);
    check("/login", "/login?next=/", false);
    check("/login", "/Login", false);
    check("", "", true);
    check("", "x", false);
    check("*", "", true);
    check("*", "anything", true);
    check("**", "", true);
    check("*/login*", "https://shop.example/login?next=%2F", true);
    check("*/login*", "/login", true);
    check("*/login*", "/logi", false);
    check("/login*", "x/login", false);
    check("*/login", "/login/x", false);
    check("a*b*c", "abc", true);
    check("a*b*c", "a-b-b-c", true);
    check("a*b*c", "acb", false);
    check("*.*", "a.b", true);
    check("*.*", "ab", false);
    // Other characters stand for themselves.
    check("/a?[b].", "/a?[b].", true);
    check("/a?", "/ab", false);
    check("é*", "éa", true);
}

/// One character of the value is never used for two of the pattern.
#[test]
fn patterns_do_not_overlap() {
    check("a*a", "a", false);
    check("a*a", "aa", true);
    check("ab*ba", "aba", false);
    check("ab*ba", "abba", true);
    check("*ab*ab", "ab", false);
    check("*ab*ab", "abab", true);
    check("*ab*ab*", "aab", false);
    check("a*b*b", "ab", false);
    check("*aa", "aaa", true);
    check("*aab", "aaab", true);
    check("*ab*b", "abab", true);
}

/// A pattern made to be slow on a value made for it.
#[test]
fn many_stars_take_linear_time() {
    let pattern = "*a".repeat(50) + "b";
    check(&pattern, &"a".repeat(100_000), false);
}
