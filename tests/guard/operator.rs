//! What an operator asks, and the documents that answer.

use crate::fixtures::{CLAIMED_AT, answer, claim, not_kept};
use onlyonce::guard::log::FingerprintTag;
use onlyonce::guard::machine::{AdminRefusal, InMemoryState, Resolution};
use onlyonce::guard::operator::{
    About, AdminError, AdminRequest, RecordCommand, denied, describe, find, is_operator, question,
    resolution, vacant,
};
use onlyonce::guard::record::{Answer, Body, INLINE_LIMIT, Outcome, Reason, Record};
use onlyonce::guard::scope::{RecordId, ScopeValue, Source};
use onlyonce::guard::seen::{DuplicateCounts, DuplicateKind};
use onlyonce::guard::time::Millis;
use serde_json::{Value, json};

const ID: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const QUIET: InMemoryState = InMemoryState { open_calls: &[], waiting: 0, copying: false };

fn id() -> RecordId {
    RecordId::parse(ID).expect("64 hex digits")
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
    assert_eq!(question(method, &format!("/.onlyonce/{path}"), query), Ok(expected), "{path}");
}

#[track_caller]
fn complains<T: std::fmt::Debug>(asked: Result<T, AdminError>, status: u16, error: &str) {
    let complaint = asked.expect_err("a complaint");
    assert_eq!((complaint.status, complaint.error), (status, error));
    assert!(complaint.detail.contains("; "), "no cure in {}", complaint.detail);
}

#[test]
fn questions() {
    let record = |wish| AdminRequest::Record(id(), wish);
    asks("POST", "find", "", AdminRequest::Find);
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
    let asked = |method, path: &str| question(method, &format!("/.onlyonce/{path}"), "");
    complains(asked("GET", ""), 404, "not-found");
    complains(asked("GET", "record"), 404, "not-found");
    complains(asked("GET", "find"), 405, "method-not-allowed");
    complains(asked("POST", &format!("records/{ID}")), 405, "method-not-allowed");
    complains(asked("DELETE", &format!("records/{ID}/resolve")), 405, "method-not-allowed");
    for wrong in ["", "x", &ID[1..], &format!("{ID}0"), &ID.to_uppercase(), &format!("{ID}/")] {
        complains(asked("GET", &format!("records/{wrong}")), 400, "record-id-invalid");
    }
}

#[test]
fn a_key_is_found() {
    let key = onlyonce::guard::key::IdempotencyKey::from_text("k 1").expect("a key");
    let value = |source, text: &str| ScopeValue { source, value: Some(text.into()) };
    let header = Source::Header("authorization".into());
    let scope = [value(header.clone(), "Bearer a")];
    let text = r#"{"realm":"r","scope":{"header:Authorization":"Bearer a"},"key":"k 1"}"#;
    assert_eq!(find(text, "own"), Ok(RecordId::new("r", &scope, &key)));
    assert_eq!(find(r#"{"key":"k 1"}"#, "own"), Ok(RecordId::new("own", &[], &key)));
    let absent = [ScopeValue { source: header, value: None }];
    let text = r#"{"scope":{"header:authorization":null},"key":"k 1"}"#;
    assert_eq!(find(text, "own"), Ok(RecordId::new("own", &absent, &key)));
    // A token's claims as a token has them: text and numbers differ.
    let claims = [value(Source::Jwt("iss".into()), "\"7\""), value(Source::Jwt("sub".into()), "7")];
    let text = r#"{"scope":{"jwt:iss":"7","jwt:sub":7},"key":"k 1"}"#;
    assert_eq!(find(text, "own"), Ok(RecordId::new("own", &claims, &key)));
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
        complains(find(wrong, "own"), 400, "question-invalid");
    }
}

#[test]
fn a_resolution_that_nothing_was_processed() {
    let read = resolution(r#"{"claim":"c1","outcome":"not-processed"}"#, CLAIMED_AT);
    let (claim, resolution) = read.expect("a resolution");
    assert_eq!(claim.0, "c1");
    assert!(matches!(resolution, Resolution::NotProcessed));
}

#[test]
fn a_resolution_with_an_answer() {
    let text = r#"{"claim":"c1","outcome":"answer","status":201,
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
    };
    assert_eq!(read, expected);
    let bare = resolution(r#"{"claim":"c","outcome":"answer","status":404}"#, CLAIMED_AT);
    assert!(matches!(bare, Ok((_, Resolution::Answered(Answer { status: 404, .. })))));
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
        r#"{"claim":"c"}"#,
        r#"{"claim":"c","outcome":"lost"}"#,
        r#"{"claim":"c","outcome":"answer"}"#,
        r#"{"claim":"c","outcome":"answer","status":"201"}"#,
        r#"{"claim":"c","outcome":"answer","status":199}"#,
        r#"{"claim":"c","outcome":"answer","status":600}"#,
        r#"{"claim":"c","outcome":"answer","status":200,"headers":{}}"#,
        r#"{"claim":"c","outcome":"answer","status":200,"headers":[["a"]]}"#,
        r#"{"claim":"c","outcome":"answer","status":200,"headers":[["a b","c"]]}"#,
        r#"{"claim":"c","outcome":"answer","status":200,"headers":[["a","b\n"]]}"#,
        r#"{"claim":"c","outcome":"answer","status":200,"body_base64":"*"}"#,
        r#"{"claim":"c","outcome":"answer","status":200,"body_base64":"a"}"#,
        &format!(r#"{{"claim":"c","outcome":"answer","status":200,"body_base64":"{large}"}}"#),
    ] {
        complains(resolution(wrong, CLAIMED_AT), 400, "resolution-invalid");
    }
}

#[track_caller]
fn described(record: &Record, live: InMemoryState, seen: DuplicateCounts) -> Value {
    let (before, after) =
        describe(record, About { id: &id(), realm: "r", live, seen, body: false });
    serde_json::from_str(&format!("{before}{after}")).expect("JSON")
}

/// What every record of the fixtures' claim tells.
fn of_claim(state: &str) -> Value {
    json!({
        "record": ID, "state": state, "claim": "c1", "attempt": 1,
        // As in the log: SHA-256 over the purpose, the realm and the digest, its first 16 digits.
        "fingerprint": FingerprintTag::of("r", "order").as_str(),
        "claimed_at": "2027-01-15T08:00:00.000Z", "deadline_at": "2027-01-15T08:02:05.000Z",
        "expires_at": "2027-01-16T08:00:00.000Z", "call_open": false, "waiting": 0,
        "seen": {"first": 1, "joined": 0, "replayed": 0, "refused": 0},
    })
}

fn with(mut of_claim: Value, members: Value) -> Value {
    let members = members.as_object().expect("members").clone();
    of_claim.as_object_mut().expect("an object").extend(members);
    of_claim
}

fn of_answer(status: u16, bytes: usize) -> Value {
    json!({
        "status": status, "headers": [["content-type", "text/plain"]],
        "answered_at": "2027-01-15T08:00:01.000Z", "took_ms": 1000,
        "body": "kept", "body_bytes": bytes,
    })
}

#[test]
fn records_are_described() {
    let tell = |record: &Record| described(record, QUIET, DuplicateCounts::default());
    let done = |answer| Record::Done { claim: claim("c1"), answer };
    let expected = with(of_claim("done"), json!({"answer": of_answer(201, 7)}));
    assert_eq!(tell(&done(answer(201, "created"))), expected);
    let not_kept_answer = with(of_answer(200, 0), json!({"body": "not-kept"}));
    let expected = with(of_claim("done"), json!({"answer": not_kept_answer}));
    assert_eq!(tell(&done(not_kept(200))), expected);
    let rows = Answer { body: Body::Rows { attempt: 1, rows: 2, length: 9 }, ..answer(200, "") };
    assert_eq!(tell(&done(rows))["answer"]["body_bytes"], 9);
    for (reason, name) in [
        (Reason::ConnectionLost, "connection-lost"),
        (Reason::Restarted, "restarted"),
        (Reason::DeadlinePassed, "deadline-passed"),
    ] {
        let outcome = Outcome { reason, answer: None };
        let expected = with(of_claim("unknown"), json!({"reason": name}));
        assert_eq!(tell(&Record::Unknown { claim: claim("c1"), outcome }), expected);
    }
    let outcome = Outcome { reason: Reason::ServerError, answer: Some(answer(500, "")) };
    let told = json!({"reason": "server-error", "answer": of_answer(500, 0)});
    let expected = with(of_claim("unknown"), told);
    assert_eq!(tell(&Record::Unknown { claim: claim("c1"), outcome }), expected);
    let forgotten = Record::Forgotten { until: Some(CLAIMED_AT) };
    let until = "2027-01-15T08:00:00.000Z";
    assert_eq!(tell(&forgotten), json!({"record": ID, "state": "forgotten", "until": until}));
    let forgotten = Record::Forgotten { until: None };
    assert_eq!(tell(&forgotten), json!({"record": ID, "state": "forgotten"}));
    let state = |text: String| serde_json::from_str::<Value>(&text).expect("JSON");
    assert_eq!(state(vacant(&id())), json!({"record": ID, "state": "vacant"}));
}

#[test]
fn a_call_and_its_duplicates_are_described() {
    let record = Record::InFlight { claim: claim("c1"), previous: None };
    let live = InMemoryState { open_calls: &[1], waiting: 3, copying: false };
    let seen = DuplicateCounts { joined: 4, replayed: 5, refused: 6 };
    let members = json!({
        "call_open": true, "waiting": 3,
        "seen": {"first": 1, "joined": 4, "replayed": 5, "refused": 6},
    });
    assert_eq!(described(&record, live, seen), with(of_claim("in-flight"), members));
}

#[test]
fn a_body_goes_between_the_parts() {
    let record = Record::Done { claim: claim("c1"), answer: answer(201, "created") };
    let about =
        About { id: &id(), realm: "r", live: QUIET, seen: DuplicateCounts::default(), body: true };
    let (before, after) = describe(&record, about);
    let whole: Value = serde_json::from_str(&format!("{before}Y3JlYXRlZA=={after}")).expect("JSON");
    assert_eq!(whole["answer"]["body_base64"], "Y3JlYXRlZA==");
}

#[test]
fn wishes_that_are_not_carried_out() {
    for (denial, status, member, name) in [
        (AdminRefusal::Vacant, 404, "state", "vacant"),
        (AdminRefusal::CallOpen, 409, "error", "call-open"),
        (AdminRefusal::NotUnknown, 409, "error", "not-unknown"),
    ] {
        let (told, text) = denied(denial, &id());
        let told_of: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!((told, told_of[member].as_str()), (status, Some(name)));
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
    assert_eq!(seen.encode(), [0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4]);
    assert_eq!(DuplicateCounts::decode(&seen.encode()), seen);
    assert_eq!(DuplicateCounts::decode(&[]), DuplicateCounts::default());
}
