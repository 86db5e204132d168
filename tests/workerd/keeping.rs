//! How much of an answer is kept: `store` and `redact`. The first caller gets all of it, a retry what is
//! kept, and a word on the rest.

use std::time::Duration;

use serde_json::{Value, json};

use crate::guard::{Guard, poll_until};
use crate::http::Answer;
use crate::log_secrets::MARK;
use crate::problem;
use crate::script::{Ending, GZIPPED_TEA, Gate, Reply};
use crate::stamp::{Came, came, check_first};
use crate::storage::{files_with, wait_for_copy};

const KIB: usize = 1024;

fn policy() -> Value {
    json!({ "routes": [
        { "path": "/*/head/**", "store": "head" },
        { "path": "/*/none/**", "store": "none" },
        { "path": "/*/redact/**", "redact": ["/client_secret", "/data/0/secret"] },
    ] })
}

fn under_policy() -> Guard {
    Guard::under(&policy())
}

/// A secret that no other test has, and an answer that holds it.
fn secret(guard: &Guard) -> (String, Reply) {
    let secret = format!("{MARK}secret-of-{}", guard.lane);
    let body = json!({ "id": "p_1", "client_secret": secret, "data": [{ "secret": secret }] });
    (secret, Reply::json(201, &body.to_string()).header("Location", "/payments/p_1"))
}

fn is_stored(guard: &Guard, secret: &str) -> bool {
    let runtime = guard.runtime();
    [runtime.kv_folder(), runtime.objects_folder()]
        .iter()
        .any(|folder| !files_with(folder, secret).is_empty())
}

/// Came as it is, to the first caller, though not all of it is kept.
#[track_caller]
fn check_whole(answer: &Answer, reply: &Reply) {
    assert_eq!(answer.status, reply.status, "{}", answer.text());
    assert!(answer.body == reply.body, "{}", answer.text());
    assert_eq!(answer.header("idempotency-omitted"), None);
    assert!(!answer.replayed());
}

#[track_caller]
fn check_head_alone(again: &Answer) {
    assert_eq!((again.status, again.body.len()), (201, 0), "{}", again.text());
    assert_eq!(again.header("location"), Some("/payments/p_1"));
    assert_eq!(again.header("idempotency-omitted"), Some("body"));
    assert_eq!(again.header("content-type"), None);
    assert!(again.replayed());
}

#[track_caller]
fn check_redacted(again: &Answer) {
    let body: Value = serde_json::from_slice(&again.body).expect("JSON");
    let kept = json!({ "id": "p_1", "client_secret": null, "data": [{ "secret": null }] });
    assert_eq!((again.status, body), (201, kept));
    let omitted = Some(r#""/client_secret", "/data/0/secret""#);
    assert_eq!(again.header("idempotency-omitted"), omitted);
    assert!(again.replayed());
}

#[test]
fn of_a_head_a_replay_has_all_but_the_body() {
    let guard = under_policy();
    let (secret, reply) = secret(&guard);
    guard.origin_in_turn([reply.clone()]);
    let order = guard.order_to("/head/payments");
    let first = guard.send(&order);
    check_whole(&first, &reply);
    let marked = first.header("cache-status").unwrap_or_default();
    assert!(marked.ends_with("; detail=not-kept"), "{marked:?}");
    check_head_alone(&guard.send(&order));
    let (_, record) = came(&guard.send(&order));
    wait_for_copy(&guard, &record);
    check_head_alone(&guard.send(&order));
    assert!(!is_stored(&guard, &secret));
    guard.check_calls(1);
}

/// It is held by no limit, and its caller reads it as it comes.
#[test]
fn a_large_answer_of_which_the_head_is_kept() {
    let guard = under_policy();
    let reply = Reply::json(201, "").header("Location", "/payments/p_1");
    let reply = reply.body(vec![b'x'; 9 * KIB * KIB]);
    guard.origin_in_turn([reply.clone()]);
    check_whole(&guard.send(&guard.order_to("/head/payments")), &reply);
    check_head_alone(&guard.send(&guard.order_to("/head/payments")));
}

/// Nothing was left out of what had no body.
#[test]
fn an_answer_without_a_body_is_kept_whole() {
    for (path, omitted) in [("/head/a", None), ("/redact/a", None)] {
        let guard = under_policy();
        guard.origin_in_turn([Reply::new(204).header("X-Order", "7")]);
        check_first(&guard.send(&guard.order_to(path)), &guard.key());
        let again = guard.send(&guard.order_to(path));
        assert_eq!((again.status, again.header("x-order")), (204, Some("7")));
        assert_eq!(again.header("idempotency-omitted"), omitted);
    }
}

#[test]
fn of_an_answer_that_is_not_stored_a_retry_is_told_that_it_was_given() {
    let guard = under_policy();
    let (secret, reply) = secret(&guard);
    let mark = format!("{secret}-in-a-header");
    for reply in [reply, Reply::new(204)] {
        let guard = under_policy();
        let reply = reply.header("X-Secret", &mark);
        guard.origin_in_turn([reply.clone()]);
        let order = guard.order_to("/none/payments");
        check_whole(&guard.send(&order), &reply);
        problem::check(&guard.send(&order), "response-not-kept");
        problem::check(&guard.send(&order.json("{}")), "key-reused");
        guard.check_calls(1);
        assert!(!is_stored(&guard, &secret));
    }
}

#[test]
fn a_secret_is_shown_once_and_kept_nowhere() {
    let guard = under_policy();
    let (secret, reply) = secret(&guard);
    guard.origin_in_turn([reply.clone()]);
    let order = guard.order_to("/redact/payments");
    let first = guard.send(&order);
    check_first(&first, &guard.key());
    check_whole(&first, &reply);
    wait_for_copy(&guard, &came(&first).1);
    for _ in 0..3 {
        check_redacted(&guard.send(&order));
    }
    assert!(!is_stored(&guard, &secret));
    guard.check_calls(1);
}

/// Those who wait get what is kept: it is shown once.
#[test]
fn who_waits_gets_what_a_retry_gets() {
    for (path, check) in
        [("/redact/payments", check_redacted as fn(&Answer)), ("/head/payments", check_head_alone)]
    {
        let guard = under_policy();
        let (_, reply) = secret(&guard);
        let gate = Gate::new();
        guard.origin_in_turn([reply.clone().held_by(&gate)]);
        let open = || guard.order_to(path).open(guard.runtime().address()).expect("a socket");
        let first = open();
        gate.wait_for(1);
        let mut second = open();
        second.time_out(Duration::from_millis(200));
        gate.open();
        check_whole(&first.answer().expect("the first"), &reply);
        let second = second.answer().expect("the second");
        check(&second);
        assert_eq!(came(&second).0, Came::Joined);
        guard.check_calls(1);
    }
}

/// Nothing is known of an answer before its end, whatever is kept of it.
#[test]
fn an_answer_that_breaks_off_leaves_the_outcome_unknown() {
    for path in ["/head/payments", "/none/payments", "/redact/payments"] {
        for ending in [Ending::ChunkedWithoutEnd(8), Ending::CutAfter(8)] {
            println!("{path} {ending:?}");
            let guard = under_policy();
            guard.origin_in_turn([secret(&guard).1.ending(ending)]);
            for _ in 0..2 {
                problem::check(&guard.send(&guard.order_to(path)), "outcome-unknown");
            }
            guard.check_calls(1);
        }
    }
}

/// Whoever leaves does not end the origin's work, also behind what is read before anything is said.
#[test]
fn a_caller_that_leaves_has_the_origin_read_to_its_end() {
    let most = 1536 * KIB;
    for (path, size) in [("/head/payments", 64), ("/none/payments", 64), ("/head/large", most)] {
        println!("{path} {size}");
        let guard = under_policy();
        let gate = Gate::new();
        let half = size / 2 + KIB;
        let reply = Reply::json(201, "").body(vec![b'x'; size + 64 * KIB]);
        let reply = reply.held_by(&gate).ending(Ending::ChunkedPauseAfter(half));
        guard.origin_in_turn([reply]);
        let first = guard.order_to(path).open(guard.runtime().address()).expect("a socket");
        gate.wait_for(1);
        first.hang_up();
        gate.open();
        poll_until("the answer is there", || {
            let again = guard.send(&guard.order_to(path));
            again.replayed() || again.text().contains("which answered 201")
        });
        guard.check_calls(1);
    }
}

/// A refusal is none that was carried out.
#[test]
fn a_retry_is_told_which_status_was_not_kept() {
    for (status, what) in
        [(402, "was refused by the origin"), (201, "was carried out by the origin")]
    {
        let guard = under_policy();
        guard.origin_in_turn([Reply::json(status, "{}")]);
        guard.send(&guard.order_to("/none/payments"));
        let again = guard.send(&guard.order_to("/none/payments"));
        problem::check(&again, "response-not-kept");
        let told = format!("{what}, which answered {status},");
        assert!(again.text().contains(&told), "{}", again.text());
    }
}

#[test]
fn what_cannot_be_looked_into_is_not_kept() {
    let guard = under_policy();
    let secret = secret(&guard).0;
    let replies = [
        Reply::new(200).header("Content-Type", "text/html").body(format!("<p>{secret}")),
        Reply::json(200, &format!("{{\"client_secret\":\"{secret}\"")),
        Reply::json(200, "").header("Content-Encoding", "gzip").body(GZIPPED_TEA),
        Reply::new(200)
            .header("Content-Type", "text/event-stream")
            .body(format!("data: {{\"client_secret\":\"{secret}\"}}\n\n")),
        Reply::json(
            200,
            &json!({ "client_secret": secret, "x": "x".repeat(KIB * KIB) }).to_string(),
        ),
    ];
    for reply in replies {
        let guard = under_policy();
        guard.origin_in_turn([reply.clone()]);
        let order = guard.order_to("/redact/payments");
        check_whole(&guard.send(&order), &reply);
        problem::check(&guard.send(&order), "response-not-kept");
        assert!(!is_stored(&guard, &secret), "{:.60}", String::from_utf8_lossy(&reply.body));
    }
}

/// Up to 960 KiB it is looked into, and what is left of it lies in rows.
#[test]
fn a_large_answer_is_looked_into() {
    let guard = under_policy();
    let secret = secret(&guard).0;
    let body = json!({ "client_secret": secret, "x": "x".repeat(900 * KIB) });
    let reply = Reply::json(200, &body.to_string());
    guard.origin_in_turn([reply.clone()]);
    let order = guard.order_to("/redact/payments");
    check_whole(&guard.send(&order), &reply);
    let again = guard.send(&order);
    let kept: Value = serde_json::from_slice(&again.body).expect("JSON");
    assert_eq!((&kept["client_secret"], &kept["x"]), (&Value::Null, &body["x"]));
    assert!(!is_stored(&guard, &secret));
}

/// A 5xx is held for retries like any other answer.
#[test]
fn an_unknown_outcomes_answer_is_kept_the_same_way() {
    let guard = under_policy();
    let (secret, reply) = secret(&guard);
    guard.origin_in_turn([Reply { status: 500, ..reply.clone() }]);
    let order = guard.order_to("/redact/payments");
    assert_eq!(guard.send(&order).body, reply.body);
    let again = guard.send(&order);
    assert_eq!((again.status, again.replayed()), (500, true));
    let text = again.text();
    assert!(text.contains("\"client_secret\":null") && !text.contains(&secret), "{text}");
    poll_until("the log tells it", || guard.runtime().log().contains("server-error"));
    assert!(!is_stored(&guard, &secret));
}

/// What the guard did not do to an answer it does not say of it.
#[test]
fn an_origins_own_word_on_it_is_not_handed_on() {
    let guard = Guard::shared(false);
    guard.origin_in_turn([Reply::json(201, "{}").header("Idempotency-Omitted", "body")]);
    for answer in [guard.send(&guard.order()), guard.send(&guard.order())] {
        assert_eq!(answer.header("idempotency-omitted"), None);
    }
}
