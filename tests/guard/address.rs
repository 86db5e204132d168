//! What a URL is split into that the platform has written down.

use onlyonce::guard::address::Address;

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
