//! Requests without a key, where the policy makes one: drawn, or derived from who asks for what.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::guard::Guard;
use crate::http::{Answer, Call};
use crate::problem;
use crate::script::{Gate, Reply};
use crate::stamp::{Came, came, came_with, check_replay};

const DERIVE_WINDOW: Duration = Duration::from_secs(2);

fn policy() -> Value {
    json!({ "routes": [
        { "path": "/*/generate/**", "key": "generate" },
        { "path": "/*/derive/**", "key": "derive", "derive_window": "2s" },
    ] })
}

fn under_policy() -> Guard {
    Guard::under(&policy())
}

/// The key without its quotes.
#[track_caller]
fn echoed_key(answer: &Answer) -> String {
    let key = answer.header("idempotency-key").expect("the key is echoed");
    key.trim_matches('"').to_owned()
}

#[test]
fn a_drawn_key_is_told_to_the_origin_and_to_the_client() {
    let guard = under_policy();
    guard.origin_in_turn([Reply::json(201, r#"{"order":1}"#)]);
    let first = guard.send(&guard.keyless_order_to("/generate"));
    assert_eq!(came_with(&first, "generated").0, Came::First);
    let key = echoed_key(&first);
    let digits = key.chars().filter(char::is_ascii_hexdigit).count();
    assert_eq!((key.len(), digits), (32, 32), "128 random bits: {key:?}");
    let seen = guard.seen().remove(0);
    assert_eq!(seen.headers.all("idempotency-key"), [format!("{key:?}")]);
    guard.check_calls(1);
}

#[test]
fn with_the_key_that_it_was_told_a_client_retries() {
    let guard = under_policy();
    guard.origin_in_turn([Reply::json(201, r#"{"order":1}"#)]);
    let order = guard.keyless_order_to("/generate");
    let first = guard.send(&order);
    let (_, record) = came_with(&first, "generated");
    for spelling in [echoed_key(&first), format!("{:?}", echoed_key(&first))] {
        let again = guard.send(&order.clone().key(&spelling));
        assert_eq!(came(&again), (Came::Replayed, record.clone()));
        assert_eq!((again.status, &again.body), (201, &first.body));
    }
    let other = guard.send(&order.clone().body("{}").key(&echoed_key(&first)));
    problem::check(&other, "key-reused");
    guard.check_calls(1);
}

#[test]
fn a_key_is_drawn_for_each_request_that_has_none() {
    let guard = under_policy();
    guard.origin_always(Reply::new(201));
    let order = guard.keyless_order_to("/generate");
    let keys = [0, 1].map(|_| echoed_key(&guard.send(&order)));
    assert_ne!(keys[0], keys[1]);
    guard.check_calls(2);
    problem::check(&guard.send(&order.key("two, keys")), "key-invalid");
    guard.check_calls(2);
}

/// Neither the origin nor the client learns of a derived key.
#[track_caller]
fn check_untold(guard: &Guard, answer: &Answer) {
    assert_eq!(answer.header("idempotency-key"), None);
    for seen in guard.seen() {
        assert_eq!(seen.headers.get("idempotency-key"), None);
    }
}

#[test]
fn a_double_click_without_a_key_is_one_order() {
    let guard = under_policy();
    let gate = Gate::new();
    guard.origin_in_turn([Reply::json(201, r#"{"order":1}"#).held_by(&gate)]);
    let order = || guard.keyless_order_to("/derive");
    thread::scope(|scope| {
        let click = guard.send_aside(scope, order());
        gate.wait_for(1);
        let mut double = order().open(guard.runtime().address()).expect("a socket");
        double.time_out(Duration::from_millis(200));
        gate.open();
        let first = click.join().expect("an answer");
        let double = double.answer().expect("an answer");
        let again = guard.send(&order());
        assert_eq!(came_with(&first, "derived").0, Came::First);
        assert_eq!(came_with(&double, "derived").0, Came::Joined);
        assert_eq!(came_with(&again, "derived").0, Came::Replayed);
        for answer in [&first, &double, &again] {
            assert_eq!((answer.status, answer.text().as_str()), (201, r#"{"order":1}"#));
            check_untold(&guard, answer);
        }
    });
    guard.check_calls(1);
}

#[test]
fn after_the_derive_window_the_same_request_is_another_order() {
    let guard = under_policy();
    let gate = Gate::new();
    let latch = gate.latch();
    guard.origin(move |_| Reply::new(201).waiting_at(latch.clone()));
    let order = || guard.keyless_order_to("/derive");
    // The window starts at the answer, however long the origin took for it.
    let mut first = order().open(guard.runtime().address()).expect("a socket");
    gate.wait_for(1);
    first.time_out(DERIVE_WINDOW + Duration::from_millis(100));
    let answered = Instant::now();
    gate.open();
    assert_eq!(came_with(&first.answer().expect("an answer"), "derived").0, Came::First);
    let mut replays = 0;
    while came_with(&guard.send(&order()), "derived").0 == Came::Replayed {
        replays += 1;
        assert!(answered.elapsed() < 5 * DERIVE_WINDOW, "replays go on: the window never ends");
    }
    let window = answered.elapsed();
    assert!(window >= DERIVE_WINDOW, "carried out again after {window:?}");
    assert!(replays > 0, "no retry within the window was replayed");
    guard.check_calls(2);
}

/// The window counts from an answer. Until there is one, what may have been carried out is not sent again.
#[test]
fn an_unknown_outcome_outlives_the_derive_window() {
    let server_error = Reply::json(500, r#"{"error":"half-way"}"#);
    for (reply, code) in [(Reply::no_answer(), Some("outcome-unknown")), (server_error, None)] {
        let guard = under_policy();
        guard.origin_in_turn([reply]);
        let order = guard.keyless_order_to("/derive");
        let first = guard.send(&order);
        thread::sleep(DERIVE_WINDOW + Duration::from_millis(200));
        let again = guard.send(&order);
        match code {
            Some(code) => drop(problem::check(&again, code)),
            None => assert_eq!((again.status, &again.body), (first.status, &first.body)),
        }
        guard.check_calls(1);
    }
}

#[test]
fn what_tells_two_keyless_requests_apart() {
    let order = |guard: &Guard| guard.keyless_order_to("/derive");
    let body = r#"{"item":"tea","quantity":2}"#;
    check_apart("another body", |guard| order(guard).body("{}"));
    check_apart("another path", |guard| guard.keyless_order_to("/derive/b"));
    check_apart("another query", |guard| guard.keyless_order_to("/derive?b=1"));
    check_apart("another credential", |guard| {
        Call::post(&guard.path("/derive")).authorization("Bearer bob").json(body)
    });
    check_apart("one more credential", |guard| order(guard).header("X-Api-Key", "k"));
}

#[track_caller]
fn check_apart(what: &str, other: impl Fn(&Guard) -> Call) {
    println!("{what}");
    let guard = under_policy();
    guard.origin_always(Reply::new(201));
    guard.send(&guard.keyless_order_to("/derive"));
    assert_eq!(came_with(&guard.send(&other(&guard)), "derived").0, Came::First);
    guard.check_calls(2);
}

/// Nothing joins two strangers.
#[test]
fn without_a_credential_no_key_is_derived() {
    let guard = under_policy();
    guard.origin_always(Reply::new(201));
    let order = Call::post(&guard.path("/derive")).json(r#"{"item":"tea"}"#);
    for _ in 0..2 {
        let answer = guard.send(&order);
        assert_eq!(answer.status, 201);
        assert_eq!(answer.header("cache-status"), Some("onlyonce; fwd=bypass"));
    }
    guard.check_calls(2);
    assert_eq!(guard.seen()[1].body, br#"{"item":"tea"}"#);
}

#[test]
fn a_key_of_the_clients_own_goes_before_a_derived_one() {
    let guard = under_policy();
    guard.origin_in_turn([Reply::new(201), Reply::new(201)]);
    let first = guard.send(&guard.order_to("/derive"));
    check_replay(&guard.send(&guard.order_to("/derive")), &first);
    assert!(guard.seen()[0].headers.get("idempotency-key").is_some());
    let keyless = guard.send(&guard.keyless_order_to("/derive"));
    assert_eq!(came_with(&keyless, "derived").0, Came::First);
    guard.check_calls(2);
}

/// A blind retry must not do twice what may have been done.
#[test]
fn a_derived_key_whose_outcome_is_unknown_is_held() {
    let guard = under_policy();
    guard.origin_in_turn([Reply::no_answer(), Reply::new(201)]);
    for _ in 0..2 {
        let answer = guard.send(&guard.keyless_order_to("/derive"));
        problem::check(&answer, "outcome-unknown");
        check_untold(&guard, &answer);
    }
    guard.check_calls(1);
}
