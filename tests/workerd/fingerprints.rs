//! Whether two requests under one key are the same request.

use serde_json::{Value, json};

use crate::guard::Guard;
use crate::http::Call;
use crate::problem;
use crate::script::{GZIPPED_TEA, Reply};
use crate::stamp::{check_first, check_replay};

fn policy() -> Value {
    json!({ "routes": [
        { "path": "/*/ignore/**", "ignore": ["/sent_at", "/client/attempt", "sent_at"] },
        { "path": "/*/bytes/**", "fingerprint": "bytes" },
        { "path": "/*/none/**", "fingerprint": "none" },
    ] })
}

const JSON: &str = "application/json";
const TEXT: &str = "text/plain";

/// Path, content type, body.
struct Sent(&'static str, &'static str, Vec<u8>);

fn sent(path: &'static str, kind: &'static str, body: impl AsRef<[u8]>) -> Sent {
    Sent(path, kind, body.as_ref().to_vec())
}

impl Sent {
    fn call(&self, guard: &Guard) -> Call {
        let call = Call::post(&guard.path(self.0)).key(&guard.key()).authorization("Bearer alice");
        call.header("Content-Type", self.1).body(self.2.clone())
    }
}

#[track_caller]
fn check(what: &str, one: Sent, other: Sent, same: bool) {
    println!("{what}");
    let guard = Guard::under(&policy());
    guard.origin_in_turn([Reply::new(201)]);
    let first = guard.send(&one.call(&guard));
    check_first(&first, &guard.key());
    let second = guard.send(&other.call(&guard));
    match same {
        true => check_replay(&second, &first),
        false => drop(problem::check(&second, "key-reused")),
    }
    guard.check_calls(1);
    assert_eq!(guard.seen()[0].body, one.2, "the origin gets the bytes as they were sent");
}

#[track_caller]
fn check_all(same: bool, rows: impl IntoIterator<Item = (&'static str, Sent, Sent)>) {
    rows.into_iter().for_each(|(what, one, other)| check(what, one, other, same));
}

#[test]
fn json_is_the_same_however_it_is_written() {
    let json = |body: &str| sent("/auto", JSON, body);
    check_all(
        true,
        [
            ("order", json(r#"{"a":1,"b":[2,3]}"#), json(r#"{"b":[2,3],"a":1}"#)),
            ("white space", json(r#"{"a":[1,2]}"#), json("{ \"a\" : [\n1,\t2 ] }\n")),
            ("escapes", json(r#"{"tea":"\u00e9"}"#), json(r#"{"tea":"é"}"#)),
            (
                "a +json type",
                sent("/auto", "application/a+json", "[1]"),
                sent("/auto", "application/a+json", "[ 1 ]"),
            ),
            ("charset", json("{}"), sent("/auto", "application/json;charset=UTF-8", "{}")),
            ("the type's case", json("{}"), sent("/auto", "Application/JSON", "{}")),
        ],
    );
    check_all(
        false,
        [
            ("an array's order", json("[1,2]"), json("[2,1]")),
            ("a number's text", json(r#"{"n":1}"#), json(r#"{"n":1.0}"#)),
            (
                "a large number's last digit",
                json("10000000000000000001"),
                json("10000000000000000002"),
            ),
            ("a number or a text", json(r#"{"n":1}"#), json(r#"{"n":"1"}"#)),
            ("null or nothing", json(r#"{"n":null}"#), json("{}")),
            ("a name twice", json(r#"{"n":1,"n":2}"#), json(r#"{"n":2,"n":1}"#)),
            ("not JSON", json("{a:1}"), json("{a: 1}")),
            (
                "text that is not JSON by its type",
                sent("/auto", TEXT, "[1]"),
                sent("/auto", TEXT, "[ 1 ]"),
            ),
            ("the query", sent("/auto?a=1&b=2", JSON, "{}"), sent("/auto?b=2&a=1", JSON, "{}")),
            ("a parameter that counts", json("{}"), sent("/auto", "application/json; v=2", "{}")),
        ],
    );
}

#[test]
fn too_deep_for_json_is_compared_by_its_bytes() {
    let nested = |depth: usize, inside: &str| {
        sent("/auto", JSON, format!("{}{inside}{}", "[".repeat(depth), "]".repeat(depth)))
    };
    check("128 deep", nested(128, "1"), nested(128, " 1 "), true);
    check("129 deep, the same bytes", nested(129, "1"), nested(129, "1"), true);
    check("129 deep", nested(129, "1"), nested(129, " 1 "), false);
    check("100,000 deep", nested(100_000, "1"), nested(100_000, "2"), false);
}

/// A form of one field and one file.
fn multipart(kind: &'static str, boundary: &str, file: &[u8]) -> Sent {
    let field =
        format!("--{boundary}\r\nContent-Disposition: form-data; name=\"item\"\r\n\r\ntea\r\n");
    let part = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n");
    let end = format!("\r\n--{boundary}--\r\n");
    sent("/auto", kind, [field.as_bytes(), part.as_bytes(), file, end.as_bytes()].concat())
}

#[test]
fn a_form_that_is_encoded_anew_is_the_same_form() {
    let one = |file: &[u8]| multipart("multipart/form-data; boundary=one", "one", file);
    let two = |file: &[u8]| multipart("multipart/form-data; boundary=----two", "----two", file);
    let quoted = |file: &[u8]| multipart("Multipart/Form-Data;boundary=\"one\"", "one", file);
    let bytes: Vec<u8> = (0..=255).collect();
    check_all(
        true,
        [
            ("a new boundary", one(&bytes), two(&bytes)),
            ("a quoted boundary", one(&bytes), quoted(&bytes)),
        ],
    );
    check_all(
        false,
        [
            ("another file", one(&bytes), two(&bytes[1..])),
            ("each contains the other's boundary", one(b"\r\n------two"), two(b"\r\n--one")),
            (
                "another kind of form",
                one(&bytes),
                multipart("multipart/mixed; boundary=one", "one", &bytes),
            ),
        ],
    );
    let form = |body: &str| sent("/auto", "application/x-www-form-urlencoded", body);
    check("a form's order", form("a=1&b=2"), form("b=2&a=1"), false);
    check("a token", form("item=tea&_csrf=A"), form("item=tea&_csrf=B"), true);
    check("a token and more", form("item=tea&_csrf=A"), form("item=milk&_csrf=B"), false);
    let nested = |outer: &'static str, inner: &str| {
        let kind = ["multipart/mixed; boundary=a", "multipart/mixed; boundary=b"];
        let kind = kind[usize::from(outer == "b")];
        let head = format!("Content-Type: multipart/mixed; boundary={inner}");
        let body = format!(
            "--{outer}\r\n{head}\r\n\r\n--{inner}\r\n\r\ntea\r\n--{inner}--\r\n--{outer}--"
        );
        sent("/auto", kind, body)
    };
    check("both boundaries new", nested("a", "c"), nested("b", "d"), true);
}

#[test]
fn what_the_policy_ignores_may_change() {
    let json = |body: &str| sent("/ignore", JSON, body);
    check_all(
        true,
        [
            (
                "a value",
                json(r#"{"sent_at":1,"item":"tea"}"#),
                json(r#"{"item":"tea","sent_at":2}"#),
            ),
            ("there or not", json(r#"{"sent_at":1,"item":"tea"}"#), json(r#"{"item":"tea"}"#)),
            (
                "further in",
                json(r#"{"client":{"id":1,"attempt":1}}"#),
                json(r#"{"client":{"attempt":2,"id":1}}"#),
            ),
        ],
    );
    check_all(
        false,
        [
            (
                "what is beside it",
                json(r#"{"sent_at":1,"item":"tea"}"#),
                json(r#"{"sent_at":1,"item":"milk"}"#),
            ),
            (
                "the same name elsewhere",
                json(r#"{"a":{"sent_at":1}}"#),
                json(r#"{"a":{"sent_at":2}}"#),
            ),
            (
                "on another route",
                sent("/auto", JSON, r#"{"sent_at":1}"#),
                sent("/auto", JSON, r#"{"sent_at":2}"#),
            ),
        ],
    );
}

#[test]
fn a_field_of_a_form_that_the_policy_ignores_may_change() {
    let form = |body: &str| sent("/ignore", "application/x-www-form-urlencoded", body);
    check("a field", form("sent_at=1&item=tea"), form("sent_at=2&item=tea"), true);
    check("another", form("sent_at=1&item=tea"), form("sent_at=1&item=milk"), false);
}

/// The same body, said to be something else.
#[test]
fn what_a_body_is_said_to_be_counts() {
    let rows = [
        (
            "multipart/form-data; boundary=A; boundary=B",
            "multipart/form-data; boundary=A; boundary=C",
        ),
        ("application/json; charset=utf-8", "application/json; charset=utf-16"),
        ("application/json; profile=\"A\"", "application/json; profile=\"a\""),
        ("application/json; p=\"x;y\"", "application/json; p=\"x;z\""),
    ];
    for (one, other) in rows {
        check(one, sent("/auto", one, "{}"), sent("/auto", other, "{}"), false);
    }
}

fn with_header(name: &'static str, values: [&'static str; 2]) {
    println!("{name}");
    let guard = Guard::under(&policy());
    guard.origin_in_turn([Reply::new(201)]);
    let [one, other] = values.map(|value| guard.order_to("/auto").header(name, value));
    let first = guard.send(&one);
    check_first(&first, &guard.key());
    check_replay(&guard.send(&one), &first);
    problem::check(&guard.send(&other), "key-reused");
    problem::check(&guard.send(&guard.order_to("/auto")), "key-reused");
    guard.check_calls(1);
}

#[test]
fn headers_that_make_another_request_count() {
    with_header("X-HTTP-Method-Override", ["PUT", "DELETE"]);
    with_header("SOAPAction", ["\"urn:pay\"", "\"urn:refund\""]);
    with_header("Stripe-Account", ["acct_1", "acct_2"]);
    with_header("Content-Encoding", ["gzip", "br"]);
    with_header("Content-Range", ["bytes 0-1/4", "bytes 2-3/4"]);
}

#[test]
fn by_bytes_every_byte_counts_and_by_none_only_what_it_is_about() {
    let json = |path, body: &str| sent(path, JSON, body);
    check("the same bytes", json("/bytes", "[1]"), json("/bytes", "[1]"), true);
    check("white space", json("/bytes", "[1]"), json("/bytes", "[ 1]"), false);
    check("another body", json("/none", "[1]"), json("/none", "[2]"), true);
    check("another query", json("/none/a", "[1]"), json("/none/a?c", "[1]"), true);
    check("another path", json("/none/a", "[1]"), json("/none/b", "[1]"), false);
}

/// A body that its client has encoded is neither decoded for the comparison nor for the origin.
#[test]
fn an_encoded_body_counts_by_its_bytes() {
    let guard = Guard::under(&policy());
    guard.origin_in_turn([Reply::new(201)]);
    let order = |body: &[u8]| {
        let call = Call::post(&guard.path("/auto")).key(&guard.key()).authorization("Bearer alice");
        call.header("Content-Type", JSON).header("Content-Encoding", "gzip").body(body)
    };
    let first = guard.send(&order(&GZIPPED_TEA));
    check_first(&first, &guard.key());
    check_replay(&guard.send(&order(&GZIPPED_TEA)), &first);
    // The header's byte for the operating system: the same text in another wrapping.
    let mut other = GZIPPED_TEA;
    other[9] = 0xff;
    problem::check(&guard.send(&order(&other)), "key-reused");
    guard.check_calls(1);
    let seen = guard.seen().remove(0);
    assert_eq!(seen.body, GZIPPED_TEA);
    assert_eq!(seen.headers.get("content-encoding"), Some("gzip"));
}
