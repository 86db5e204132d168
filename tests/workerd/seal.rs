//! Answers that only their caller can read: what lies in storage is ciphertext, and a retry brings what
//! opens it.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use crate::guard::Guard;
use crate::http::Answer;
use crate::log_secrets::MARK;
use crate::problem;
use crate::script::{Gate, Reply};
use crate::stamp::{Came, came, check_first, check_replay};
use crate::storage::{blobs, files_with, wait_for_copy};
use crate::unknown_outcomes::{operators, setup};

const KIB: usize = 1024;

fn policy() -> Value {
    json!({ "seal": true, "routes": [
        { "path": "/*/derive", "key": "derive" },
        { "path": "/*/users", "credential": ["header:authorization", "header:x-user"] },
        { "path": "/*/head", "store": "head" },
        { "path": "/*/redact", "redact": ["/client_secret"] },
    ] })
}

fn guard() -> Guard {
    Guard::under(&policy())
}

/// Text that no other test has, in a header and in a body of this size.
fn secret(guard: &Guard, size: usize) -> (String, Reply) {
    let secret = format!("{MARK}sealed-of-{}", guard.lane);
    let body = json!({ "client_secret": secret, "x": "x".repeat(size) });
    (secret.clone(), Reply::json(201, &body.to_string()).header("X-Secret", &secret))
}

#[track_caller]
fn check_unreadable(guard: &Guard, secret: &str) {
    let runtime = guard.runtime();
    let folders = [runtime.kv_folder(), runtime.objects_folder()];
    let found: Vec<PathBuf> =
        folders.iter().flat_map(|folder| files_with(folder, secret)).collect();
    assert!(found.is_empty(), "{found:?}");
}

#[track_caller]
fn check_opened(again: &Answer, first: &Answer) {
    check_replay(again, first);
    assert_eq!(again.header("x-secret"), first.header("x-secret"));
}

/// From the object, from the isolate's memory and from KV.
#[test]
fn a_replay_is_the_answer_and_storage_holds_nothing_of_it() {
    for size in [0, 5 * KIB, 80 * KIB, 900 * KIB] {
        println!("{size} bytes");
        let guard = guard();
        let (secret, reply) = secret(&guard, size);
        guard.origin_in_turn([reply.clone()]);
        let first = guard.send(&guard.order());
        check_first(&first, &guard.key());
        assert!(first.body == reply.body && first.header("x-secret") == Some(&secret));
        check_opened(&guard.send(&guard.order()), &first);
        wait_for_copy(&guard, &came(&first).1);
        for _ in 0..3 {
            check_opened(&guard.send(&guard.order()), &first);
        }
        check_unreadable(&guard, &secret);
        guard.check_calls(1);
    }
}

/// Where nobody but a copy can answer.
#[test]
fn a_copy_is_opened_without_the_object() {
    let mut guard = Guard::own_under(true, &policy());
    let (secret, reply) = secret(&guard, 40 * KIB);
    guard.origin_in_turn([reply]);
    let first = guard.send(&guard.order());
    wait_for_copy(&guard, &came(&first).1);
    guard.runtime_mut().kill();
    guard.runtime_mut().redeploy(|setup| setup.objects(false));
    check_opened(&guard.send(&guard.order()), &first);
    check_unreadable(&guard, &secret);
    // One whose bytes have changed is none, and says nothing that is not so.
    for blob in blobs(&guard) {
        let mut bytes = std::fs::read(&blob).expect("a copy");
        let last = bytes.last_mut().expect("a byte");
        *last ^= 1;
        std::fs::write(&blob, bytes).expect("a copy");
    }
    guard.runtime_mut().kill();
    guard.runtime_mut().restart();
    let again = guard.send(&guard.order());
    assert!(!again.text().contains(&secret), "{}", again.text());
    assert_ne!(again.status, 201);
}

/// After a restart nothing is left of a key but what the retry brings, and a policy that seals no longer
/// still opens.
#[test]
fn what_was_sealed_is_opened_under_another_policy_and_the_other_way_round() {
    let mut guard = Guard::own_under(false, &policy());
    let (secret, reply) = secret(&guard, 0);
    guard.origin_in_turn([reply.clone(), reply]);
    let sealed = guard.order();
    let plain = guard.keyless_order().key(&format!("{}-plain", guard.key()));
    let first = guard.send(&sealed);
    check_unreadable(&guard, &secret);
    guard.runtime_mut().kill();
    guard.runtime_mut().redeploy(|setup| setup.policy(&json!({})));
    check_opened(&guard.send(&sealed), &first);
    let other = guard.send(&plain);
    guard.runtime_mut().kill();
    guard.runtime_mut().redeploy(|setup| setup.policy(&policy()));
    check_opened(&guard.send(&sealed), &first);
    check_opened(&guard.send(&plain), &other);
    guard.check_calls(2);
}

#[test]
fn who_may_see_it_is_decided_as_ever() {
    let guard = guard();
    guard.origin_in_turn([secret(&guard, 0).1]);
    let order = guard.order_to("/users").header("X-User", "alice");
    guard.send(&order);
    problem::check(&guard.send(&order.clone().json("{}")), "key-reused");
    let other = guard.order_to("/users").header("X-User", "bob");
    problem::check(&guard.send(&other), "credential-changed");
}

#[test]
fn who_waits_gets_it_too() {
    let guard = guard();
    let (secret, reply) = secret(&guard, 0);
    let gate = Gate::new();
    guard.origin_in_turn([reply.held_by(&gate)]);
    let open = || guard.order().open(guard.runtime().address()).expect("a socket");
    let first = open();
    gate.wait_for(1);
    let mut second = open();
    second.time_out(Duration::from_millis(200));
    gate.open();
    let first = first.answer().expect("the first");
    let second = second.answer().expect("the second");
    check_opened(&second, &first);
    assert_eq!(came(&second).0, Came::Joined);
    check_unreadable(&guard, &secret);
}

/// A key that was derived is made again of the same request.
#[test]
fn a_request_without_a_key_opens_its_answer() {
    let guard = guard();
    let (secret, reply) = secret(&guard, 0);
    guard.origin_in_turn([reply]);
    let order = guard.keyless_order_to("/derive");
    let first = guard.send(&order);
    let again = guard.send(&order);
    assert_eq!((again.replayed(), &again.body), (true, &first.body));
    check_unreadable(&guard, &secret);
    guard.check_calls(1);
}

#[test]
fn an_unknown_outcomes_answer_is_sealed_and_held() {
    let guard = guard();
    let (secret, reply) = secret(&guard, 0);
    guard.origin_in_turn([Reply { status: 500, ..reply.clone() }]);
    for replayed in [false, true, true] {
        let answer = guard.send(&guard.order());
        assert_eq!((answer.status, answer.replayed()), (500, replayed));
        assert!(answer.body == reply.body, "{}", answer.text());
    }
    check_unreadable(&guard, &secret);
}

#[test]
fn a_stream_is_read_as_it_comes_and_sealed_at_its_end() {
    let guard = guard();
    let (secret, reply) = secret(&guard, 2 * KIB);
    let reply = Reply::new(200)
        .header("Content-Type", "text/event-stream")
        .header("X-Secret", &secret)
        .body([b"data: ".as_slice(), &reply.body, b"\n\n"].concat());
    guard.origin_in_turn([reply.clone()]);
    let first = guard.send(&guard.order());
    assert!(first.body == reply.body, "{}", first.text());
    let again = guard.send(&guard.order());
    assert!(again.replayed() && again.body == reply.body, "{}", again.text());
    check_unreadable(&guard, &secret);
}

/// What is too large to be sealed is not kept, headers and all.
#[test]
fn over_its_limit_only_the_status_is_kept() {
    let guard = guard();
    let (secret, reply) = secret(&guard, KIB * KIB);
    guard.origin_in_turn([reply.clone()]);
    let first = guard.send(&guard.order());
    assert!(first.body == reply.body && first.header("x-secret") == Some(&secret));
    problem::check(&guard.send(&guard.order()), "response-not-kept");
    check_unreadable(&guard, &secret);
}

/// With `store` and `redact`: what is kept is sealed.
#[test]
fn less_than_all_is_sealed() {
    let guard = guard();
    let (secret, reply) = secret(&guard, 0);
    guard.origin_in_turn([reply]);
    guard.send(&guard.order_to("/redact"));
    let again = guard.send(&guard.order_to("/redact"));
    assert_eq!(again.header("idempotency-omitted"), Some("\"/client_secret\""));
    assert!(again.text().contains("\"client_secret\":null"), "{}", again.text());
    assert_eq!(again.header("x-secret"), Some(secret.as_str()));
    check_unreadable(&guard, &secret);
}

#[test]
fn a_head_is_sealed() {
    let guard = guard();
    let (secret, reply) = secret(&guard, 0);
    guard.origin_in_turn([reply]);
    guard.send(&guard.order_to("/head"));
    let again = guard.send(&guard.order_to("/head"));
    assert_eq!(again.header("idempotency-omitted"), Some("body"));
    assert_eq!((again.body.len(), again.header("x-secret")), (0, Some(secret.as_str())));
    check_unreadable(&guard, &secret);
}

/// An operator sees that it is sealed, and opens it with the key.
#[test]
fn an_operator_needs_the_key() {
    for size in [0, 200 * KIB] {
        let guard = Guard::sharing(setup(policy()));
        let (secret, reply) = secret(&guard, size);
        guard.origin_in_turn([reply.clone()]);
        let (_, id) = came(&guard.send(&guard.order()));
        let (status, record) = operators(&guard, "GET", &format!("records/{id}?body=1"), "");
        assert_eq!((status, &record["answer"]["body"]), (200, &json!("sealed")));
        assert_eq!(record["answer"]["status"], 201);
        assert!(!record.to_string().contains(&secret), "{record}");
        let scope = json!({ "header:authorization": "Bearer alice" });
        let named = |key: &str| json!({ "scope": scope, "key": key }).to_string();
        let open = format!("records/{id}/open");
        let (status, opened) = operators(&guard, "POST", &open, &named(&guard.key()));
        assert_eq!((status, &opened["answer"]["body"]), (200, &json!("kept")));
        assert_eq!(opened["answer"]["body_bytes"], reply.body.len());
        assert!(opened["answer"]["headers"].to_string().contains(&secret), "{opened:.400}");
        let (status, refused) = operators(&guard, "POST", &open, &named("another-key"));
        assert_eq!((status, &refused["error"]), (400, &json!("question-invalid")));
        check_unreadable(&guard, &secret);
    }
}

/// One that is not sealed is shown to whoever names its key, too.
#[test]
fn an_operator_opens_what_is_not_sealed() {
    let guard = Guard::sharing(setup(json!({})));
    guard.origin_in_turn([Reply::json(201, "{}")]);
    let (_, id) = came(&guard.send(&guard.order()));
    let scope = json!({ "header:authorization": "Bearer alice" });
    let named = json!({ "scope": scope, "key": guard.key() }).to_string();
    let (status, record) = operators(&guard, "POST", &format!("records/{id}/open"), &named);
    assert_eq!((status, &record["answer"]["body_base64"]), (200, &json!("e30=")));
}
