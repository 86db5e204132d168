//! What a refusal must look like: RFC 9457, with the members and headers that clients rely on.

use serde_json::Value;

use crate::http::Answer;

/// Code, status, retryable.
const PROBLEMS: [(&str, u16, bool); 18] = [
    ("address-invalid", 400, false),
    ("request-incomplete", 408, true),
    ("key-missing", 400, false),
    ("key-invalid", 400, false),
    ("credential-unreadable", 400, false),
    ("key-reused", 422, false),
    ("key-fenced", 409, false),
    ("in-progress", 409, true),
    ("credential-changed", 409, false),
    ("response-not-kept", 409, false),
    ("body-too-large", 413, false),
    ("origin-busy", 503, true),
    ("too-many-keys", 429, true),
    ("outcome-unknown", 502, false),
    ("guard-unavailable", 503, true),
    ("misconfigured", 500, false),
    ("origin-unreachable", 502, false),
    ("loop-detected", 502, false),
];

/// Checks a refusal in every part and returns its `detail`.
#[track_caller]
pub fn check(answer: &Answer, code: &str) -> String {
    let (_, status, _) = row(code);
    check_with_status(answer, code, *status)
}

/// The origin did not answer in time: an `outcome-unknown` of its own status.
#[track_caller]
pub fn check_timed_out(answer: &Answer) -> String {
    check_with_status(answer, "outcome-unknown", 504)
}

fn row(code: &str) -> &'static (&'static str, u16, bool) {
    PROBLEMS.iter().find(|row| row.0 == code).expect("a code in PROBLEMS")
}

#[track_caller]
fn check_with_status(answer: &Answer, code: &str, status: u16) -> String {
    let (_, _, retryable) = row(code);
    let shown = format!("{} {:?} {}", answer.status, answer.headers.0, answer.text());
    assert_eq!(answer.status, status, "{shown}");
    check_headers(answer, code, *retryable, &shown);
    let body: Value =
        serde_json::from_slice(&answer.body).unwrap_or_else(|e| panic!("{e}: {shown}"));
    assert_eq!(body["type"], format!("urn:onlyonce:{code}"), "{shown}");
    assert_eq!(body["code"], code, "{shown}");
    assert_eq!(body["status"], answer.status, "{shown}");
    assert_eq!(body["retryable"], *retryable, "{shown}");
    // Clients of Stripe's and OpenAI's look for this, and not at the status.
    assert_eq!(body["error"]["type"], "idempotency_error", "{shown}");
    assert_eq!(body["error"]["code"], code, "{shown}");
    assert_eq!(body["error"]["message"], body["detail"], "{shown}");
    assert!(!sentence(&body["title"]).is_empty(), "no title: {shown}");
    assert!(!sentence(&body["detail"]).is_empty(), "no detail: {shown}");
    sentence(&body["detail"]).to_owned()
}

#[track_caller]
fn check_headers(answer: &Answer, code: &str, retryable: bool, shown: &str) {
    assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{shown}");
    assert_eq!(answer.header("content-language"), Some("en"), "{shown}");
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{shown}");
    for name in ["stripe-should-retry", "x-should-retry"] {
        assert_eq!(answer.header(name), Some(if retryable { "true" } else { "false" }), "{shown}");
    }
    let link = format!("</.onlyonce/problems#{code}>; rel=\"describedby\"");
    assert_eq!(answer.header("link"), Some(link.as_str()), "{shown}");
    let status = format!("onlyonce; detail={code}");
    assert_eq!(answer.header("cache-status"), Some(status.as_str()), "{shown}");
    assert_eq!(answer.header("idempotency-replayed"), None, "{shown}");
    let seconds = answer.header("retry-after").map(|text| text.parse::<u32>().is_ok());
    assert_eq!(seconds, retryable.then_some(true), "Retry-After in whole seconds: {shown}");
}

fn sentence(member: &Value) -> &str {
    member.as_str().unwrap_or_default()
}

/// The record that a refusal is about, from its `instance`.
#[track_caller]
pub fn record_of(answer: &Answer) -> String {
    let body: Value = serde_json::from_slice(&answer.body).expect("a problem");
    let instance = sentence(&body["instance"]).to_owned();
    let id = instance.strip_prefix("/.onlyonce/records/");
    id.unwrap_or_else(|| panic!("instance {instance:?} names no record")).to_owned()
}
