//! Many at once: one key reaches the origin once, and other keys do not wait for it.

use std::thread;
use std::time::Duration;

use crate::guard::{Guard, both_ways, poll_until};
use crate::http::{Answer, Call};
use crate::problem;
use crate::script::{Gate, Reply};
use crate::stamp::{Came, came, check_replay};

/// One of the answers is the first, all others are it.
#[track_caller]
fn check_one_first(answers: &[Answer]) {
    let (first, shared): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| !answer.replayed());
    assert_eq!(first.len(), 1, "answers without Idempotency-Replayed");
    assert_eq!(first[0].status, 201, "{}", first[0].text());
    shared.iter().for_each(|answer| check_replay(answer, first[0]));
}

#[test]
fn fifty_at_once_reach_the_origin_once() {
    both_ways(|guard| {
        guard.origin(|_| Reply::json(201, r#"{"order":1}"#).body(vec![7; 10_000]));
        let answers = thread::scope(|scope| {
            let sent: Vec<_> = (0..50).map(|_| guard.send_aside(scope, guard.order())).collect();
            sent.into_iter().map(|one| one.join().expect("an answer")).collect::<Vec<_>>()
        });
        check_one_first(&answers);
        guard.check_calls(1);
    });
}

#[test]
fn fifty_wait_for_one_slow_answer() {
    both_ways(|guard| {
        let gate = Gate::new();
        guard.origin_in_turn([Reply::json(201, r#"{"order":1}"#).held_by(&gate)]);
        let open = || guard.order().open(guard.runtime().address()).expect("a socket");
        let mut waiting: Vec<_> = (0..50).map(|_| open()).collect();
        gate.wait_for(1);
        // Nobody is answered, and nobody refused, while the origin works.
        waiting.iter_mut().for_each(|one| one.time_out(Duration::from_millis(10)));
        gate.open();
        let answers: Vec<_> =
            waiting.into_iter().map(|one| one.answer().expect("an answer")).collect();
        check_one_first(&answers);
        guard.check_calls(1);
    });
}

#[test]
fn other_keys_go_to_the_origin_side_by_side() {
    both_ways(|guard| {
        let gate = Gate::new();
        guard.origin_always(Reply::new(201).held_by(&gate));
        let keys = (0..50).map(|n| format!("{}-{n}", guard.key()));
        let open = |key: String| guard.keyless_order().key(&key).open(guard.runtime().address());
        let waiting: Vec<_> = keys.map(|key| open(key).expect("a socket")).collect();
        gate.wait_for(50);
        gate.open();
        for one in waiting {
            let answer = one.answer().expect("an answer");
            assert_eq!(came(&answer).0, Came::First);
        }
        guard.check_calls(50);
    });
}

/// 1 at the origin, 100 that wait for it, and 30 too many.
#[test]
fn the_hundred_and_first_to_wait_is_told_in_progress() {
    let guard = Guard::shared(true);
    let gate = Gate::new();
    guard.origin_in_turn([Reply::new(201).held_by(&gate)]);
    thread::scope(|scope| {
        let first = guard.send_aside(scope, guard.order());
        gate.wait_for(1);
        let others: Vec<_> = (0..130).map(|_| guard.send_aside(scope, guard.order())).collect();
        let answered = || others.iter().filter(|one| one.is_finished()).count();
        poll_until("30 are refused", || answered() >= 30);
        gate.open();
        let answers: Vec<_> =
            others.into_iter().map(|one| one.join().expect("an answer")).collect();
        let (refused, shared): (Vec<_>, Vec<_>) =
            answers.iter().partition(|answer| answer.status == 409);
        assert_eq!((refused.len(), shared.len()), (30, 100));
        refused.iter().for_each(|answer| drop(problem::check(answer, "in-progress")));
        let first = first.join().expect("an answer");
        for answer in shared {
            check_replay(answer, &first);
            assert_eq!(came(answer).0, Came::Joined);
        }
    });
    guard.check_calls(1);
}

/// Whoever forges a token with the owner's subject waits as well, but not in the owner's places.
#[test]
fn those_of_another_credential_leave_the_owner_places() {
    let guard = Guard::shared(true);
    let gate = Gate::new();
    guard.origin_in_turn([Reply::new(201).held_by(&gate)]);
    // Both are { "iss": "i", "sub": "s" }; only the signature differs.
    let order = |signature: &str| {
        let token = format!("Bearer e30.eyJpc3MiOiJpIiwic3ViIjoicyJ9.{signature}");
        Call::post(&guard.path("/orders")).key(&guard.key()).authorization(&token).json("{}")
    };
    thread::scope(|scope| {
        let first = guard.send_aside(scope, order("own"));
        gate.wait_for(1);
        let forged: Vec<_> = (0..100).map(|_| guard.send_aside(scope, order("forged"))).collect();
        let answered = || forged.iter().filter(|one| one.is_finished()).count();
        poll_until("80 are refused", || answered() >= 80);
        let own: Vec<_> = (0..90).map(|_| guard.send_aside(scope, order("own"))).collect();
        let answered = || own.iter().filter(|one| one.is_finished()).count();
        poll_until("10 too many are refused", || answered() >= 10);
        gate.open();
        let first = first.join().expect("an answer");
        let own: Vec<_> = own.into_iter().map(|one| one.join().expect("an answer")).collect();
        let (shared, refused): (Vec<_>, Vec<_>) =
            own.iter().partition(|answer| answer.status == 201);
        assert_eq!((shared.len(), refused.len()), (80, 10));
        shared.into_iter().for_each(|answer| check_replay(answer, &first));
        refused.into_iter().for_each(|answer| drop(problem::check(answer, "in-progress")));
        let answers = forged.into_iter().map(|one| one.join().expect("an answer"));
        let codes: Vec<_> = answers.map(|answer| code_of(&answer)).collect();
        let count = |code: &str| codes.iter().filter(|found| *found == code).count();
        assert_eq!((count("in-progress"), count("credential-changed")), (80, 20), "{codes:?}");
    });
    guard.check_calls(1);
}

fn code_of(answer: &Answer) -> String {
    let body: serde_json::Value = serde_json::from_slice(&answer.body).expect("a problem");
    body["code"].as_str().expect("a code").to_owned()
}

/// Takes the default `wait` of 25 s.
#[test]
fn who_has_waited_long_enough_is_told_in_progress() {
    let guard = Guard::shared(true);
    let gate = Gate::new();
    guard.origin_in_turn([Reply::new(201).held_by(&gate)]);
    thread::scope(|scope| {
        let first = guard.send_aside(scope, guard.order());
        gate.wait_for(1);
        problem::check(&guard.send(&guard.order()), "in-progress");
        gate.open();
        assert_eq!(first.join().expect("an answer").status, 201);
    });
    assert!(guard.send(&guard.order()).replayed());
    guard.check_calls(1);
}

#[test]
fn another_request_under_a_key_in_flight_is_refused_at_once() {
    both_ways(|guard| {
        let gate = Gate::new();
        guard.origin_in_turn([Reply::new(201).held_by(&gate)]);
        thread::scope(|scope| {
            let first = guard.send_aside(scope, guard.order());
            gate.wait_for(1);
            let other = Call::post(&guard.path("/orders?shop=1")).authorization("Bearer alice");
            let other = other.key(&guard.key()).json(r#"{"item":"coffee"}"#);
            problem::check(&guard.send(&other), "key-reused");
            gate.open();
            assert_eq!(first.join().expect("an answer").status, 201);
        });
        guard.check_calls(1);
    });
}
