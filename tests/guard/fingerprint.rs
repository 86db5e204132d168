//! Whether two requests under one key are the same request.

mod json;
mod multipart;
mod shuffled;

use crate::fixtures::{AUTO, Request};
use onlyonce::guard::fingerprint::{Algorithm, Fingerprint, Method};

const BYTES: Method = Method { algorithm: Algorithm::Bytes, ignore: Vec::new() };
const NONE: Method = Method { algorithm: Algorithm::None, ignore: Vec::new() };

/// A request, complete.
#[derive(Clone)]
struct Sent(Request, Vec<u8>);

impl Sent {
    fn digest(&self, method: &Method) -> String {
        Fingerprint::of(&self.0, &self.1, method).digest.to_string()
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
/// request. They were computed apart from this program: SHA-256 over the purpose, the reading,
/// method, path, query, content type and what was read of the body, each preceded by its length
/// in eight bytes.
#[test]
fn digests_are_pinned() {
    let json = order(Some("application/json"), br#"{"b": [1, {}], "a": "\u00fc"}"#);
    assert_eq!(
        json.digest(&AUTO),
        "8ecca4d136549d2f9495bbbc88ec080ac915586ebe211acdb579f973c298d51e"
    );
    assert_eq!(
        json.digest(&BYTES),
        "046042ce4e5049c247d49179528eba2fc1e068270bd5e92404d5720c28d1645a"
    );
    assert_eq!(
        json.digest(&NONE),
        "2a25c04fc24258502be80ee28a9e6c5f2e31bc5237cac85246b88b5a6f6ef77c"
    );
    let form = b"--b\r\n\r\none\r\n--b--";
    let form = order(Some("multipart/form-data; boundary=b"), form);
    assert_eq!(
        form.digest(&AUTO),
        "a812d2fd516e04da3d72f59bd64c03b6bec1fde6fff0fb22368e022c1ced575a"
    );
    let bare = Sent(Request::post("/orders").query("a=1"), Vec::new());
    assert_eq!(
        bare.digest(&AUTO),
        "5d07df2cec4af02c3231601da2d8a116e31fbf5b04d9dda29337ce9262424286"
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
fn content_type_counts_without_boundary_and_charset() {
    let plain = |kind| order(Some(kind), b"x");
    for kind in [
        "TEXT/Plain",
        "text/plain;charset=utf-8",
        "text/plain; Charset=\"UTF-8\"",
        " text/plain ; charset=iso-8859-1 ; boundary=b ",
        "text/plain;",
        "text/plain;;",
        "text/plain; charset",
    ] {
        same(&AUTO, &plain("text/plain"), &plain(kind));
        same(&BYTES, &plain("text/plain"), &plain(kind));
    }
    for kind in ["text/html", "text/plain; format=flowed", "text/plain; xcharset=a", "text", ""] {
        different(&AUTO, &plain("text/plain"), &plain(kind));
        different(&BYTES, &plain("text/plain"), &plain(kind));
    }
    different(&AUTO, &plain(""), &order(None, b"x"));
    same(&AUTO, &plain("a/b;c=D;charset=x;e=f"), &plain("A/B ; C=d ; E=F"));
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
fn none_compares_nothing() {
    let other = Sent(Request::new("PATCH", "/").query("q"), b"y".into());
    same(&NONE, &order(Some("text/plain"), b"x"), &other);
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
    let ignore = vec![vec!["sent_at".to_owned()], vec!["a/b".to_owned(), "0".to_owned()]];
    for method in [AUTO, BYTES, NONE, Method { algorithm: Algorithm::Auto, ignore }] {
        let fingerprint = Fingerprint::of(&Request::post("/orders"), b"x", &method);
        let bytes = postcard::to_allocvec(&fingerprint).expect("bytes");
        assert_eq!(postcard::from_bytes(&bytes), Ok(fingerprint));
    }
    assert!(postcard::from_bytes::<Fingerprint>(&[3; 64]).is_err());
}
