//! What the origin refuses for good binds only the credential that it was refused: whoever knows
//! another's key, or forges another's subject, takes nothing and learns nothing.

use std::thread;

use serde_json::{Value, json};

use crate::guard::Guard;
use crate::http::Call;
use crate::problem;
use crate::script::{Gate, Reply};
use crate::stamp::{Came, came, check_first, check_replay};

fn policy() -> Value {
    json!({ "scope": ["header:x-tenant"], "release": [] })
}

/// One key, one scope; the owner's order, or an attacker's.
fn order(guard: &Guard, who: &str) -> Call {
    let body = if who == "owner" { r#"{"item":"tea"}"# } else { r#"{"item":"poison"}"# };
    let call = Call::post(&guard.path("/orders")).key(&guard.key()).json(body);
    call.header("X-Tenant", &guard.lane).authorization(&format!("Bearer {who}"))
}

#[test]
fn the_owners_request_is_carried_out() {
    for status in [400, 401, 404, 409, 422] {
        for kv in [true, false] {
            println!("{status}, with copies: {kv}");
            let guard = if kv { Guard::under(&policy()) } else { Guard::own_under(kv, &policy()) };
            guard.origin_in_turn([Reply::new(status).body("no"), Reply::new(201).body("made")]);
            let (attacker, owner) = (order(&guard, "attacker"), order(&guard, "owner"));
            let refused = guard.send(&attacker);
            assert_eq!(refused.status, status);
            check_replay(&guard.send(&attacker), &refused);
            let made = guard.send(&owner);
            check_first(&made, &guard.key());
            check_replay(&guard.send(&owner), &made);
            problem::check(&guard.send(&attacker), "credential-changed");
            guard.check_calls(2);
        }
    }
}

/// Large answers lie in rows of their own, which go with the claim that is superseded.
#[test]
fn a_large_refusal_is_superseded_as_well() {
    let guard = Guard::under(&policy());
    let large = "x".repeat(3 * 1024 * 1024);
    guard.origin_in_turn([
        Reply::new(404).body(large.clone()),
        Reply::new(201).body(large.replace('x', "y")),
    ]);
    let (attacker, owner) = (order(&guard, "attacker"), order(&guard, "owner"));
    assert_eq!(guard.send(&attacker).body.len(), large.len());
    let made = guard.send(&owner);
    check_first(&made, &guard.key());
    check_replay(&guard.send(&owner), &made);
    guard.check_calls(2);
}

#[test]
fn who_waits_for_anothers_refusal_is_sent() {
    let guard = Guard::under(&policy());
    let gate = Gate::new();
    guard.origin_in_turn([Reply::new(404).held_by(&gate), Reply::new(201).body("made")]);
    thread::scope(|scope| {
        let attacker = guard.send_aside(scope, order(&guard, "attacker"));
        gate.wait_for(1);
        let owner = guard.send_aside(scope, order(&guard, "owner"));
        let mut waits = order(&guard, "owner").open(guard.runtime().address()).expect("a socket");
        waits.time_out(std::time::Duration::from_millis(300));
        gate.open();
        assert_eq!(attacker.join().expect("an answer").status, 404);
        let answers = [owner.join().expect("an answer"), waits.answer().expect("an answer")];
        answers.iter().for_each(|answer| assert_eq!(answer.text(), "made"));
        let firsts = answers.iter().filter(|answer| came(answer).0 == Came::First).count();
        assert_eq!(firsts, 1, "the other one joins");
    });
    guard.check_calls(2);
}

/// What was done was done: a success binds everybody.
#[test]
fn a_success_is_not_superseded() {
    let guard = Guard::under(&policy());
    guard.origin_in_turn([Reply::new(201).body("a secret")]);
    let (attacker, owner) = (order(&guard, "attacker"), order(&guard, "owner"));
    let made = guard.send(&owner);
    check_first(&made, &guard.key());
    let refused = guard.send(&attacker);
    problem::check(&refused, "credential-changed");
    assert!(!refused.text().contains("secret"));
    check_replay(&guard.send(&owner), &made);
    guard.check_calls(1);
}
