//! Whether two requests under one key are the same request.

mod content_type;
mod differences;
mod forms;
mod headers;
mod json;
mod memory;
mod multipart;
mod shuffled;

use crate::fixtures::{AUTO, Request};
use onlyonce::guard::fingerprint::{Algorithm, Fingerprint, Headers, Ignore, Method};

const BYTES: Method = Method::new(Algorithm::Bytes);
const NONE: Method = Method::new(Algorithm::None);

/// A request, complete.
#[derive(Clone)]
struct Sent(Request, Vec<u8>);

impl Sent {
    fn digest(&self, method: &Method) -> String {
        let fingerprint = Fingerprint::of(&self.0, &self.1, method).expect("readable headers");
        fingerprint.digest.to_string()
    }
}

fn order(content_type: Option<&str>, body: &[u8]) -> Sent {
    let head = Request::post("/orders");
    let head = content_type.into_iter().fold(head, |head, kind| head.with("content-type", kind));
    Sent(head, body.into())
}

#[track_caller]
fn same(method: &Method, one: &Sent, other: &Sent) {
    assert_eq!(one.digest(method), other.digest(method), "{}", both(one, other));
}

#[track_caller]
fn different(method: &Method, one: &Sent, other: &Sent) {
    assert_ne!(one.digest(method), other.digest(method), "{}", both(one, other));
}

fn both(one: &Sent, other: &Sent) -> String {
    let text = |sent: &Sent| String::from_utf8_lossy(&sent.1).into_owned();
    format!("{:?} and {:?}", text(one), text(other))
}

/// Living records hold these hashes: were one to change, a retry would be refused as another
/// request. They were computed apart from this program: SHA-256 over the purpose, the reading, method,
/// path, the headers that count, query, content type, coding, range and what was read of the body, each
/// preceded by its length in eight bytes, and each list by its count.
#[test]
fn digests_are_pinned() {
    let json = order(Some("application/json"), br#"{"b": [1, {}], "a": "\u00fc"}"#);
    assert_eq!(
        json.digest(&AUTO),
        "39ef699fe4e17b25ece50a7a353eaba77b17fa458a4cab9b97e03d388d5e9b65"
    );
    assert_eq!(
        json.digest(&BYTES),
        "38ea9f3d9f8e7adab6917edb2e6b382ebb4e97b2f127e17089dcd3a5faee3b6b"
    );
    assert_eq!(
        json.digest(&NONE),
        "88aa22b8794a02e435b170f83b97381339c6640e8ad1bcc4b4c5c703c877548a"
    );
    let form = b"--b\r\n\r\none\r\n--b--";
    let form = order(Some("multipart/form-data; boundary=b"), form);
    assert_eq!(
        form.digest(&AUTO),
        "a8087acc26f9823a1786661e26b36ca00847d1a96d9529bdab87477d458febbd"
    );
    let form = order(Some("application/x-www-form-urlencoded"), b"_csrf=x&a=1");
    assert_eq!(
        form.digest(&AUTO),
        "a72192e6f1c75abd564601bbbba1ffc3422696c8c89772fa3aa73b260a9528df"
    );
    let bare = Sent(Request::post("/orders").query("a=1"), Vec::new());
    assert_eq!(
        bare.digest(&AUTO),
        "1d948834405587bf48678bbf4cd53ff219f35eaddf5945d016f553c0ce88a273"
    );
}

#[test]
fn method_path_and_query_count() {
    let first = order(None, b"x");
    let at = |head: Request| Sent(head, b"x".into());
    for method in [&AUTO, &BYTES] {
        same(method, &first, &at(Request::post("/orders")));
        different(method, &first, &at(Request::new("PATCH", "/orders")));
        different(method, &first, &at(Request::new("post", "/orders")));
        different(method, &first, &at(Request::post("/orders/")));
        different(method, &first, &at(Request::post("/Orders")));
        different(method, &first, &at(Request::post("/%6frders")));
        different(method, &first, &at(Request::post("/orders").query("a=1")));
        different(method, &at(Request::post("/o").query("rders")), &first);
        let reordered = at(Request::post("/orders").query("b=2&a=1"));
        different(method, &at(Request::post("/orders").query("a=1&b=2")), &reordered);
    }
}

/// Where one part ends and the next begins counts as well.
#[test]
fn parts_do_not_run_into_each_other() {
    let one = Sent(Request::post("/ab").query("c"), b"d".into());
    for (path, query, body) in [("/a", "bc", "d"), ("/abc", "", "d"), ("/ab", "", "cd")] {
        different(&AUTO, &one, &Sent(Request::post(path).query(query), body.into()));
    }
    different(&AUTO, &order(Some("text/a"), b"b"), &order(Some("text/"), b"ab"));
}

#[test]
fn headers_beside_the_content_type_do_not_count() {
    let first = order(Some("text/plain"), b"x");
    for name in ["user-agent", "traceparent", "date", "authorization", "accept"] {
        same(&AUTO, &first, &Sent(first.0.clone().with(name, "other"), b"x".into()));
    }
}

#[test]
fn an_empty_body_is_a_body() {
    let json = Some("application/json");
    same(&AUTO, &order(json, b""), &order(json, b""));
    different(&AUTO, &order(json, b""), &order(None, b""));
    different(&AUTO, &order(json, b""), &order(json, b"{}"));
    different(&AUTO, &order(None, b""), &order(None, b"\0"));
}

#[test]
fn bytes_reads_nothing_into_a_body() {
    let json = |body: &[u8]| order(Some("application/json"), body);
    same(&BYTES, &json(b"{}"), &json(b"{}"));
    different(&BYTES, &json(b"{}"), &json(b"{ }"));
    different(&BYTES, &json(br#"{"a":1,"b":2}"#), &json(br#"{"b":2,"a":1}"#));
    let form = |boundary: &str| {
        let body = format!("--{boundary}\r\n\r\nx\r\n--{boundary}--");
        let kind = format!("multipart/form-data; boundary={boundary}");
        order(Some(&kind), body.as_bytes())
    };
    different(&BYTES, &form("one"), &form("two"));
}

#[test]
fn none_compares_what_the_request_is_about() {
    let first = order(Some("text/plain"), b"x");
    let to = |head: Request| Sent(head, b"y".into());
    same(&NONE, &first, &to(Request::post("/orders").query("q")));
    same(&NONE, &first, &to(Request::post("/orders").with("content-type", "a/b")));
    different(&NONE, &first, &to(Request::new("PATCH", "/orders")));
    different(&NONE, &first, &to(Request::post("/pay")));
    different(&NONE, &first, &to(Request::post("/orders").with("soapaction", "pay")));
}

/// No body read one way equals a body read another way.
#[test]
fn the_reading_counts() {
    let json = order(Some("application/json"), br#"{"a":1,}"#);
    let canonical = order(Some("application/json"), br#"{"a":1}"#);
    different(&AUTO, &json, &canonical);
    assert_ne!(canonical.digest(&AUTO), canonical.digest(&BYTES));
    let text = order(Some("text/plain"), br#"{"a":1}"#);
    assert_ne!(text.digest(&AUTO), text.digest(&NONE));
    assert_eq!(text.digest(&AUTO), text.digest(&BYTES));
}

#[test]
fn fingerprints_are_stored_with_their_method() {
    let pointers = vec![vec!["sent_at".to_owned()], vec!["a/b".to_owned(), "0".to_owned()]];
    let ignore = Ignore { pointers, fields: vec!["sent_at".into()], query: vec!["key".into()] };
    let headers = Headers { known: false, named: vec!["x-shop".into()] };
    for method in [AUTO, BYTES, NONE, Method { ignore, headers, ..AUTO }] {
        let fingerprint = Fingerprint::of(&Request::post("/orders"), b"x", &method);
        let fingerprint = fingerprint.expect("readable headers");
        let bytes = postcard::to_allocvec(&fingerprint).expect("bytes");
        assert_eq!(postcard::from_bytes(&bytes), Ok(fingerprint));
    }
    assert!(postcard::from_bytes::<Fingerprint>(&[3; 64]).is_err());
}
