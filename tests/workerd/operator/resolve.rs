//! An operator says what became of an outcome that nobody knew.

use serde_json::json;

use super::{ORDER_1, TOKEN, ask, ask_with, find, first, guard, own_guard, record, told, unknown};
use crate::guard::{Guard, at_origin, poll_until};
use crate::problem;
use crate::script::{Gate, Reply};
use crate::stamp::{Came, came, came_with, check_replay};
use crate::storage::wait_for_copy;

#[test]
fn an_unknown_outcome_that_was_not_processed_frees_its_key() {
    let guard = guard();
    guard.origin_in_turn([Reply::no_answer(), Reply::json(201, r#"{"order":2}"#)]);
    let id = unknown(&guard);
    let before = record(&guard, &id);
    assert_eq!(
        (&before["state"], &before["reason"]),
        (&json!("unknown"), &json!("connection-lost"))
    );
    let claim = before["claim"].as_str().expect("a claim");
    let path = format!("records/{id}/resolve");
    let wrong = json!({"claim": "0".repeat(32), "outcome": "not-processed"}).to_string();
    assert_eq!(told(&ask_with(&guard, "POST", &path, &wrong), 409)["error"], "not-unknown");
    problem::check(&guard.send(&guard.order()), "outcome-unknown");
    let right = json!({"claim": claim, "outcome": "not-processed"}).to_string();
    assert_eq!(told(&ask_with(&guard, "POST", &path, &right), 200)["state"], "vacant");
    let (answer, _) = first(&guard);
    assert_eq!(answer.text(), r#"{"order":2}"#);
    // The claim is another one now: the same wish again does nothing to it.
    assert_eq!(told(&ask_with(&guard, "POST", &path, &right), 409)["error"], "not-unknown");
    check_replay(&guard.send(&guard.order()), &answer);
    guard.check_calls(2);
}

#[test]
fn an_unknown_outcome_is_given_the_answer_that_was_found() {
    let policy = json!({ "credential": ["header:authorization", "header:cookie"] });
    let mut guard = Guard::with(at_origin(true).var("ADMIN_TOKEN", TOKEN).policy(&policy));
    guard.origin_in_turn([Reply::no_answer()]);
    let id = unknown(&guard);
    let claim = record(&guard, &id)["claim"].clone();
    let resolution = json!({
        "claim": claim, "outcome": "answer", "status": 201,
        "headers": [["Content-Type", "application/json"], ["X-Order", "1"], ["Connection", "close"]],
        "body_base64": ORDER_1,
    });
    let path = format!("records/{id}/resolve");
    let shown = told(&ask_with(&guard, "POST", &path, &resolution.to_string()), 200);
    assert_eq!((&shown["state"], &shown["answer"]["status"]), (&json!("done"), &json!(201)));
    // It does not pass for the origin's word: in the record, in each replay, in the log.
    assert_eq!(shown["answer"]["resolved_at"], shown["answer"]["answered_at"]);
    let check = |guard: &Guard| {
        let answer = guard.send(&guard.order());
        assert_eq!((answer.status, answer.text().as_str()), (201, r#"{"order":1}"#));
        let (how, _) = came_with(&answer, "resolved");
        assert_eq!((how, answer.header("x-order")), (Came::Replayed, Some("1")));
    };
    check(&guard);
    for logged in [
        format!(r#"{{"outcome":"operator","code":"resolved","record":"{}""#, &id[..16]),
        r#"{"outcome":"replayed","route":"*","method":"POST","code":"resolved""#.to_owned(),
    ] {
        poll_until(&logged, || guard.runtime().log().contains(&logged));
    }
    // What is settled is settled.
    let answer = ask_with(&guard, "POST", &path, &resolution.to_string());
    assert_eq!(told(&answer, 409)["error"], "not-unknown");
    guard.runtime_mut().kill();
    guard.runtime_mut().restart();
    check(&guard);
    // Under another credential it stays withheld.
    problem::check(&guard.send(&guard.order().header("Cookie", "sid=2")), "credential-changed");
    guard.check_calls(1);
}

/// It was replayed before, as an unknown outcome that has no copy.
#[test]
fn a_resolved_answer_is_copied_when_it_is_replayed() {
    let policy = json!({ "routes": [{ "path": "/**", "kv_write": "on_replay" }] });
    let guard = Guard::with(at_origin(true).var("ADMIN_TOKEN", TOKEN).policy(&policy));
    guard.origin_in_turn([Reply::new(500)]);
    let (_, id) = first(&guard);
    assert_eq!(came(&guard.send(&guard.order())).0, Came::Replayed);
    let claim = record(&guard, &id)["claim"].clone();
    let resolution = json!({ "claim": claim, "outcome": "answer", "status": 201 }).to_string();
    told(&ask_with(&guard, "POST", &format!("records/{id}/resolve"), &resolution), 200);
    let answer = guard.send(&guard.order());
    assert_eq!((answer.status, came_with(&answer, "resolved").0), (201, Came::Replayed));
    wait_for_copy(&guard, &id);
}

/// What the runtime's death left open is told as such, and can be resolved.
#[test]
fn a_crash_is_told_and_resolved() {
    let mut guard = own_guard(true);
    let gate = Gate::new();
    guard.origin_in_turn([Reply::new(201).held_by(&gate), Reply::json(201, "{}")]);
    let left = guard.order().open(guard.runtime().address()).expect("a socket");
    gate.wait_for(1);
    guard.runtime_mut().kill();
    drop(left);
    guard.runtime_mut().restart();
    // Asking is looking: nobody has sent the request again.
    let found = record(&guard, &find(&guard, &guard.key()));
    assert_eq!((&found["state"], &found["reason"]), (&json!("unknown"), &json!("restarted")));
    let path = format!("records/{}/resolve", found["record"].as_str().expect("an id"));
    let right = json!({"claim": found["claim"], "outcome": "not-processed"}).to_string();
    assert_eq!(told(&ask_with(&guard, "POST", &path, &right), 200)["state"], "vacant");
    assert_eq!(came(&guard.send(&guard.order())).0, Came::First);
    guard.check_calls(2);
}

/// The record stays in the shard that it was made in, and the operator need not know which.
#[test]
fn an_outcome_of_before_a_change_of_shards_is_settled_as_any() {
    let setup = |policy| at_origin(false).var("ADMIN_TOKEN", TOKEN).policy(&policy);
    let mut guard = Guard::with(setup(json!({ "shards": 1 })));
    guard.origin_in_turn([Reply::no_answer()]);
    let id = unknown(&guard);
    guard.runtime_mut().kill();
    guard
        .runtime_mut()
        .redeploy(|of_before| of_before.policy(&json!({ "shards": 4, "shards_before": 1 })));
    let resolve = |claim: &str| {
        let resolution = json!({"claim": claim, "outcome": "answer", "status": 201}).to_string();
        ask_with(&guard, "POST", &format!("records/{id}/resolve"), &resolution)
    };
    let claim = record(&guard, &id)["claim"].as_str().expect("a claim").to_owned();
    assert_eq!(told(&resolve(&"0".repeat(32)), 409)["error"], "not-unknown");
    assert_eq!(told(&resolve(&claim), 200)["state"], "done");
    let replay = guard.send(&guard.order());
    assert_eq!((replay.status, came_with(&replay, "resolved").0), (201, Came::Replayed));
    guard.check_calls(1);
}

/// Every call of the shard hangs, and so does whatever needs a place.
#[test]
fn an_operator_is_answered_while_the_origin_hangs() {
    let setup = at_origin(true).var("ADMIN_TOKEN", TOKEN);
    let guard = Guard::with(setup.policy(&json!({ "shards": 1 })));
    guard.origin_in_turn([Reply::json(201, "{}")]);
    let (_, id) = first(&guard);
    wait_for_copy(&guard, &id);
    let gate = Gate::new();
    guard.origin_always(Reply::json(201, "{}").held_by(&gate));
    let order = |at: usize| guard.keyless_order().key(&format!("{}-{at}", guard.key()));
    let address = guard.runtime().address();
    let waiting: Vec<_> = (0..6).map(|at| order(at).open(address).expect("a socket")).collect();
    gate.wait_for(6);
    let forgotten = told(&ask(&guard, "DELETE", &format!("records/{id}")), 200);
    assert_eq!((&forgotten["state"], &forgotten["until"]), (&json!("forgotten"), &json!(null)));
    gate.open();
    for one in waiting {
        assert_eq!(one.answer().expect("an answer").status, 201);
    }
    poll_until("the deletion is confirmed", || record(&guard, &id)["until"].is_string());
}
