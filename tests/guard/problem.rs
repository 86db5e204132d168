//! What a client reads when it is refused: every code, every sentence, every header.

use crate::fixtures::record_id;
use onlyonce::guard::key::IdempotencyKey;
use onlyonce::guard::machine::Refusal;
use onlyonce::guard::problem::{Code, DESCRIPTIONS, Problem};
use onlyonce::guard::record::Reason;
use onlyonce::guard::scope::RecordId;
use onlyonce::guard::time::Millis;
use serde_json::{Value, json};

/// The documentation promises names, statuses and whether a retry helps.
pub const CODES: [(Code, &str, u16, bool, &str); 18] = [
    (Code::AddressInvalid, "address-invalid", 400, false, "The request's address cannot be used"),
    (Code::RequestIncomplete, "request-incomplete", 408, true, "The request did not arrive whole"),
    (Code::KeyMissing, "key-missing", 400, false, "An idempotency key is required"),
    (Code::KeyInvalid, "key-invalid", 400, false, "The idempotency key is malformed"),
    (
        Code::CredentialUnreadable,
        "credential-unreadable",
        400,
        false,
        "A header that tells who sends the request, or what it asks for, cannot be read",
    ),
    (Code::KeyReused, "key-reused", 422, false, "The idempotency key belongs to another request"),
    (
        Code::CredentialChanged,
        "credential-changed",
        409,
        false,
        "The operation was carried out under another credential",
    ),
    (Code::KeyFenced, "key-fenced", 409, false, "The operation was given up"),
    (Code::InProgress, "in-progress", 409, true, "The first request is still in progress"),
    (
        Code::OriginBusy,
        "origin-busy",
        503,
        true,
        "The origin is busy, and this request was not sent",
    ),
    (Code::TooManyKeys, "too-many-keys", 429, true, "Too many new keys"),
    (
        Code::ResponseNotKept,
        "response-not-kept",
        409,
        false,
        "The origin has answered this request, but its answer was not kept",
    ),
    (
        Code::BodyTooLarge,
        "body-too-large",
        413,
        false,
        "The request body is too large to be guarded",
    ),
    (
        Code::OutcomeUnknown,
        "outcome-unknown",
        502,
        false,
        "Nobody knows whether the operation was carried out",
    ),
    (
        Code::GuardUnavailable,
        "guard-unavailable",
        503,
        true,
        "The guard could not reach its record",
    ),
    (Code::Misconfigured, "misconfigured", 500, false, "The guard is misconfigured"),
    (Code::OriginUnreachable, "origin-unreachable", 502, false, "The origin could not be reached"),
    (Code::LoopDetected, "loop-detected", 502, false, "The request came back to the guard"),
];

fn document(problem: &Problem, docs_url: Option<&str>) -> Value {
    serde_json::from_str(&problem.to_json(docs_url)).expect("a JSON document")
}

fn header(problem: &Problem, name: &str) -> Option<String> {
    let headers = problem.headers();
    headers.into_iter().find(|(found, _)| *found == name).map(|(_, value)| value)
}

#[test]
fn every_code_has_its_document() {
    assert_eq!(DESCRIPTIONS.len(), CODES.len());
    for (code, name, status, retryable, title) in CODES {
        let expected = json!({
            "type": format!("urn:onlyonce:{name}"),
            "title": title,
            "status": status,
            "detail": "why",
            "code": name,
            "retryable": retryable,
            "error": { "type": "idempotency_error", "code": name, "message": "why" },
        });
        let problem = Problem::new(code, "why");
        assert_eq!(document(&problem, None), expected);
        assert_eq!(problem.status, status);
    }
}

#[test]
fn every_code_has_its_headers() {
    for (code, name, _, retryable, _) in CODES {
        let mut expected = vec![
            ("content-language", "en".to_owned()),
            ("cache-control", "no-store".to_owned()),
            ("cache-status", format!("onlyonce; detail={name}")),
            ("link", format!("</.onlyonce/problems#{name}>; rel=\"describedby\"")),
            ("stripe-should-retry", retryable.to_string()),
            ("x-should-retry", retryable.to_string()),
        ];
        if retryable {
            expected.push(("retry-after", "1".to_owned()));
        }
        assert_eq!(Problem::new(code, "why").headers(), expected);
    }
}

/// Members in an order that a person can read, and no more than these.
#[test]
fn a_document_in_full() {
    let problem = Problem::refused(Refusal::KeyReused, Some(&key()), &record());
    let expected = r#"{"type":"https://docs.example/errors#key-reused","title":"The idempotency key belongs to another request","status":422,"detail":"Idempotency-Key \"8e03\" was first sent with another method, path, query, content type, body or header that names the operation or the account, and that request stands; send a new key for a new operation","instance":"/.onlyonce/records/808edc049b5ea08505d63bd95221fb96ce88101a9963eff1c4af70d7ea96582f","code":"key-reused","retryable":false,"error":{"type":"idempotency_error","code":"key-reused","message":"Idempotency-Key \"8e03\" was first sent with another method, path, query, content type, body or header that names the operation or the account, and that request stands; send a new key for a new operation"}}"#;
    assert_eq!(problem.to_json(Some("https://docs.example/errors")), expected);
}

/// A detail may hold what a client or an operator wrote.
#[test]
fn hostile_text_stays_text() {
    let hostile = "\"},\\\n\u{1}<script>\u{2028}é";
    let problem = Problem::new(Code::Misconfigured, hostile);
    let document = document(&problem, Some(hostile));
    assert_eq!(document["detail"], hostile);
    assert_eq!(document["error"]["message"], hostile);
    assert_eq!(document["type"], format!("{hostile}#misconfigured"));
}

fn key() -> IdempotencyKey {
    IdempotencyKey::parse("8e03").expect("a key")
}

fn record() -> RecordId {
    record_id("r", &[], &key())
}

#[track_caller]
fn refused(refusal: Refusal, code: Code, status: u16, detail: &str) -> Problem {
    let problem = Problem::refused(refusal, Some(&key()), &record());
    assert_eq!((problem.code, problem.status), (code, status));
    assert_eq!(problem.detail, format!("Idempotency-Key \"8e03\" {detail}"));
    let instance = format!("/.onlyonce/records/{}", record());
    assert_eq!(document(&problem, None)["instance"], instance);
    assert_eq!(document(&problem, None)["status"], status);
    problem
}

#[test]
fn every_refusals_sentence() {
    refused(
        Refusal::KeyReused,
        Code::KeyReused,
        422,
        "was first sent with another method, path, query, content type, body or header that names the operation or the account, and that request stands; send a new key for a new operation",
    );
    refused(
        Refusal::CredentialChanged,
        Code::CredentialChanged,
        409,
        "was carried out under another credential, so its answer is withheld; read the resource to learn what became of it",
    );
    refused(
        Refusal::InProgress { retry_after: Millis(2000) },
        Code::InProgress,
        409,
        "is not finished: its first request is still at the origin, or an operator has just freed the key; send the same request again after the time in Retry-After",
    );
    refused(
        Refusal::KeyFenced,
        Code::KeyFenced,
        409,
        "was given up: its caller has said that it shall never be carried out, and it was not; send a new key for a new operation",
    );
    refused(
        Refusal::OriginBusy,
        Code::OriginBusy,
        503,
        "was not sent: as many calls to the origin as the guard may hold open are waiting for it, and the key is free; send the same request with the same key again",
    );
    refused(
        Refusal::TooManyKeys,
        Code::TooManyKeys,
        429,
        "was not sent: its caller has sent more new keys than this deployment takes in this time, and the key is free; send the same request with the same key again after the time in Retry-After",
    );
    refused(
        Refusal::ResponseNotKept { status: 201 },
        Code::ResponseNotKept,
        409,
        "was carried out by the origin, which answered 201, but that answer was too large to keep, or is not kept on this route; read the resource instead of sending it again",
    );
}

/// Only a Worker that asks the wrong shard sees this; nothing was claimed there.
#[test]
fn a_key_in_another_shard_is_worth_another_try() {
    let detail = "lives in another shard since `shards` was changed, and this Worker's policy does not know of it yet; send the same request with the same key again";
    let problem = refused(Refusal::Moved, Code::GuardUnavailable, 503, detail);
    assert_eq!(header(&problem, "retry-after").as_deref(), Some("1"));
}

/// A derived key is told to nobody.
#[test]
fn a_request_without_a_key_is_named_as_such() {
    let problem = Problem::refused(Refusal::KeyReused, None, &record());
    let begins = "the same request without a key was first sent with another method,";
    assert!(problem.detail.starts_with(begins), "{}", problem.detail);
}

#[test]
fn every_unknown_outcomes_sentence() {
    for (reason, status, why) in [
        (
            Reason::ConnectionLost,
            502,
            "the connection to the origin broke before its answer was complete; look",
        ),
        (
            Reason::Restarted,
            502,
            "the guard was restarted while the request was at the origin; look",
        ),
        (
            Reason::DeadlinePassed,
            504,
            "the origin did not answer in time; send the same request again for an answer that comes late, or look",
        ),
        (Reason::ServerError, 502, "the origin answered with a server error; look"),
        (
            Reason::NoSuchStatus(999),
            502,
            "the origin answered with status 999, which is no status of an answer, so that nobody can be shown it; look",
        ),
    ] {
        let detail = format!(
            "may or may not have been carried out: {why} at the origin's data before you send the operation under a new key"
        );
        let problem =
            refused(Refusal::OutcomeUnknown(reason), Code::OutcomeUnknown, status, &detail);
        assert_eq!(header(&problem, "retry-after"), None);
    }
}

#[test]
fn retry_after_is_told_in_whole_seconds() {
    for (wait, seconds) in [(0, "1"), (1, "1"), (1000, "1"), (1001, "2"), (120_000, "120")] {
        let refusal = Refusal::InProgress { retry_after: Millis(wait) };
        let problem = Problem::refused(refusal, Some(&key()), &record());
        assert_eq!(header(&problem, "retry-after").as_deref(), Some(seconds), "{wait}");
    }
    let named = Problem {
        retry_after: Some(Millis::seconds(9)),
        ..Problem::new(Code::GuardUnavailable, "why")
    };
    assert_eq!(header(&named, "retry-after").as_deref(), Some("9"));
    // A time for what is not worth retrying would invite a retry.
    let named = Problem { retry_after: Some(Millis(1)), ..Problem::new(Code::KeyReused, "why") };
    assert_eq!(header(&named, "retry-after"), None);
}
