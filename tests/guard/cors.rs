//! What a page on another origin may send and read.

use onlyonce::guard::cors::Cors;
use onlyonce::guard::replay::{HeaderChange, How};

const SHOP: &str = "https://shop.example.com";
const EVIL: &str = "https://evil.example";
const EXPOSED: &str = "Idempotency-Key, Idempotency-Replayed, Idempotent-Replayed, Idempotency-Expires, Idempotency-Omitted, Cache-Status, Age, Server-Timing, Link, Retry-After, Stripe-Should-Retry, X-Should-Retry";

const ORIGIN: &str = "access-control-allow-origin";
const CREDENTIALS: (&str, &str) = ("access-control-allow-credentials", "true");
const EXPOSE: (&str, &str) = ("access-control-expose-headers", EXPOSED);

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
    let named = [(ORIGIN, SHOP), CREDENTIALS, EXPOSE, ("vary", "Origin")];
    refusal(&[SHOP], SHOP, &named);
    refusal(&["https://a.example", SHOP], SHOP, &named);
    // Whoever is named is served as such, beside a star or not, before it or behind.
    refusal(&["*", SHOP], SHOP, &named);
    refusal(&[SHOP, "*"], SHOP, &named);
}

/// A page that anybody could have written must not read with its visitor's credentials.
#[test]
fn what_a_star_lets_in_has_no_credentials() {
    let any = [(ORIGIN, "*"), EXPOSE, ("vary", "Origin")];
    for origin in [EVIL, "null", "", "*"] {
        refusal(&["*"], origin, &any);
        refusal(&[SHOP, "*"], origin, &any);
    }
}

#[test]
fn others_are_told_nothing() {
    refusal(&[SHOP], EVIL, &[]);
    refusal(&[SHOP], "null", &[]);
    refusal(&[], SHOP, &[]);
}

/// Every header that the guard sets, so that a page sees all that a client outside a browser does.
#[test]
fn every_header_of_the_guard_is_exposed() {
    let exposed: Vec<&str> = EXPOSED.split(", ").collect();
    for name in [
        "Idempotency-Key",
        "Idempotency-Replayed",
        "Idempotent-Replayed",
        "Idempotency-Expires",
        "Idempotency-Omitted",
        "Cache-Status",
        "Age",
        "Server-Timing",
        "Link",
        "Retry-After",
        "Stripe-Should-Retry",
        "X-Should-Retry",
    ] {
        assert!(exposed.contains(&name), "{name}");
    }
}

/// What becomes of an answer with these headers for a page.
#[track_caller]
fn answer(
    origins: &[&str],
    page: Option<&str>,
    present: &[(&str, &str)],
    expected: &[(&'static str, &str, How)],
) {
    let header = |name: &str| {
        present.iter().find(|(found, _)| *found == name).map(|(_, value)| (*value).to_owned())
    };
    let changes = cors(origins).answer(page, &header);
    let expected: Vec<HeaderChange> = expected
        .iter()
        .map(|(name, value, how)| HeaderChange { name, value: (*value).into(), how: *how })
        .collect();
    assert_eq!(changes, expected, "{page:?} under {origins:?}, {present:?}");
}

const VARY: (&str, &str, How) = ("vary", "Origin", How::Append);
const EXPOSES: (&str, &str, How) = (EXPOSE.0, EXPOSE.1, How::Append);
const WITH_CREDENTIALS: (&str, &str, How) = (CREDENTIALS.0, CREDENTIALS.1, How::Set);
const ANY: (&str, &str, How) = (ORIGIN, "*", How::Set);
const ITS: (&str, &str, How) = (ORIGIN, SHOP, How::Set);

/// Whatever the answer says of others, or of nobody, a page that the policy names is named.
#[test]
fn an_answer_names_the_page_that_asks() {
    let named = [VARY, ITS, WITH_CREDENTIALS, EXPOSES];
    for present in [
        [].as_slice(),
        &[(ORIGIN, "https://first.example"), CREDENTIALS],
        &[(ORIGIN, "*")],
        &[(ORIGIN, SHOP)],
        &[(ORIGIN, "null")],
    ] {
        answer(&[SHOP], Some(SHOP), present, &named);
        answer(&["*", SHOP], Some(SHOP), present, &named);
    }
}

/// One that only a star lets in keeps what the origin itself allows it, credentials included.
#[test]
fn an_answer_lets_any_page_in_where_all_may() {
    for present in [[].as_slice(), &[(ORIGIN, SHOP), CREDENTIALS], &[(ORIGIN, "*")]] {
        answer(&["*"], Some(EVIL), present, &[VARY, ANY, EXPOSES]);
    }
    answer(&["*"], Some(SHOP), &[(ORIGIN, SHOP), CREDENTIALS], &[VARY, EXPOSES]);
}

#[test]
fn an_answer_says_nothing_more_to_others() {
    for page in [None, Some(EVIL), Some("null"), Some("")] {
        answer(&[SHOP], page, &[], &[VARY]);
        answer(&[SHOP], page, &[(ORIGIN, EVIL)], &[VARY]);
    }
    answer(&["*"], None, &[], &[VARY]);
}

#[test]
fn an_answer_that_varies_by_origin_says_so_once() {
    for vary in ["Origin", "Accept, origin", "*", "ORIGIN,Cookie"] {
        answer(&[SHOP], None, &[("vary", vary)], &[]);
    }
    for vary in ["", "Accept", "X-Origin", "Origins"] {
        answer(&[SHOP], None, &[("vary", vary)], &[VARY]);
    }
}

/// The headers that a key may stand in.
const KEYS: [&str; 2] = ["idempotency-key", "x-request-id"];

#[track_caller]
fn preflight(origins: &[&str], origin: &str, asked: Option<&str>) -> Vec<(&'static str, String)> {
    let answer = cors(origins).preflight(origin, "PATCH", asked, KEYS.into_iter());
    answer.unwrap_or_else(|| panic!("{origin} under {origins:?} is the origin's to answer"))
}

#[test]
fn what_a_preflight_is_answered() {
    let asked = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
    let rest = [
        ("access-control-allow-methods", "PATCH".to_owned()),
        ("access-control-allow-headers", "content-type, idempotency-key, x-request-id".to_owned()),
        ("access-control-max-age", "600".to_owned()),
        ("vary", asked.to_owned()),
    ];
    let named = [(ORIGIN, SHOP.to_owned()), (CREDENTIALS.0, CREDENTIALS.1.to_owned())];
    let any = [(ORIGIN, "*".to_owned())];
    let answer = preflight(&[SHOP], SHOP, Some("content-type"));
    assert_eq!(answer, [named.as_slice(), &rest].concat());
    let answer = preflight(&["*"], EVIL, Some("content-type"));
    assert_eq!(answer, [any.as_slice(), &rest].concat());
    for origin in [EVIL, "null", ""] {
        let answer =
            cors(&[SHOP]).preflight(origin, "POST", Some("content-type"), KEYS.into_iter());
        assert_eq!(answer, None, "{origin}");
    }
}

#[test]
fn a_preflight_allows_what_it_asks_for_and_the_headers_of_keys() {
    for (asked, allowed) in [
        (None, "idempotency-key, x-request-id"),
        (Some(""), "idempotency-key, x-request-id"),
        (Some("X-Request-ID"), "X-Request-ID, idempotency-key"),
        (
            Some("content-type,IDEMPOTENCY-KEY , x"),
            "content-type, IDEMPOTENCY-KEY, x, x-request-id",
        ),
        (
            Some("authorization, x-idempotency-key"),
            "authorization, x-idempotency-key, idempotency-key, x-request-id",
        ),
        // What is no name is not repeated.
        (Some("a b, (c), d: e, *"), "*, idempotency-key, x-request-id"),
    ] {
        let answer = preflight(&[SHOP], SHOP, asked);
        let found = answer.iter().find(|(name, _)| *name == "access-control-allow-headers");
        assert_eq!(found.map(|(_, value)| value.as_str()), Some(allowed), "{asked:?}");
    }
}
