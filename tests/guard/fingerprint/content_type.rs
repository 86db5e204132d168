//! What a request says that its body is.

use super::{AUTO, BYTES, Sent, different, order, same};

fn plain(kind: &str) -> Sent {
    order(Some(kind), b"x")
}

#[test]
fn content_type_counts_without_a_charset_of_utf8() {
    for kind in [
        "TEXT/Plain",
        "text/plain;charset=utf-8",
        "text/plain; Charset=\"UTF-8\"",
        "text/plain; charset=utf8",
        " text/plain ; charset=UTF8 ",
        "text/plain;",
        "text/plain;;",
    ] {
        for method in [&AUTO, &BYTES] {
            same(method, &plain("text/plain"), &plain(kind));
        }
    }
    for kind in [
        "text/html",
        "text/plain; format=flowed",
        "text/plain; xcharset=a",
        "text/plain; charset=utf-16",
        "text/plain; charset=iso-8859-1",
        "text/plain; charset",
        "text/plain; charset=",
        "text/plain; boundary=b",
        "text/plain, text/plain",
        "text",
        "",
    ] {
        for method in [&AUTO, &BYTES] {
            different(method, &plain("text/plain"), &plain(kind));
        }
    }
    different(&AUTO, &plain(""), &order(None, b"x"));
}

/// Names in any case, values as they are, quotes or not (RFC 9110 section 5.6.6).
#[test]
fn parameters_count_as_they_are_meant() {
    same(&AUTO, &plain("a/b;c=D;charset=utf-8;e=f"), &plain("A/B ; C=D ; E=\"f\""));
    for (one, other) in [
        ("a/b; profile=\"A\"", "a/b; profile=\"a\""),
        ("a/b; p=1; q=2", "a/b; q=2; p=1"),
        ("a/b; p=\"x;y\"", "a/b; p=\"x\""),
        ("a/b; p=\"x;q=y\"", "a/b; p=x; q=y"),
        ("a/b; p=\"x\\\"y\"", "a/b; p=\"xy\""),
        ("a/b; p=1", "a/b; p=1; p=1"),
        ("a/b; p=\"\"", "a/b"),
        ("a/b; charset=utf-16", "a/b; charset=utf-16le"),
        ("a/b; charset=utf-8; charset=utf-16", "a/b; charset=utf-16; charset=utf-8"),
        ("a/b; charset=utf-8; charset=utf-16", "a/b; charset=utf-16"),
        ("a/b; p=\"x", "a/b; p=\"x\""),
    ] {
        different(&AUTO, &plain(one), &plain(other));
        different(&BYTES, &plain(one), &plain(other));
    }
}

/// A body is read as what its headers say, or not at all.
#[test]
fn what_is_said_to_be_something_else_counts_byte_for_byte() {
    let sent = |kind: &str, body: &str, coding: Option<&str>| {
        let Sent(head, body) = order(Some(kind), body.as_bytes());
        Sent(
            coding.into_iter().fold(head, |head, coding| head.with("content-encoding", coding)),
            body,
        )
    };
    let (tight, loose) = (r#"{"a":1}"#, r#"{ "a": 1 }"#);
    let json = "application/json";
    same(&AUTO, &sent(json, tight, None), &sent(json, loose, None));
    same(&AUTO, &sent(json, tight, Some("identity")), &sent(json, loose, Some("Identity")));
    for kind in ["application/json; charset=utf-16", "application/json; charset=utf-8; charset=x"] {
        different(&AUTO, &sent(kind, tight, None), &sent(kind, loose, None));
    }
    different(&AUTO, &sent(json, tight, Some("gzip")), &sent(json, loose, Some("gzip")));
    for (one, other) in [(None, Some("gzip")), (Some("br"), Some("gzip"))] {
        different(&AUTO, &sent(json, tight, one), &sent(json, tight, other));
        different(&BYTES, &sent(json, tight, one), &sent(json, tight, other));
    }
    let form = "application/x-www-form-urlencoded";
    let with_token = |token| format!("item=tea&_csrf={token}");
    for (kind, coding) in [(&*format!("{form}; charset=utf-16"), None), (form, Some("gzip"))] {
        let [first, second] = ["A", "B"].map(|token| sent(kind, &with_token(token), coding));
        different(&AUTO, &first, &second);
    }
}

/// Which part of a resource the body is.
#[test]
fn the_range_counts() {
    let part = |range: &str| {
        let Sent(head, body) = order(None, b"x");
        Sent(head.with("content-range", range), body)
    };
    for method in [&AUTO, &BYTES] {
        same(method, &part("bytes 0-0/9"), &part("bytes 0-0/9"));
        different(method, &part("bytes 0-0/9"), &part("bytes 1-1/9"));
        different(method, &part("bytes 0-0/9"), &order(None, b"x"));
    }
}
