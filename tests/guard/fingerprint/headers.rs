//! Headers that make another request.

use super::{AUTO, BYTES, NONE, Sent, different, order, same};
use onlyonce::guard::fingerprint::{Fingerprint, Headers, Method};
use onlyonce::guard::known_names::request_headers;

fn with(name: &str, value: &str) -> Sent {
    let Sent(head, body) = order(Some("text/plain"), b"x");
    Sent(head.with(name, value), body)
}

fn named<const N: usize>(known: bool, names: [&str; N]) -> Method {
    let named = names.map(str::to_owned).into();
    Method { headers: Headers { known, named }, ..AUTO }
}

#[test]
fn the_usual_ones_count() {
    let names: Vec<&str> = request_headers().collect();
    for name in [
        "x-http-method-override",
        "x-original-url",
        "x-rewrite-url",
        "soapaction",
        "dropbox-api-arg",
        "destination",
        "upload-offset",
        "stripe-account",
        "x-tenant-id",
        "dropbox-api-select-user",
        "dropbox-api-select-admin",
        "as-user",
        "impersonate-user",
        "x-on-behalf-of",
        "x-merchant-id",
        "wix-site-id",
    ] {
        assert!(names.contains(&name), "{name}");
    }
    for name in names {
        assert_eq!(name, name.to_ascii_lowercase());
        for method in [&AUTO, &BYTES, &NONE] {
            same(method, &with(name, "a"), &with(name, "a"));
            different(method, &with(name, "a"), &with(name, "b"));
            different(method, &with(name, "a"), &with(name, ""));
            different(method, &with(name, "a"), &order(Some("text/plain"), b"x"));
        }
    }
}

#[test]
fn a_policy_names_its_own() {
    let (shop, tenant) = ("x-shop", "x-tenant");
    let one = named(false, [shop]);
    different(&one, &with(shop, "1"), &with(shop, "2"));
    same(&one, &with(tenant, "1"), &with(tenant, "2"));
    let both = named(true, [shop]);
    different(&both, &with(shop, "1"), &with(shop, "2"));
    different(&both, &with(tenant, "1"), &with(tenant, "2"));
    let none = named(false, []);
    same(&none, &with(shop, "1"), &with(tenant, "2"));
    // One that is on both lists counts once.
    let twice = named(true, [tenant]);
    let digest = |method| with(tenant, "1").digest(method);
    assert_eq!(digest(&twice), digest(&AUTO));
}

/// So that a name more on the list makes no living record another.
#[test]
fn one_that_is_absent_does_not_count() {
    let sent = with(SHOP, "1");
    assert_eq!(sent.digest(&named(false, [SHOP])), sent.digest(&named(false, [SHOP, "x-y"])));
    assert_eq!(with("x-z", "1").digest(&named(false, [])), with("x-z", "1").digest(&AUTO));
}

const SHOP: &str = "x-shop";

#[test]
fn no_two_lists_of_headers_become_one() {
    let two = |first: (&str, &str), second: (&str, &str)| {
        let Sent(head, body) = with(first.0, first.1);
        Sent(head.with(second.0, second.1), body)
    };
    let method = named(false, ["a", "b"]);
    different(&method, &two(("a", "1"), ("b", "2")), &two(("a", "2"), ("b", "1")));
    different(&method, &two(("a", "1b"), ("b", "2")), &two(("a", "1"), ("b", "b2")));
    same(&method, &two(("a", "1"), ("b", "2")), &two(("b", "2"), ("a", "1")));
    // Two lines of one name arrive joined, in their order.
    different(&method, &two(("a", "1"), ("a", "2")), &two(("a", "2"), ("a", "1")));
}

/// The platform puts U+FFFD for every byte that is no UTF-8.
#[test]
fn a_header_that_could_be_two_makes_no_fingerprint() {
    for name in ["content-type", "content-encoding", "content-range", "soapaction"] {
        let Sent(head, body) = with(name, "caf\u{fffd}");
        let error = Fingerprint::of(&head, &body, &AUTO).expect_err(name).to_string();
        assert!(error.starts_with(&format!("the header {name} holds bytes")), "{error}");
    }
    let Sent(head, body) = with("x-other", "caf\u{fffd}");
    assert!(Fingerprint::of(&head, &body, &AUTO).is_ok());
    // Nor does `none` take one for another where it looks.
    let Sent(head, body) = with("soapaction", "caf\u{fffd}");
    assert!(Fingerprint::of(&head, &body, &NONE).is_err());
}
