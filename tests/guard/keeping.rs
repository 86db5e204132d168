//! What is kept of an answer for retries, and what a replay says of the rest.

use crate::fixtures::answer;
use onlyonce::guard::json_pointer;
use onlyonce::guard::keeping::{Keeping, Store};
use onlyonce::guard::record::{Answer, Body, LeftOut};

fn json(body: &str) -> Answer {
    let headers = [
        ("content-type", "application/json"),
        ("content-digest", "sha-256=:AA==:"),
        ("etag", "\"1\""),
        ("location", "/orders/1"),
    ];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    Answer { headers, ..answer(201, body) }
}

fn redacting(pointers: &[&str]) -> Keeping {
    let redact = pointers.iter().map(|text| json_pointer::parse(text).expect("a pointer"));
    Keeping { redact: redact.collect(), ..Keeping::default() }
}

fn storing(store: Store) -> Keeping {
    Keeping { store, ..Keeping::default() }
}

fn names(answer: &Answer) -> Vec<&str> {
    answer.headers.iter().map(|(name, _)| name.as_str()).collect()
}

/// What is kept of a body, and what its replay says.
#[track_caller]
fn keeps(pointers: &[&str], body: &str, kept: &str, omitted: Option<&str>) {
    let answer = redacting(pointers).kept(json(body));
    assert_eq!(String::from_utf8_lossy(answer.inline()), kept, "{body}");
    assert_eq!(answer.left_out.header().as_deref(), omitted, "{body}");
}

#[test]
fn an_answer_is_kept_as_it_is_where_nothing_is_said() {
    assert_eq!(Keeping::default().kept(json("{}")), json("{}"));
    assert!(Keeping::default().is_plain());
    let sealing = Keeping { seal: true, ..Keeping::default() };
    for other in [storing(Store::Head), storing(Store::None), redacting(&["/a"]), sealing] {
        assert!(!other.is_plain(), "{other:?}");
    }
}

#[test]
fn a_head_has_no_body_and_nothing_that_describes_one() {
    for body in [Body::Inline { bytes: b"{}".into() }, Body::NotKept] {
        let kept = storing(Store::Head).kept(Answer { body, ..json("") });
        assert_eq!(kept.body, Body::Inline { bytes: Vec::new() });
        assert_eq!(names(&kept), ["etag", "location"]);
        assert_eq!(kept.left_out.header().as_deref(), Some("body"));
    }
    let empty = storing(Store::Head).kept(json(""));
    assert_eq!(empty, json(""), "nothing is left out of what is empty");
}

#[test]
fn of_nothing_only_the_status_is_kept() {
    for body in ["", "{}"] {
        let kept = storing(Store::None).kept(json(body));
        assert_eq!((kept.status, &kept.body), (201, &Body::NotKept));
        assert_eq!(names(&kept), [""; 0]);
    }
}

#[test]
fn members_are_null_in_what_is_kept() {
    let secret = Some(r#""/secret""#);
    keeps(&["/secret"], r#"{"id":1,"secret":"s"}"#, r#"{"id":1,"secret":null}"#, secret);
    keeps(&["/secret"], r#"{"secret":{"a":[1,{}]} ,"id":1}"#, r#"{"secret":null ,"id":1}"#, secret);
    keeps(&["/secret"], r#"{"s\u0065cret":"s"}"#, r#"{"s\u0065cret":null}"#, secret);
    let twice = r#"{"secret":"a","secret":"b"}"#;
    keeps(&["/secret"], twice, r#"{"secret":null,"secret":null}"#, secret);
    keeps(
        &["/b/1/c", "/a"],
        r#"{"a":1,"b":[{"c":2},{"c":3,"d":4}]}"#,
        r#"{"a":null,"b":[{"c":2},{"c":null,"d":4}]}"#,
        Some(r#""/a", "/b/1/c""#),
    );
    keeps(&["/a/b", "/a"], r#"{"a":{"b":1}}"#, r#"{"a":null}"#, Some(r#""/a""#));
    let odd = r#"{"a/b\"é~":1}"#;
    let omitted = r#""/a~1b\"%C3%A9~0""#;
    keeps(&["/a~1b\"é~0"], odd, r#"{"a/b\"é~":null}"#, Some(omitted));
}

#[test]
fn a_star_leads_to_every_member_and_element() {
    let body = r#"{"data":[{"s":1,"t":2},{"s":3},4],"more":{"a":{"s":5},"*":{"s":6}}}"#;
    let lists = r#"{"data":[{"s":null,"t":2},{"s":null},4],"more":{"a":{"s":5},"*":{"s":6}}}"#;
    keeps(&["/data/*/s"], body, lists, Some(r#""/data/*/s""#));
    let members = r#"{"data":[{"s":1,"t":2},{"s":3},4],"more":{"a":{"s":null},"*":{"s":null}}}"#;
    keeps(&["/more/*/s"], body, members, Some(r#""/more/*/s""#));
    keeps(&["/*"], r#"{"a":1,"b":[2]}"#, r#"{"a":null,"b":null}"#, Some(r#""/*""#));
}

#[test]
fn what_is_not_there_is_not_left_out() {
    for body in ["{\"id\":1}", "[]", "7", "\"secret\"", "null", "{\"secret\":null}", ""] {
        keeps(&["/secret"], body, body, None);
        assert_eq!(redacting(&["/secret"]).kept(json(body)), json(body), "headers and all");
    }
}

#[test]
fn what_cannot_be_looked_into_is_not_kept() {
    let deep = "[".repeat(10_000);
    for body in ["{", "secret=s", "{} {}", "{\"secret\":\"\\ud800\"", "<p>secret</p>", &deep] {
        let kept = redacting(&["/secret"]).kept(json(body));
        assert_eq!(kept, json(body).without_content(), "{body:.40}");
    }
    let mut coded = json("{}");
    coded.headers.push(("content-encoding".into(), "gzip".into()));
    assert_eq!(redacting(&["/secret"]).kept(coded).body, Body::NotKept);
    let mut plain = json("{\"secret\":1}");
    plain.headers.push(("content-encoding".into(), "identity".into()));
    assert_eq!(redacting(&["/secret"]).kept(plain).inline(), b"{\"secret\":null}");
}

/// Whatever the type says: a secret in a text that is called plain is one as well.
#[test]
fn what_is_json_is_looked_into_by_its_bytes() {
    let plain = answer(200, "{\"secret\":\"s\"}");
    assert_eq!(redacting(&["/secret"]).kept(plain).inline(), b"{\"secret\":null}");
    keeps(&["/secret"], "\u{feff}{\"secret\":1}", "\u{feff}{\"secret\":null}", Some("\"/secret\""));
}

/// A digest of the origin's bytes would be wrong of others.
#[test]
fn what_is_true_of_the_very_bytes_goes_with_them() {
    let kept = redacting(&["/secret"]).kept(json("{\"secret\":1}"));
    assert_eq!(names(&kept), ["content-type", "etag", "location"]);
}

/// Every other byte is the origin's, one that is no UTF-8 as well.
#[test]
fn other_bytes_stay() {
    let body = b"{\"a\":\"\xff\",\"secret\":\"s\"}".to_vec();
    let kept =
        redacting(&["/secret"]).kept(Answer { body: Body::Inline { bytes: body }, ..json("") });
    assert_eq!(kept.inline(), b"{\"a\":\"\xff\",\"secret\":null}");
    assert_eq!(kept.left_out, LeftOut::Members(vec!["/secret".into()]));
}
