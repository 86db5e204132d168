//! The runtime is killed, and knows afterwards what it knew before.

use serde_json::json;

use crate::guard::{Guard, at_origin, poll_until};
use crate::problem;
use crate::script::{Gate, Reply};
use crate::stamp::{came, check_first, check_replay};
use crate::storage::{empty_kv, stored, wait_for_copy};

#[track_caller]
fn check_unknown(guard: &Guard) {
    let answer = guard.send(&guard.order());
    problem::check(&answer, "outcome-unknown");
}

/// The origin works on the order while the runtime is killed and started again.
fn crash_in_flight(guard: &mut Guard, gate: &Gate) {
    guard.origin_in_turn([Reply::json(201, r#"{"order":1}"#).held_by(gate)]);
    let left = guard.order().open(guard.runtime().address()).expect("a socket");
    gate.wait_for(1);
    guard.runtime_mut().kill();
    drop(left);
    guard.runtime_mut().restart();
}

#[test]
fn killed_while_the_origin_works_the_outcome_is_unknown() {
    for kv in [true, false] {
        let mut guard = Guard::own(kv);
        let gate = Gate::new();
        crash_in_flight(&mut guard, &gate);
        check_unknown(&guard);
        // The origin's answer comes now, to nobody.
        gate.open();
        for _ in 0..3 {
            check_unknown(&guard);
        }
        guard.check_calls(1);
        let other = guard.keyless_order().key(&format!("{}-other", guard.key()));
        assert_eq!(guard.send(&other).status, 599, "other keys reach the origin after the crash");
    }
}

/// The caller is gone, and nobody asks for the key again: the alarm looks, once another key wakes the shard.
#[test]
fn a_dead_call_is_found_though_nobody_retries() {
    let setup = at_origin(false).policy(&json!({ "shards": 1 }));
    let mut guard = Guard::with(setup.around("tests/workerd/instrumented.js"));
    let gate = Gate::new();
    crash_in_flight(&mut guard, &gate);
    assert_eq!(stored(&guard)["watched"], 1, "the claim is in flight");
    let other = guard.keyless_order().key(&format!("{}-other", guard.key()));
    assert_eq!(guard.send(&other).status, 599);
    poll_until("the alarm has looked", || stored(&guard)["watched"] == 0);
    assert_eq!(stored(&guard)["records"], 2);
    check_unknown(&guard);
    guard.check_calls(2);
}

/// Killed in the moment in which the origin hears of it: the claim is on disk by then, every time.
#[test]
fn a_claim_is_durable_before_its_request_leaves() {
    let mut guard = Guard::own(false);
    for round in 1..=3 {
        let gate = Gate::new();
        guard.origin_in_turn([Reply::new(201).held_by(&gate)]);
        let call = guard.keyless_order().key(&format!("{}-{round}", guard.key()));
        let left = call.open(guard.runtime().address()).expect("a socket");
        gate.wait_for(1);
        guard.runtime_mut().kill();
        drop(left);
        guard.runtime_mut().restart();
        problem::check(&guard.send(&call), "outcome-unknown");
        guard.check_calls(round);
    }
}

/// The fingerprint was written down with the claim.
#[test]
fn an_unknown_outcome_is_no_licence_for_another_request() {
    let mut guard = Guard::own(true);
    let gate = Gate::new();
    crash_in_flight(&mut guard, &gate);
    problem::check(&guard.send(&guard.order().body("{}")), "key-reused");
    check_unknown(&guard);
    guard.check_calls(1);
}

#[test]
fn an_unknown_outcome_outlives_another_crash() {
    let mut guard = Guard::own(true);
    let gate = Gate::new();
    crash_in_flight(&mut guard, &gate);
    check_unknown(&guard);
    guard.runtime_mut().kill();
    guard.runtime_mut().restart();
    check_unknown(&guard);
    guard.check_calls(1);
}

#[test]
fn killed_after_the_answer_it_replays() {
    for kv in [true, false] {
        let mut guard = Guard::own(kv);
        guard.origin_in_turn([Reply::json(201, r#"{"order":1}"#).body(vec![9; 300_000])]);
        let first = guard.send(&guard.order());
        check_first(&first, &guard.key());
        guard.runtime_mut().kill();
        guard.runtime_mut().restart();
        check_replay(&guard.send(&guard.order()), &first);
        guard.check_calls(1);
    }
}

#[test]
fn a_held_server_error_outlives_a_crash() {
    let mut guard = Guard::own(true);
    guard.origin_in_turn([Reply::json(500, r#"{"error":"half-way"}"#)]);
    let first = guard.send(&guard.order());
    guard.runtime_mut().kill();
    guard.runtime_mut().restart();
    check_replay(&guard.send(&guard.order()), &first);
    guard.check_calls(1);
}

#[test]
fn with_kv_emptied_it_replays() {
    let mut guard = Guard::own(true);
    guard.origin_in_turn([Reply::json(201, r#"{"order":1}"#)]);
    let first = guard.send(&guard.order());
    wait_for_copy(&guard, &came(&first).1);
    guard.runtime_mut().kill();
    empty_kv(&guard);
    guard.runtime_mut().restart();
    check_replay(&guard.send(&guard.order()), &first);
    guard.check_calls(1);
}

/// The answer was made durable before anyone saw it: however soon after it the kill comes, it replays.
#[test]
fn killed_at_the_very_answer_it_replays() {
    let mut guard = Guard::own(false);
    guard.origin(|seen| {
        Reply::new(201).body(seen.headers.get("idempotency-key").unwrap_or_default())
    });
    for round in 0..3 {
        let call = guard.keyless_order().key(&format!("{}-{round}", guard.key()));
        let first = guard.send(&call);
        guard.runtime_mut().kill();
        guard.runtime_mut().restart();
        check_replay(&guard.send(&call), &first);
    }
    guard.check_calls(3);
}
