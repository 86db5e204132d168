//! `mode = "observe"`: everything passes as if there were no guard, and the guard tells what it saw.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::guard::{Guard, poll_until};
use crate::http::{Answer, Call};
use crate::script::{Ending, Gate, Reply};
use crate::stamp::{Came, came_with};

fn policy() -> Value {
    let route = |path: &str, field: &str, value: Value| {
        let mut route = json!({ "path": path, "mode": "observe" });
        route[field] = value;
        route
    };
    json!({ "routes": [
        route("/*/required/**", "key", json!("required")),
        route("/*/generate/**", "key", json!("generate")),
        route("/*/derive/**", "key", json!("derive")),
        route("/*/deadline/**", "deadline", json!("1s")),
        route("/*/limits/**", "max_request_body", json!("1KiB")),
        route("/*/kept/**", "max_stored_response", json!("1KiB")),
        route("/*/reject/**", "in_flight", json!("reject")),
        { "path": "/*/tenants/**", "mode": "observe", "scope": ["header:x-tenant"] },
        { "path": "/*/plain/**", "mode": "observe" },
    ] })
}

fn under_policy() -> Guard {
    Guard::under(&policy())
}

const PASSED: &str = "onlyonce; fwd=bypass; detail=observe";

/// Each call reaches the origin as it is, and gets the answer to itself.
#[track_caller]
fn check_all_pass(guard: &Guard, calls: &[Call]) -> Vec<Answer> {
    let number = AtomicUsize::new(0);
    guard.origin(move |_| Reply::new(201).body(number.fetch_add(1, Ordering::SeqCst).to_string()));
    let send = |(at, call): (usize, &Call)| {
        let answer = guard.send(call);
        assert_eq!((answer.status, answer.text()), (201, at.to_string()), "{call:?}");
        assert!(!answer.replayed(), "{call:?}");
        answer
    };
    let answers = calls.iter().enumerate().map(send).collect();
    guard.check_calls(calls.len());
    answers
}

#[track_caller]
fn check_passed(answer: &Answer) {
    assert_eq!(answer.header("cache-status"), Some(PASSED));
}

#[test]
fn the_same_key_again_passes_and_is_told_apart() {
    let guard = under_policy();
    let order = guard.order_to("/plain");
    let answers = check_all_pass(&guard, &[order.clone(), order.clone(), order]);
    assert_eq!(came_with(&answers[0], "observe").0, Came::First);
    answers[1..].iter().for_each(check_passed);
    let bodies = guard.seen().into_iter().map(|seen| seen.body);
    assert!(bodies.eq([br#"{"item":"tea","quantity":2}"#; 3]), "the body passes as it is");
    for would in ["\"outcome\":\"first\"", "\"would\":\"replay\""] {
        poll_until("the log tells it", || guard.runtime().log().contains(would));
    }
}

#[test]
fn nothing_is_refused() {
    let guard = under_policy();
    let tenants =
        |who: &str| guard.order_to("/tenants").header("X-Tenant", "1").header("Cookie", who);
    let order = guard.order_to("/plain");
    let rows = [
        order.clone(),
        order.clone().body("{}"),
        order.method("PATCH"),
        tenants("alice"),
        tenants("bob"),
        guard.keyless_order_to("/plain").key("two, keys"),
        guard.keyless_order_to("/plain").key(""),
        guard.keyless_order_to("/plain").key("one").key("two"),
        guard.keyless_order_to("/required"),
        guard.keyless_order_to("/plain"),
    ];
    let answers = check_all_pass(&guard, &rows);
    for (answer, call) in answers.iter().zip(&rows) {
        let status = answer.header("cache-status").unwrap_or_default();
        assert!(status.starts_with("onlyonce; fwd="), "{status} of {call:?}");
    }
    check_passed(&answers[1]);
    check_passed(&answers[2]);
    check_passed(&answers[4]);
}

#[test]
fn a_large_body_passes_however_it_is_framed() {
    let guard = under_policy();
    let large = guard.order_to("/limits").body(vec![b'x'; 100_000]);
    check_all_pass(&guard, &[large.clone(), large.clone().chunked(1000), large]);
    guard.seen().iter().for_each(|seen| assert_eq!(seen.body.len(), 100_000));
}

#[test]
fn no_key_is_made() {
    let guard = under_policy();
    let [generate, derive] = ["/generate", "/derive"].map(|path| guard.keyless_order_to(path));
    let answers = check_all_pass(&guard, &[generate.clone(), generate, derive.clone(), derive]);
    for answer in answers {
        assert_eq!(answer.header("idempotency-key"), None);
    }
    for seen in guard.seen() {
        assert_eq!(seen.headers.get("idempotency-key"), None);
    }
}

#[test]
fn nobody_waits_for_another() {
    for path in ["/plain", "/reject"] {
        let guard = under_policy();
        let gate = Gate::new();
        guard.origin_always(Reply::new(201).held_by(&gate));
        let open = || guard.order_to(path).open(guard.runtime().address()).expect("a socket");
        let all = [open(), open(), open()];
        gate.wait_for(3);
        gate.open();
        for one in all {
            assert_eq!(one.answer().expect("an answer").status, 201);
        }
        guard.check_calls(3);
    }
}

#[test]
fn nobody_is_sent_away_at_the_deadline() {
    let guard = under_policy();
    let gate = Gate::new();
    guard.origin_always(Reply::new(201).body("late").held_by(&gate));
    let open = || guard.order_to("/deadline").open(guard.runtime().address()).expect("a socket");
    let mut first = open();
    gate.wait_for(1);
    let mut second = open();
    gate.wait_for(2);
    for one in [&mut first, &mut second] {
        one.time_out(Duration::from_millis(1300));
    }
    gate.open();
    for one in [first, second] {
        let answer = one.answer().expect("an answer");
        assert_eq!((answer.status, answer.text().as_str()), (201, "late"));
    }
    guard.check_calls(2);
}

/// Whatever it means to a guard that enforces.
#[test]
fn every_answer_passes() {
    let rows = [
        Reply::new(429).header("Retry-After", "1"),
        Reply::json(500, r#"{"error":"half-way"}"#),
        Reply::new(302).header("Location", "/elsewhere"),
        Reply::new(204),
        Reply::new(200).body(vec![b'x'; 100_000]),
        Reply::new(200).body(vec![b'x'; 100_000]).ending(Ending::Chunked(1000)),
        Reply::new(200).header("Content-Type", "text/event-stream").body("data: 1\n\n"),
        Reply::new(200).header("Set-Cookie", "a=1"),
    ];
    for reply in rows {
        println!("{} {:?}", reply.status, reply.headers);
        let guard = under_policy();
        guard.origin_always(reply.clone());
        for _ in 0..3 {
            let answer = guard.send(&guard.order_to("/kept"));
            assert_eq!((answer.status, &answer.body), (reply.status, &reply.body));
            for (name, value) in &reply.headers.0 {
                assert_eq!(answer.header(name), Some(value.as_str()));
            }
            assert!(!answer.replayed());
        }
        guard.check_calls(3);
    }
}

/// What was watched is guarded from the moment on in which the policy says so.
#[test]
fn the_first_answer_that_was_observed_is_the_one_that_is_enforced() {
    let mut guard = Guard::own_under(false, &json!({ "mode": "observe" }));
    let answers = check_all_pass(&guard, &[guard.order(), guard.order()]);
    guard.runtime_mut().kill();
    guard.runtime_mut().redeploy(|setup| setup.policy(&json!({ "mode": "enforce" })));
    let replay = guard.send(&guard.order());
    assert_eq!((replay.replayed(), &replay.body), (true, &answers[0].body));
    guard.check_calls(2);
}
