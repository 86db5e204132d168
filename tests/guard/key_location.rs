//! Where a key may stand, what is refused, and what of it the origin gets.

use crate::fixtures::Request;
use onlyonce::guard::fingerprint::Fingerprint;
use onlyonce::guard::key_location::{
    FoundKey, KeyLocation, KeyRefusal, find_key, is_in_body, missing_key,
};
use onlyonce::guard::policy::Policy;

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const MULTIPART: (&str, &str) = ("content-type", "multipart/form-data; boundary=b");

fn both() -> Vec<KeyLocation> {
    vec![KeyLocation::usual(), KeyLocation::Form("idempotency-key".into())]
}

fn head(headers: &[(&str, &str)]) -> Request {
    headers.iter().fold(Request::post("/buy"), |head, (name, value)| head.with(name, value))
}

fn found(head: &Request, body: &str) -> Result<Option<FoundKey>, KeyRefusal> {
    find_key(&both(), head, body.as_bytes())
}

/// The key, and the header that the origin gets because the request has none of its own.
#[track_caller]
fn check(headers: &[(&str, &str)], body: &str, key: Option<&str>, header: Option<&str>) {
    let found = found(&head(headers), body).expect("a key or none");
    assert_eq!(found.as_ref().map(|found| found.key.as_str()), key, "{body:?}");
    assert_eq!(found.as_ref().and_then(FoundKey::header), header, "{body:?}");
}

#[track_caller]
fn refuses(headers: &[(&str, &str)], body: &str, sentence: &str) {
    let refusal = found(&head(headers), body).expect_err(body);
    assert_eq!(refusal.to_string(), sentence);
}

fn part(name: &str, value: &str) -> String {
    format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
}

fn multipart(parts: &[String]) -> String {
    format!("{}--b--\r\n", parts.concat())
}

#[test]
fn a_field_of_an_urlencoded_form_holds_a_key() {
    check(&[FORM], "a=1&idempotency-key=k-1&b=2", Some("k-1"), Some("k-1"));
    check(&[FORM], "idempotency-key=%22a+key%22", Some("a key"), Some("\"a key\""));
    check(&[FORM], "idempotency%2Dkey=k%2D1", Some("k-1"), Some("k-1"));
    check(&[FORM], "idempotency-key=+k-1%09", Some("k-1"), Some("k-1"));
    check(&[FORM], "a=1", None, None);
    check(&[FORM], "", None, None);
    check(&[FORM], "Idempotency-Key=k-1&idempotency-key2=k", None, None);
    let utf8 = ("content-type", "application/x-www-form-urlencoded; charset=UTF-8");
    check(&[utf8], "idempotency-key=k-1", Some("k-1"), Some("k-1"));
}

#[test]
fn a_field_of_a_multipart_form_holds_a_key() {
    let parts = |value| multipart(&[part("a", "1"), part("idempotency-key", value), part("b", "")]);
    check(&[MULTIPART], &parts("k-1"), Some("k-1"), Some("k-1"));
    check(&[MULTIPART], &parts("\"a key\""), Some("a key"), Some("\"a key\""));
    check(&[MULTIPART], &multipart(&[part("a", "1")]), None, None);
    let last = multipart(&[part("a", "1"), part("idempotency-key", "k-1")]);
    check(&[MULTIPART], &last, Some("k-1"), Some("k-1"));
    // What stands before the first part, a file and a part that cannot be read are no fields.
    let headers = "Content-Disposition: form-data; name=\"idempotency-key\"";
    let preamble = format!("{headers}\r\n\r\nk\r\n{}", multipart(&[part("a", "1")]));
    check(&[MULTIPART], &preamble, None, None);
    // Nor is what stands behind the end.
    let behind = format!("--b--\r\n{}", multipart(&[part("idempotency-key", "k-1")]));
    check(&[MULTIPART], &behind, None, None);
    let file = format!("--b\r\n{headers}; filename=\"a\"\r\n\r\nk\r\n");
    let broken = "--b\r\nno headers\r\n".to_owned();
    check(
        &[MULTIPART],
        &multipart(&[file, broken, part("idempotency-key", "k-1")]),
        Some("k-1"),
        Some("k-1"),
    );
}

#[test]
fn a_header_is_as_good_and_the_origin_has_it_already() {
    let key = ("idempotency-key", "k-1");
    check(&[key], "", Some("k-1"), None);
    check(&[key, FORM], "a=1", Some("k-1"), None);
    check(&[key, FORM], "idempotency-key=%22k-1%22", Some("k-1"), None);
    let locations =
        ["header:X-Request-Key", "header:idempotency-key"].map(|text| text.parse().expect(text));
    let found = find_key(&locations, &head(&[("x-request-key", " k-1 ")]), b"");
    assert_eq!(found.expect("a key").as_ref().and_then(FoundKey::header), Some("k-1"));
}

#[test]
fn two_keys_are_refused_wherever_they_stand() {
    let key = ("idempotency-key", "k-1");
    const SENTENCE: &str = "Idempotency-Key and the form's field idempotency-key name two keys, and only one of them can be meant; send the key in one of them, or the same in both";
    refuses(&[key, FORM], "idempotency-key=k-2", SENTENCE);
    const TWICE: &str = "the form's field idempotency-key is there more than once; send one key";
    refuses(&[FORM], "idempotency-key=k-1&a=1&idempotency-key=k-2", TWICE);
    let parts = [part("idempotency-key", "k-1"), part("idempotency-key", "k-2")];
    refuses(&[MULTIPART], &multipart(&parts), TWICE);
    // As with a header.
    refuses(&[FORM], "idempotency-key=k-1&idempotency-key=k-1", TWICE);
}

#[test]
fn who_sends_no_key_is_told_where_one_may_stand() {
    const CURE: &str = "and this route requires one; send one of 1 to 255 characters, such as a new UUID, and keep it for every retry";
    let usual = missing_key(&[KeyLocation::usual()]);
    assert_eq!(usual, format!("the request has no key in Idempotency-Key, {CURE}"));
    let either = "Idempotency-Key or the form's field idempotency-key";
    assert_eq!(missing_key(&both()), format!("the request has no key in {either}, {CURE}"));
}

#[test]
fn a_field_that_is_no_key_is_refused_by_its_name() {
    refuses(
        &[FORM],
        "idempotency-key=",
        "the form's field idempotency-key \"\" is empty; send one key of 1 to 255 characters, such as a new UUID",
    );
    refuses(
        &[FORM],
        "idempotency-key",
        "the form's field idempotency-key \"\" is empty; send one key of 1 to 255 characters, such as a new UUID",
    );
    refuses(
        &[MULTIPART],
        &multipart(&[part("idempotency-key", "a,b")]),
        "the form's field idempotency-key \"a,b\" holds a comma outside quotes, as a repeated header does; send one key of 1 to 255 characters, such as a new UUID",
    );
    assert!(found(&head(&[FORM]), "idempotency-key=%FF").is_err());
    assert!(found(&head(&[FORM]), "idempotency-key=undefined").is_err());
    assert!(found(&head(&[FORM]), &format!("idempotency-key={}", "k".repeat(256))).is_err());
    // A good key elsewhere mends nothing.
    assert!(found(&head(&[("idempotency-key", "k"), FORM]), "idempotency-key=a,b").is_err());
}

#[test]
fn a_body_is_read_only_where_it_is_a_form_and_the_policy_looks_into_forms() {
    for (headers, is_form) in [
        (vec![FORM], true),
        (vec![MULTIPART], true),
        (vec![("content-type", "application/X-WWW-form-urlencoded ; charset=utf-8")], true),
        (vec![("content-type", "application/json")], false),
        (vec![("content-type", "multipart/mixed; boundary=b")], false),
        (vec![("content-type", "text/plain")], false),
        (vec![FORM, ("content-encoding", "gzip")], false),
        (vec![("content-type", "application/x-www-form-urlencoded; charset=utf-16")], false),
        (vec![], false),
    ] {
        assert_eq!(is_in_body(&both(), &head(&headers)), is_form, "{headers:?}");
        assert!(!is_in_body(&[KeyLocation::usual()], &head(&headers)));
        if !is_form {
            check(&headers, "idempotency-key=k", None, None);
        }
    }
}

#[test]
fn the_field_of_the_key_makes_no_other_request() {
    let policy =
        Policy::parse(r#"{"key_from": ["header:idempotency-key", "form:idempotency-key"]}"#);
    let settings = policy.expect("a policy").defaults;
    let fingerprint = |headers: &[(&str, &str)], body: &str| {
        Fingerprint::of(&head(headers), body.as_bytes(), &settings.comparison()).expect("readable")
    };
    let plain = fingerprint(&[FORM], "a=1&b=2");
    assert_eq!(fingerprint(&[FORM], "a=1&idempotency-key=k&b=2"), plain);
    assert_ne!(fingerprint(&[FORM], "a=2&idempotency-key=k&b=2"), plain);
    let plain = fingerprint(&[MULTIPART], &multipart(&[part("a", "1")]));
    let keyed = multipart(&[part("a", "1"), part("idempotency-key", "k")]);
    assert_eq!(fingerprint(&[MULTIPART], &keyed), plain);
    assert_eq!(*Policy::default().defaults.comparison(), Policy::default().defaults.fingerprint);
}
