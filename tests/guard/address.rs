//! What a URL is split into that the platform has written down, where it may lead at the origin, and
//! whose address an answer names.

use onlyonce::guard::address::Address;
use onlyonce::guard::origin::OriginUrl;
use onlyonce::guard::public_address::{shown, without_asker};

#[track_caller]
fn check(href: &str, scheme: &str, host: &str, path: &str, query: Option<&str>) {
    let address = Address::of(href);
    assert_eq!((&*address.scheme, &*address.host, &*address.path), (scheme, host, path), "{href}");
    assert_eq!(address.query.as_deref(), query, "{href}");
}

#[test]
fn the_parts_of_an_address() {
    check("https://shop.example/", "https", "shop.example", "/", None);
    check("http://shop.example:8787/a/b?c=d", "http", "shop.example:8787", "/a/b", Some("c=d"));
    check("https://shop.example/a?", "https", "shop.example", "/a", Some(""));
    check("https://shop.example/a?b?c/d", "https", "shop.example", "/a", Some("b?c/d"));
    check("https://[::1]:8787/a", "https", "[::1]:8787", "/a", None);
    // The platform never leaves the path out; other writers do.
    check("https://shop.example", "https", "shop.example", "/", None);
    check("https://shop.example?a", "https", "shop.example", "/", Some("a"));
}

/// An origin is told neither, and a host is never taken from there.
#[test]
fn user_information_and_fragments_are_left_out() {
    check("https://alice@shop.example/a", "https", "shop.example", "/a", None);
    check("https://alice:pw@shop.example:1/", "https", "shop.example:1", "/", None);
    check("https://shop.example/a@b", "https", "shop.example", "/a@b", None);
    check("https://shop.example/a#b?c", "https", "shop.example", "/a", None);
    check("https://shop.example/a?b#c", "https", "shop.example", "/a", Some("b"));
}

/// A path that looks like a host of its own is a path.
#[test]
fn empty_segments_stay() {
    check(
        "https://shop.example//evil.example/a",
        "https",
        "shop.example",
        "//evil.example/a",
        None,
    );
    check("https://shop.example///", "https", "shop.example", "///", None);
}

#[test]
fn an_address_is_put_together_again() {
    for href in ["https://shop.example/", "http://[::1]:8787/a//b?c=%2F", "https://a.example/?"] {
        let address = Address::of(href);
        assert_eq!(address.url(), href);
        assert_eq!(address.base() + &address.target(), href);
    }
    assert_eq!(Address::of("https://a:b@shop.example/x?y#z").url(), "https://shop.example/x?y");
}

#[test]
fn the_guards_own_paths() {
    let is_own = |path: &str| Address::of(&format!("https://shop.example{path}")).is_own();
    for path in [
        "/.onlyonce",
        "/.onlyonce?a",
        "/.onlyonce/",
        "/.onlyonce/health",
        "/.onlyonce/health?a",
        "/.onlyonce//x",
    ] {
        assert!(is_own(path), "{path}");
    }
    for path in [
        "/",
        "/onlyonce/health",
        "/.onlyoncely",
        "/.onlyonce.html",
        "/.Onlyonce/health",
        "//.onlyonce/health",
        "/x/.onlyonce/health",
        "/%2eonlyonce/health",
        "/?/.onlyonce/health",
    ] {
        assert!(!is_own(path), "{path}");
    }
}

#[track_caller]
fn holds(base: &str, path: &str, expected: bool) {
    let base = OriginUrl::parse(Some(base)).expect(base);
    assert_eq!(base.holds(path), expected, "{path}");
}

/// Plain dots and slashes never get here: the platform has resolved them.
#[test]
fn nothing_leads_out_of_the_origins_path() {
    for path in [
        "/..%2fsecret",
        "/%2e%2e%2fsecret",
        "/..%2Fsecret",
        "/.%2E%5Csecret",
        "/%2E./secret",
        "/a/..%2f..%2fsecret",
        "/a%2f..%2f..%2fsecret",
        "//..%2fsecret",
        "/a//..%2f..%2fsecret",
        "/.%2f..%2fsecret",
        "/..;/secret",
        "/..;a=b/secret",
        "/%2e%2e%3b/secret",
        "/a/..;%2f..;x%2fsecret",
        "/%2e%2e",
        "/..%2f",
    ] {
        holds("http://a/api", path, false);
        holds("http://a/api/v1/", path, false);
        // Where the origin's path is all there is, nothing is outside.
        holds("http://a", path, true);
        holds("http://a:9100/", path, true);
    }
    for path in [
        "/",
        "/a/b",
        "/a/..%2fb",
        "/a%2fb%2f..%2f..%2f",
        "/...%2fa",
        "/a..%2fb",
        "/..a%2fb",
        "/.%2fa",
        "/%2e",
        "/;../a",
        "/a;..%2fb",
        "//a//b",
        "/a%252e%252e",
    ] {
        holds("http://a/api", path, true);
    }
}

#[track_caller]
fn kept(name: &str, value: &str, expected: &str, shown_as: Option<&str>) {
    let mut headers = vec![(name.to_owned(), value.to_owned())];
    without_asker(&mut headers, "https://a.example:8443");
    assert_eq!(headers, [(name.to_owned(), expected.to_owned())]);
    let origin = OriginUrl::parse(Some("http://origin.example/api")).expect("a base");
    let to = |base| shown(Some(&origin), name, expected, base);
    assert_eq!(to("https://b.example").as_deref(), shown_as, "{name}: {value}");
    // To the host that asked first it is what the origin wrote.
    if !value.contains("origin.example") {
        let again = to("https://a.example:8443").unwrap_or_else(|| expected.to_owned());
        assert_eq!(again, value, "{name}");
    }
}

/// What is kept names nobody's host, and is shown with the host of whoever asks then; all else stays as the
/// origin wrote it.
#[test]
fn an_answer_is_kept_without_the_host_that_asked() {
    let kept_at = |prefix: &str, rest: &str| {
        let [a, asker, b] = ["a.example:8443", "asker.invalid", "b.example"]
            .map(|host| [prefix, host, rest].concat());
        kept("location", &a, &asker, Some(&b));
        kept("content-location", &a, &asker, Some(&b));
        let [a, asker, b] = [a, asker, b].map(|url| format!("5; url='{url}' "));
        kept("refresh", &a, &asker, Some(&b));
    };
    for prefix in ["https://", "http://", "HTTP://", "//"] {
        for rest in ["/x?y#z", "", "?y", "#z", "/"] {
            kept_at(prefix, rest);
        }
    }
    // The origin's own address is known when it is shown.
    let b = Some("https://b.example/x?y#z");
    kept("location", "http://origin.example/api/x?y#z", "http://origin.example/api/x?y#z", b);
    for other in [
        "/x",
        "https://a.example/x",
        "https://A.example:8443/x",
        "https://a.example:84430/x",
        "https://a.example:8443.evil.example/x",
        "https://www.a.example:8443/x",
        "https://c.example/x",
        "https:/a.example:8443/x",
        "ftp://a.example:8443/x",
        "/go//a.example:8443/x",
        "",
        "https://a.example:8443@c/",
        "https://c@a.example:8443/",
    ] {
        kept("location", other, other, None);
    }
    kept("link", "https://a.example:8443/x", "https://a.example:8443/x", None);
    // Without ORIGIN, as with a service.
    assert_eq!(
        shown(None, "location", "http://asker.invalid/x", "https://b").as_deref(),
        Some("http://b/x")
    );
}
