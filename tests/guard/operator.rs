//! What an operator asks, and the documents that answer.

mod access;
mod description;
mod errors;
mod outcomes;
mod role;
mod unknown;

use crate::fixtures::{
    CLAIMED_AT, NONE_OPEN, answer, claim, claim_id, digest_of, not_kept, record_id,
};
use onlyonce::guard::digest::Pepper;
use onlyonce::guard::log::FingerprintTag;
use onlyonce::guard::machine::{AdminRefusal, InMemoryState, Resolution};
use onlyonce::guard::operator::{
    About, AdminError, AdminRequest, RecordCommand, describe, find, is_operator, refusal,
    resolution, seal_key, vacant,
};
use onlyonce::guard::record::{
    Answer, AnswerSource, Body, INLINE_LIMIT, LeftOut, Outcome, Reason, Record,
};
use onlyonce::guard::scope::{RecordId, ScopeValue};
use onlyonce::guard::seen::{DuplicateCounts, DuplicateKind};
use onlyonce::guard::source::Source;
use onlyonce::guard::time::Millis;
use serde_json::{Value, json};

const CLAIM: &str = "0123456789abcdef0123456789abcdef";
const ID: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

fn id() -> RecordId {
    ID.parse().expect("64 hex digits")
}

#[test]
fn the_token_is_shown_as_a_bearer_token() {
    for shown in ["Bearer sesame", "bearer sesame", "BEARER   sesame "] {
        assert!(is_operator(Some(shown), "sesame"), "{shown}");
    }
    for shown in [
        "",
        "sesame",
        "Bearer",
        "Bearer ",
        "Basic sesame",
        "Bearer Sesame",
        "Bearer sesam",
        "Bearer sesame2",
        "Bearer sesame sesame",
        "Bearersesame",
    ] {
        assert!(!is_operator(Some(shown), "sesame"), "{shown}");
    }
    assert!(!is_operator(None, "sesame"));
}

#[track_caller]
fn asks(method: &str, path: &str, query: &str, expected: AdminRequest) {
    let path = format!("/.onlyonce/{path}");
    assert_eq!(AdminRequest::parse(method, &path, query), Ok(expected), "{path}");
}

#[track_caller]
fn refuses<T: std::fmt::Debug>(asked: Result<T, AdminError>, status: u16, error: &str) {
    let found = asked.expect_err("an error");
    assert_eq!((found.status(), found.code()), (status, error));
    assert!(found.to_string().contains("; "), "no cure in {found}");
}

#[test]
fn questions() {
    let record = |wish| AdminRequest::Record(id(), wish);
    asks("POST", "find", "", AdminRequest::Find);
    asks("GET", "operator", "", AdminRequest::Operator);
    asks("GET", &format!("records/{ID}"), "", record(RecordCommand::Inspect { body: false }));
    asks(
        "GET",
        &format!("records/{ID}"),
        "body=10",
        record(RecordCommand::Inspect { body: false }),
    );
    asks(
        "GET",
        &format!("records/{ID}"),
        "x=1&body=1",
        record(RecordCommand::Inspect { body: true }),
    );
    asks("DELETE", &format!("records/{ID}"), "", record(RecordCommand::Forget));
    asks("POST", &format!("records/{ID}/resolve"), "", record(RecordCommand::Resolve));
    asks("POST", &format!("records/{ID}/open"), "", record(RecordCommand::Open));
    let asked = |method, path: &str| AdminRequest::parse(method, &format!("/.onlyonce/{path}"), "");
    refuses(asked("GET", ""), 404, "not-found");
    refuses(asked("GET", "record"), 404, "not-found");
    refuses(asked("GET", "find"), 405, "method-not-allowed");
    refuses(asked("POST", "operator"), 405, "method-not-allowed");
    refuses(asked("POST", &format!("records/{ID}")), 405, "method-not-allowed");
    refuses(asked("DELETE", &format!("records/{ID}/resolve")), 405, "method-not-allowed");
    for wrong in ["", "x", &ID[1..], &format!("{ID}0"), &ID.to_uppercase(), &format!("{ID}/")] {
        refuses(asked("GET", &format!("records/{wrong}")), 400, "record-id-invalid");
    }
}

#[test]
fn a_key_is_found() {
    let key = onlyonce::guard::key::IdempotencyKey::from_text("k 1").expect("a key");
    let value = |source, text: &str| ScopeValue { source, value: Some(text.into()) };
    let header = Source::Header("authorization".into());
    let scope = [value(header.clone(), "Bearer a")];
    let text = r#"{"realm":"r","scope":{"header:Authorization":"Bearer a"},"key":"k 1"}"#;
    assert_eq!(find(text, "own", &Pepper::default()), Ok(record_id("r", &scope, &key)));
    assert_eq!(
        find(r#"{"key":"k 1"}"#, "own", &Pepper::default()),
        Ok(record_id("own", &[], &key))
    );
    let absent = [ScopeValue { source: header, value: None }];
    let text = r#"{"scope":{"header:authorization":null},"key":"k 1"}"#;
    assert_eq!(find(text, "own", &Pepper::default()), Ok(record_id("own", &absent, &key)));
    // A token's claims as a token has them: text and numbers differ.
    let claims = [value(Source::Jwt("iss".into()), "\"7\""), value(Source::Jwt("sub".into()), "7")];
    let text = r#"{"scope":{"jwt:iss":"7","jwt:sub":7},"key":"k 1"}"#;
    assert_eq!(find(text, "own", &Pepper::default()), Ok(record_id("own", &claims, &key)));
    for wrong in [
        "",
        "7",
        "{}",
        r#"{"key":7}"#,
        r#"{"key":""}"#,
        r#"{"key":"é"}"#,
        r#"{"key":"k","realm":7}"#,
        r#"{"key":"k","scope":7}"#,
        r#"{"key":"k","scope":{"header:a":7}}"#,
        r#"{"key":"k","scope":{"jwt:a":{}}}"#,
        r#"{"key":"k","scope":{"a":"b"}}"#,
    ] {
        refuses(find(wrong, "own", &Pepper::default()), 400, "question-invalid");
    }
}

/// The same document says what its answer was sealed with, and nothing of another one's.
#[test]
fn a_sealed_answers_key_is_made_of_what_names_its_record() {
    let pepper = Pepper::default();
    let text = r#"{"realm":"r","scope":{"header:authorization":"Bearer a"},"key":"k"}"#;
    let id = find(text, "own", &pepper).expect("a record");
    let key = seal_key(text, "own", &pepper, &id).expect("a key");
    let again = text.replace("\"realm\":\"r\",", "");
    assert_eq!(seal_key(&again, "r", &pepper, &id), Ok(key));
    for other in [text.replace("\"k\"", "\"l\""), text.replace("Bearer a", "Bearer b"), again] {
        refuses(seal_key(&other, "own", &pepper, &id), 400, "question-invalid");
    }
    refuses(seal_key(text, "own", &Pepper::new(Some("p")), &id), 400, "question-invalid");
    refuses(seal_key("{}", "own", &pepper, &id), 400, "question-invalid");
}

#[test]
fn a_resolution_that_nothing_was_processed() {
    let read = resolution(
        r#"{"claim":"0123456789abcdef0123456789abcdef","outcome":"not-processed"}"#,
        CLAIMED_AT,
    );
    let (claim, resolution) = read.expect("a resolution");
    assert_eq!(claim.to_string(), CLAIM);
    assert!(matches!(resolution, Resolution::NotProcessed));
}

#[test]
fn a_resolution_with_an_answer() {
    let text = r#"{"claim":"0123456789abcdef0123456789abcdef","outcome":"answer","status":201,
        "headers":[["X-A","1"],["Connection","x-b"],["x-b","2"],["content-length","9"]],
        "body_base64":"b2s="}"#;
    let Ok((_, Resolution::Answered(read))) = resolution(text, CLAIMED_AT) else {
        panic!("no answer in {text}")
    };
    let expected = Answer {
        status: 201,
        headers: vec![("x-a".into(), "1".into())],
        answered_at: CLAIMED_AT,
        origin_time: Millis(0),
        body: Body::Inline { bytes: b"ok".into() },
        source: AnswerSource::Operator,
        left_out: LeftOut::Nothing,
        sealed: false,
    };
    assert_eq!(read, expected);
    let bare = resolution(
        r#"{"claim":"0123456789abcdef0123456789abcdef","outcome":"answer","status":404}"#,
        CLAIMED_AT,
    );
    assert!(matches!(bare, Ok((_, Resolution::Answered(Answer { status: 404, .. })))));
}

/// Tools differ in whether they write padding, and in what they leave in a last digit.
#[test]
fn a_body_is_read_with_padding_or_without() {
    for digits in ["b2s=", "b2s", "b2t"] {
        let text =
            json!({"claim": CLAIM, "outcome": "answer", "status": 200, "body_base64": digits});
        match resolution(&text.to_string(), CLAIMED_AT) {
            Ok((_, Resolution::Answered(answer))) => assert_eq!(answer.inline(), b"ok", "{digits}"),
            other => panic!("{digits} is {other:?}"),
        }
    }
}

#[test]
fn resolutions_that_are_none() {
    // Four digits are three bytes.
    let large = "AAAA".repeat(INLINE_LIMIT / 3 + 1);
    for wrong in [
        "",
        "[]",
        "{}",
        r#"{"outcome":"not-processed"}"#,
        r#"{"claim":"C"}"#,
        r#"{"claim":"C","outcome":"lost"}"#,
        r#"{"claim":"C","outcome":"answer"}"#,
        r#"{"claim":"C","outcome":"answer","status":"201"}"#,
        r#"{"claim":"C","outcome":"answer","status":199}"#,
        r#"{"claim":"C","outcome":"answer","status":600}"#,
        r#"{"claim":"C","outcome":"answer","status":200,"headers":{}}"#,
        r#"{"claim":"C","outcome":"answer","status":200,"headers":[["a"]]}"#,
        r#"{"claim":"C","outcome":"answer","status":200,"headers":[["a b","c"]]}"#,
        r#"{"claim":"C","outcome":"answer","status":200,"headers":[["a","b\n"]]}"#,
        r#"{"claim":"C","outcome":"answer","status":200,"body_base64":"*"}"#,
        r#"{"claim":"C","outcome":"answer","status":200,"body_base64":"a"}"#,
        &format!(r#"{{"claim":"C","outcome":"answer","status":200,"body_base64":"{large}"}}"#),
    ] {
        refuses(resolution(wrong, CLAIMED_AT), 400, "resolution-invalid");
    }
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn pepper() -> Pepper {
    Pepper::new(Some("pepper"))
}

#[test]
fn commands_that_are_not_carried_out() {
    for (admin_refusal, status, member, name) in [
        (AdminRefusal::Vacant, 404, "state", "vacant"),
        (AdminRefusal::CallOpen, 409, "error", "call-open"),
        (AdminRefusal::NotUnknown, 409, "error", "not-unknown"),
    ] {
        let (found, text) = refusal(admin_refusal, &id());
        assert_eq!((found, parsed(&text)[member].as_str()), (status, Some(name)));
    }
}

#[track_caller]
fn counted(sight: DuplicateKind, times: u32) -> (DuplicateCounts, u32) {
    let mut seen = DuplicateCounts::default();
    let due = (0..times).filter(|_| seen.count(sight)).count();
    (seen, u32::try_from(due).expect("few"))
}

#[test]
fn counts_are_written_down_seldom_and_pinned() {
    // At 1, 2, 4, 8; at 16; and with the end of the call.
    assert_eq!(
        counted(DuplicateKind::Refused, 9),
        (DuplicateCounts { refused: 9, ..DuplicateCounts::default() }, 4)
    );
    assert_eq!(
        counted(DuplicateKind::Replayed, 31),
        (DuplicateCounts { replayed: 31, ..DuplicateCounts::default() }, 1)
    );
    assert_eq!(
        counted(DuplicateKind::Collapsed, 9),
        (DuplicateCounts { joined: 9, ..DuplicateCounts::default() }, 0)
    );
    let mut full = DuplicateCounts { refused: u32::MAX, ..DuplicateCounts::default() };
    assert!(!full.count(DuplicateKind::Refused));
    assert_eq!(full.refused, u32::MAX);
    let seen = DuplicateCounts { joined: 1, replayed: 2, refused: 0x0102_0304 };
    assert_eq!(seen.encode(), [1, 2, 0x84, 0x86, 0x88, 0x08]);
    assert_eq!(DuplicateCounts::decode(&seen.encode()), seen);
    for none in [&[][..], &[1, 2], &[0xff; 32]] {
        assert_eq!(DuplicateCounts::decode(none), DuplicateCounts::default());
    }
}

/// An operator asks at a Worker that knows the pepper, and need not.
#[test]
fn a_record_is_found_under_the_pepper() {
    let text = r#"{"key":"k"}"#;
    let found = |pepper: &Pepper| find(text, "own", pepper).expect("a record");
    assert_eq!(found(&pepper()), found(&pepper()));
    assert_ne!(found(&pepper()), found(&Pepper::default()));
    assert_ne!(found(&pepper()), found(&Pepper::new(Some("another"))));
}
