//! How long callers wait: for the origin, and for one another.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::guard::{Guard, poll_until};
use crate::http::Answer;
use crate::problem;
use crate::script::{Gate, Reply};
use crate::stamp::{Came, came, check_first, check_replay};

const SECOND: Duration = Duration::from_secs(1);
/// More than any of them takes, less than the default `wait` of 25 s.
const PROMPT: Duration = Duration::from_secs(15);

fn policy() -> Value {
    json!({ "routes": [
        { "path": "/*/deadline/**", "deadline": "1s" },
        { "path": "/*/wait/**", "wait": "1s" },
        { "path": "/*/reject/**", "in_flight": "reject" },
    ] })
}

fn under_policy() -> Guard {
    Guard::under(&policy())
}

/// The order and two duplicates are told at the deadline that nobody knows; the origin still holds it.
#[track_caller]
fn pass_the_deadline(guard: &Guard, gate: &Gate, reply: Reply) {
    guard.origin_in_turn([reply.held_by(gate), Reply::json(201, r#"{"order":2}"#)]);
    let order = || guard.order_to("/deadline");
    thread::scope(|scope| {
        let started = Instant::now();
        let first = guard.send_aside(scope, order());
        gate.wait_for(1);
        let others = [0, 1].map(|_| guard.send_aside(scope, order()));
        let answers = [first].into_iter().chain(others).map(|one| one.join().expect("an answer"));
        let answers: Vec<Answer> = answers.collect();
        let took = started.elapsed();
        assert!((SECOND..PROMPT).contains(&took), "told after {took:?}");
        answers.iter().for_each(|answer| drop(problem::check_timed_out(answer)));
    });
    problem::check_timed_out(&guard.send(&order()));
    guard.check_calls(1);
}

#[test]
fn at_the_deadline_all_are_told_and_a_late_answer_is_kept() {
    let guard = under_policy();
    let gate = Gate::new();
    pass_the_deadline(&guard, &gate, Reply::json(201, r#"{"order":1}"#));
    gate.open();
    poll_until("the late answer is there", || {
        guard.send(&guard.order_to("/deadline")).status == 201
    });
    for _ in 0..2 {
        let again = guard.send(&guard.order_to("/deadline"));
        assert_eq!(came(&again).0, Came::Replayed);
        assert_eq!((again.replayed(), again.text().as_str()), (true, r#"{"order":1}"#));
    }
    guard.check_calls(1);
}

#[test]
fn a_late_server_error_is_kept_too() {
    let guard = under_policy();
    let gate = Gate::new();
    pass_the_deadline(&guard, &gate, Reply::json(500, r#"{"error":"half-way"}"#));
    gate.open();
    poll_until("the late answer is there", || {
        guard.send(&guard.order_to("/deadline")).status == 500
    });
    assert_eq!(guard.send(&guard.order_to("/deadline")).text(), r#"{"error":"half-way"}"#);
    guard.check_calls(1);
}

#[test]
fn a_call_that_is_lost_late_stays_unknown() {
    let guard = under_policy();
    let gate = Gate::new();
    pass_the_deadline(&guard, &gate, Reply::no_answer());
    gate.open();
    poll_until("the loss is noted", || guard.send(&guard.order_to("/deadline")).status == 502);
    problem::check(&guard.send(&guard.order_to("/deadline")), "outcome-unknown");
    guard.check_calls(1);
}

/// "Not processed" is as good late as in time.
#[test]
fn a_late_release_frees_the_key() {
    let guard = under_policy();
    let gate = Gate::new();
    pass_the_deadline(&guard, &gate, Reply::new(429));
    gate.open();
    poll_until("the key is free", || guard.send(&guard.order_to("/deadline")).status == 201);
    assert_eq!(guard.send(&guard.order_to("/deadline")).text(), r#"{"order":2}"#);
    guard.check_calls(2);
}

/// A caller that left has its deadline all the same: whoever asks next sees to it.
#[test]
fn a_deadline_passes_with_nobody_waiting() {
    let guard = under_policy();
    let gate = Gate::new();
    guard.origin_in_turn([Reply::new(201).held_by(&gate)]);
    let left = guard.order_to("/deadline").open(guard.runtime().address()).expect("a socket");
    gate.wait_for(1);
    left.hang_up();
    let started = Instant::now();
    problem::check_timed_out(&guard.send(&guard.order_to("/deadline")));
    assert!(started.elapsed() < PROMPT);
    gate.open();
    poll_until("the late answer is there", || {
        guard.send(&guard.order_to("/deadline")).status == 201
    });
    guard.check_calls(1);
}

/// No alarm rings at the deadline, and nobody else looks: those who wait do it themselves.
#[test]
fn a_duplicate_is_told_at_the_deadline_though_the_first_caller_is_gone() {
    let guard = under_policy();
    let gate = Gate::new();
    guard.origin_in_turn([Reply::json(201, r#"{"order":1}"#).held_by(&gate)]);
    let order = guard.order_to("/deadline");
    let started = Instant::now();
    let first = order.open(guard.runtime().address()).expect("a socket");
    gate.wait_for(1);
    // Its timer goes along.
    drop(first);
    problem::check_timed_out(&guard.send(&order));
    let took = started.elapsed();
    assert!((SECOND..PROMPT).contains(&took), "told after {took:?}");
    // And after it at once.
    let started = Instant::now();
    problem::check_timed_out(&guard.send(&order));
    assert!(started.elapsed() < SECOND, "told after {:?}", started.elapsed());
    gate.open();
    poll_until("the late answer is there", || guard.send(&order).replayed());
    guard.check_calls(1);
}

#[test]
fn a_duplicate_waits_as_long_as_the_policy_says() {
    let guard = under_policy();
    let gate = Gate::new();
    guard.origin_in_turn([Reply::new(201).held_by(&gate)]);
    thread::scope(|scope| {
        let first = guard.send_aside(scope, guard.order_to("/wait"));
        gate.wait_for(1);
        let started = Instant::now();
        problem::check(&guard.send(&guard.order_to("/wait")), "in-progress");
        let took = started.elapsed();
        assert!((SECOND..PROMPT).contains(&took), "told after {took:?}");
        gate.open();
        check_first(&first.join().expect("an answer"), &guard.key());
    });
    assert!(guard.send(&guard.order_to("/wait")).replayed());
    guard.check_calls(1);
}

#[test]
fn a_duplicate_is_rejected_where_the_policy_says_so() {
    let guard = under_policy();
    let gate = Gate::new();
    guard.origin_in_turn([Reply::new(201).held_by(&gate)]);
    thread::scope(|scope| {
        let order = || guard.order_to("/reject");
        let first = guard.send_aside(scope, order());
        gate.wait_for(1);
        let started = Instant::now();
        let refused = guard.send(&order());
        assert!(started.elapsed() < PROMPT, "rejected after {:?}", started.elapsed());
        problem::check(&refused, "in-progress");
        problem::check(&guard.send(&order().body("{}")), "key-reused");
        gate.open();
        let first = first.join().expect("an answer");
        check_first(&first, &guard.key());
        check_replay(&guard.send(&order()), &first);
    });
    guard.check_calls(1);
}
