//! What a page on another origin may read.

use onlyonce::guard::cors::Cors;

const SHOP: &str = "https://shop.example.com";
const EXPOSED: &str = "Idempotency-Key, Idempotency-Replayed, Idempotency-Expires, Cache-Status, Age, Server-Timing, Link, Retry-After";

fn cors(origins: &[&str]) -> Cors {
    Cors { origins: origins.iter().map(|origin| (*origin).to_owned()).collect() }
}

/// An origin is what the browser writes: scheme, host and port, each as it stands.
#[test]
fn whose_pages_may_read() {
    let named = cors(&[SHOP, "http://localhost:5173"]);
    for origin in [SHOP, "http://localhost:5173"] {
        assert!(named.allows(origin), "{origin}");
    }
    for origin in [
        "",
        "*",
        "null",
        "http://shop.example.com",
        "https://shop.example.com:8443",
        "https://shop.example.com/",
        "https://shop.example.com.evil.example",
        "https://evil.example/https://shop.example.com",
        "https://example.com",
        "http://localhost",
    ] {
        assert!(!named.allows(origin), "{origin}");
        assert!(cors(&["*"]).allows(origin), "{origin}");
        assert!(!cors(&[]).allows(origin), "{origin}");
    }
    // A star is a whole entry; it stands for nothing within one.
    assert!(!cors(&["https://*.example.com"]).allows(SHOP));
}

#[track_caller]
fn refusal(origins: &[&str], origin: &str, expected: &[(&str, &str)]) {
    let headers = cors(origins).refusal(origin);
    let headers: Vec<(&str, &str)> =
        headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(headers, expected, "{origins:?} to {origin:?}");
}

#[test]
fn what_a_refusal_says() {
    let expose = ("access-control-expose-headers", EXPOSED);
    let named = [
        ("access-control-allow-origin", SHOP),
        ("access-control-allow-credentials", "true"),
        expose,
        ("vary", "Origin"),
    ];
    refusal(&[SHOP], SHOP, &named);
    refusal(&["https://a.example", SHOP], SHOP, &named);
    // Whoever is named is served as such, beside a star or not, before it or behind.
    refusal(&["*", SHOP], SHOP, &named);
    refusal(&[SHOP, "*"], SHOP, &named);
}

/// A page that anybody could have written must not read with its visitor's credentials.
#[test]
fn what_a_star_lets_in_has_no_credentials() {
    let any = [("access-control-allow-origin", "*"), ("access-control-expose-headers", EXPOSED)];
    for origin in ["https://evil.example", "null", ""] {
        refusal(&["*"], origin, &any);
        refusal(&[SHOP, "*"], origin, &any);
    }
}

#[test]
fn others_are_told_nothing() {
    refusal(&[SHOP], "https://evil.example", &[]);
    refusal(&[SHOP], "null", &[]);
    refusal(&[], SHOP, &[]);
}

/// Who may read the origin's answers is the origin's to say: the guard names no page there.
#[test]
fn what_is_added_to_an_answer() {
    let expose = Some(("access-control-expose-headers", EXPOSED));
    assert_eq!(cors(&[SHOP]).answer(SHOP), expose);
    assert_eq!(cors(&["*"]).answer("https://evil.example"), expose);
    assert_eq!(cors(&[SHOP]).answer("https://evil.example"), None);
    assert_eq!(cors(&[]).answer(SHOP), None);
}

/// Every header that the guard sets, so that a page sees all that a client outside a browser does.
#[test]
fn every_header_of_the_guard_is_exposed() {
    let exposed: Vec<&str> = EXPOSED.split(", ").collect();
    for name in [
        "Idempotency-Key",
        "Idempotency-Replayed",
        "Idempotency-Expires",
        "Cache-Status",
        "Age",
        "Server-Timing",
        "Link",
        "Retry-After",
    ] {
        assert!(exposed.contains(&name), "{name}");
    }
}

#[track_caller]
fn preflight(allowed_headers: Option<&str>, is_added: bool) {
    let added = is_added.then_some(("access-control-allow-headers", "Idempotency-Key"));
    let allowed = cors(&[SHOP]).preflight(SHOP, allowed_headers);
    assert_eq!(allowed, added, "{allowed_headers:?}");
    assert_eq!(cors(&["*"]).preflight("null", allowed_headers), added, "{allowed_headers:?}");
    let other = cors(&[SHOP]).preflight("https://evil.example", allowed_headers);
    assert_eq!(other, None, "{allowed_headers:?}");
}

#[test]
fn what_is_added_to_a_preflight() {
    preflight(Some("content-type"), true);
    preflight(Some("Content-Type, Authorization"), true);
    preflight(Some(""), true);
    // A star does not cover requests with credentials.
    preflight(Some("*"), true);
    preflight(Some("x-idempotency-key, idempotency-key-2"), true);
    // The origin allows it already.
    preflight(Some("idempotency-key"), false);
    preflight(Some("Idempotency-Key"), false);
    preflight(Some("content-type,IDEMPOTENCY-KEY , x"), false);
    // The origin allows no header at all: it may not know of CORS.
    preflight(None, false);
}
