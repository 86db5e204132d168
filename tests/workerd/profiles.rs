//! What the callers of each protocol get: statuses, bodies and marks, row by row.

mod presets;
mod webhooks;

use std::thread;

use serde_json::{Value, json};

use crate::guard::Guard;
use crate::http::{Answer, Call};
use crate::runtime::Setup;
use crate::script::{Gate, Reply};
use crate::stamp::{Came, came, check_first, check_replay};

const PROFILES: [&str; 5] = ["draft", "stripe", "acp", "ucp", "webhook"];

/// A refusal: its code, whether it is worth sending again, and for each profile status, type and code.
type Row = (&'static str, bool, [(u16, &'static str, &'static str); 5]);

const ROWS: [Row; 10] = [
    (
        "key-missing",
        false,
        [
            (400, "", "key-missing"),
            (400, "invalid_request_error", "key_missing"),
            (400, "invalid_request", "idempotency_key_required"),
            (400, "", "idempotency_key_required"),
            (400, "", "key-missing"),
        ],
    ),
    (
        "key-invalid",
        false,
        [
            (400, "", "key-invalid"),
            (400, "invalid_request_error", "key_invalid"),
            (400, "invalid_request", "key_invalid"),
            (400, "", "key_invalid"),
            (400, "", "key-invalid"),
        ],
    ),
    (
        "credential-unreadable",
        false,
        [
            (400, "", "credential-unreadable"),
            (400, "invalid_request_error", "credential_unreadable"),
            (400, "invalid_request", "credential_unreadable"),
            (400, "", "credential_unreadable"),
            (400, "", "credential-unreadable"),
        ],
    ),
    (
        "key-reused",
        false,
        [
            (422, "", "key-reused"),
            (400, "idempotency_error", "key_reused"),
            (422, "invalid_request", "idempotency_conflict"),
            (409, "", "idempotency_conflict"),
            (422, "", "key-reused"),
        ],
    ),
    (
        "credential-changed",
        false,
        [
            (409, "", "credential-changed"),
            (400, "idempotency_error", "credential_changed"),
            (422, "invalid_request", "credential_changed"),
            (422, "", "credential_changed"),
            (409, "", "credential-changed"),
        ],
    ),
    (
        "key-fenced",
        false,
        [
            (409, "", "key-fenced"),
            (400, "idempotency_error", "key_fenced"),
            (422, "invalid_request", "key_fenced"),
            (422, "", "key_fenced"),
            (409, "", "key-fenced"),
        ],
    ),
    (
        "in-progress",
        true,
        [
            (409, "", "in-progress"),
            (409, "invalid_request_error", "idempotency_key_in_use"),
            (409, "invalid_request", "idempotency_in_flight"),
            (503, "", "idempotency_in_flight"),
            (503, "", "in-progress"),
        ],
    ),
    (
        "response-not-kept",
        false,
        [
            (409, "", "response-not-kept"),
            (400, "idempotency_error", "response_not_kept"),
            (422, "invalid_request", "response_not_kept"),
            (422, "", "response_not_kept"),
            (200, "", "response-not-kept"),
        ],
    ),
    (
        "body-too-large",
        false,
        [
            (413, "", "body-too-large"),
            (413, "invalid_request_error", "body_too_large"),
            (413, "invalid_request", "body_too_large"),
            (413, "", "body_too_large"),
            (413, "", "body-too-large"),
        ],
    ),
    (
        "outcome-unknown",
        false,
        [
            (502, "", "outcome-unknown"),
            (502, "api_error", "outcome_unknown"),
            (502, "processing_error", "outcome_unknown"),
            (502, "", "outcome_unknown"),
            (500, "", "outcome-unknown"),
        ],
    ),
];

/// A route under each profile, with what it presets.
fn presets() -> Value {
    let route = |profile: &&str| json!({ "path": format!("/*/{profile}/**"), "profile": profile });
    json!({ "routes": PROFILES.iter().map(route).collect::<Vec<_>>() })
}

fn policy() -> Value {
    let route = |profile: &&str| {
        json!({
            "path": format!("/*/{profile}/**"), "profile": profile, "key": "required", "in_flight": "reject", "retry_window": "24h",
            // A caller's account, so that two of its credentials meet.
            "scope": ["header:x-account", "path"], "credential": "auto", "fingerprint": "auto",
            "key_from": ["header:idempotency-key"], "max_request_body": "1KiB", "max_stored_response": "1KiB",
        })
    };
    let routes: Vec<Value> = PROFILES.iter().map(route).collect();
    json!({ "routes": routes })
}

fn order(guard: &Guard, profile: &str) -> Call {
    let call = guard.order_to(&format!("/{profile}/orders")).header("X-Account", "1");
    call.without("idempotency-key").key(&format!("{}-{profile}-of-22-and-more", guard.key()))
}

/// Checks a refusal in every part.
#[track_caller]
fn check(answer: &Answer, profile: &str, code: &str) {
    let shown =
        format!("{profile} {code}: {} {:?} {}", answer.status, answer.headers.0, answer.text());
    let (_, retryable, rows) = ROWS.iter().find(|row| row.0 == code).expect(code);
    let at = PROFILES.iter().position(|known| *known == profile).expect(profile);
    let (status, kind, name) = rows[at];
    assert_eq!(answer.status, status, "{shown}");
    let mark = format!("onlyonce; detail={code}");
    assert_eq!(answer.header("cache-status"), Some(mark.as_str()), "{shown}");
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{shown}");
    assert_eq!(
        answer.header("stripe-should-retry"),
        Some(if *retryable { "true" } else { "false" }),
        "{shown}"
    );
    assert_eq!(answer.header("retry-after").is_some(), *retryable, "{shown}");
    assert_eq!(answer.header("idempotent-replayed"), None, "{shown}");
    let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
    let media_type = answer.header("content-type").expect("a type");
    match profile {
        "draft" | "webhook" => {
            assert_eq!(media_type, "application/problem+json", "{shown}");
            assert_eq!((&body["code"], &body["status"]), (&json!(name), &json!(status)), "{shown}");
        }
        "stripe" => {
            let message = sentence(&body["error"]["message"]);
            assert_eq!(
                body,
                json!({ "error": { "type": kind, "code": name, "message": message } }),
                "{shown}"
            );
        }
        // The schema of `Error` allows no other members.
        "acp" => {
            let message = sentence(&body["message"]);
            assert_eq!(body, json!({ "type": kind, "code": name, "message": message }), "{shown}");
        }
        _ => {
            let content = sentence(&body["content"]);
            assert_eq!(body, json!({ "code": name, "content": content }), "{shown}");
        }
    }
    assert!(matches!(profile, "draft" | "webhook") || media_type == "application/json", "{shown}");
}

#[track_caller]
fn sentence(member: &Value) -> &str {
    let text = member.as_str().expect("a sentence");
    assert!(text.contains("; "), "{text} says no cure");
    text
}

#[test]
fn a_first_answer_and_its_replay_are_marked_under_every_profile() {
    for profile in PROFILES {
        let guard = Guard::under(&policy());
        guard.origin_in_turn([Reply::json(201, r#"{"id":"cs_1"}"#)]);
        let order = order(&guard, profile);
        let first = guard.send(&order);
        check_first(&first, order.headers().all("idempotency-key").first().expect("a key"));
        let again = guard.send(&order);
        check_replay(&again, &first);
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
        guard.check_calls(1);
    }
}

#[test]
fn what_is_refused_before_it_has_a_record() {
    for profile in PROFILES {
        let guard = Guard::under(&policy());
        let order = order(&guard, profile);
        check(&guard.send(&order.clone().without("idempotency-key")), profile, "key-missing");
        let invalid = order.clone().without("idempotency-key").key("undefined");
        check(&guard.send(&invalid), profile, "key-invalid");
        let unreadable = order.clone().without("x-account").header_bytes("X-Account", b"\xff");
        check(&guard.send(&unreadable), profile, "credential-unreadable");
        check(&guard.send(&order.json(&"x".repeat(2000))), profile, "body-too-large");
        guard.check_calls(0);
    }
}

#[test]
fn acps_callers_find_their_request_id_on_a_refusal() {
    let guard = Guard::under(&policy());
    for profile in PROFILES {
        let keyless =
            order(&guard, profile).without("idempotency-key").header("Request-Id", "req-1");
        let refused = guard.send(&keyless);
        check(&refused, profile, "key-missing");
        assert_eq!(refused.header("request-id"), (profile == "acp").then_some("req-1"));
    }
}

/// Without a key nothing is guarded, and what the guard says is the protocol's all the same.
#[test]
fn an_origin_that_cannot_be_reached_is_told_in_the_protocols_shape() {
    let nowhere = Setup::new(false).var("ORIGIN", "http://127.0.0.1:9");
    let guard = Guard::with(nowhere.policy(&json!({ "profile": "acp", "key": "optional" })));
    let answer = guard.send(&guard.keyless_order().header("Request-Id", "req-1"));
    assert_eq!((answer.status, answer.header("content-type")), (502, Some("application/json")));
    assert_eq!(answer.header("request-id"), Some("req-1"));
    let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert_eq!(
        (&body["type"], &body["code"]),
        (&json!("processing_error"), &json!("origin_unreachable"))
    );
}

#[test]
fn what_a_known_key_is_refused_for() {
    for profile in PROFILES {
        let guard = Guard::under(&policy());
        guard.origin_in_turn([Reply::json(201, "{}")]);
        let order = order(&guard, profile);
        assert_eq!(came(&guard.send(&order)).0, Came::First);
        check(&guard.send(&order.clone().json(r#"{"item":"milk"}"#)), profile, "key-reused");
        let other = order.clone().without("authorization").authorization("Bearer renewed");
        check(&guard.send(&other), profile, "credential-changed");
        guard.check_calls(1);
    }
}

#[test]
fn a_key_that_was_given_up() {
    for profile in PROFILES {
        let guard = Guard::under(&policy());
        let order = order(&guard, profile);
        let path = format!("/.onlyonce/key?path={}", guard.path(&format!("/{profile}/orders")));
        let key = order.headers().all("idempotency-key").join(", ");
        let give_up = Call::new("DELETE", &path).key(&key).header("X-Account", "1");
        let told = guard.send(&give_up.authorization("Bearer alice"));
        assert_eq!(told.status, 200, "{}", told.text());
        check(&guard.send(&order), profile, "key-fenced");
        guard.check_calls(0);
    }
}

#[test]
fn a_duplicate_beside_the_first() {
    for profile in PROFILES {
        let guard = Guard::under(&policy());
        let gate = Gate::new();
        guard.origin_in_turn([Reply::json(201, "{}").held_by(&gate)]);
        let order = order(&guard, profile);
        thread::scope(|scope| {
            let first = guard.send_aside(scope, order.clone());
            gate.wait_for(1);
            check(&guard.send(&order), profile, "in-progress");
            gate.open();
            assert_eq!(came(&first.join().expect("an answer")).0, Came::First);
        });
        guard.check_calls(1);
    }
}

#[test]
fn an_answer_that_was_not_kept_and_an_outcome_that_nobody_knows() {
    for profile in PROFILES {
        let guard = Guard::under(&policy());
        let large = Reply::json(201, &format!("\"{}\"", "x".repeat(3000)));
        guard.origin_in_turn([large, Reply::no_answer()]);
        let kept = order(&guard, profile);
        assert_eq!(guard.send(&kept).status, 201);
        check(&guard.send(&kept), profile, "response-not-kept");
        let lost =
            order(&guard, profile).without("idempotency-key").key("another-key-of-22-and-more");
        for _ in 0..2 {
            check(&guard.send(&lost), profile, "outcome-unknown");
        }
        guard.check_calls(2);
    }
}

/// A server error may have acted, whatever a protocol's text says of it: it is not sent again.
#[test]
fn a_server_error_is_held_under_every_profile() {
    for profile in PROFILES {
        let guard = Guard::under(&policy());
        guard.origin_in_turn([Reply::json(500, r#"{"type":"processing_error"}"#)]);
        for _ in 0..2 {
            let answer = guard.send(&order(&guard, profile));
            assert_eq!(
                (answer.status, answer.text().as_str()),
                (500, r#"{"type":"processing_error"}"#)
            );
        }
        guard.check_calls(1);
    }
}
