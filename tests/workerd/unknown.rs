//! Nobody knows whether the origin acted, and the policy has the retry sent again: `unknown = "resend"`.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::guard::{Guard, poll_for};
use crate::http::{Answer, Call};
use crate::problem;
use crate::script::{Gate, Reply};
use crate::stamp::{Came, came, check_first, check_replay};

fn policy() -> Value {
    json!({ "routes": [
        { "path": "/*/resend/**", "unknown": "resend", "fingerprint": "bytes" },
        {
            "path": "/*/tenants/**", "unknown": "resend", "fingerprint": "bytes",
            "scope": ["header:x-tenant"],
        },
    ] })
}

fn under_policy() -> Guard {
    Guard::under(&policy())
}

fn order(guard: &Guard) -> Call {
    guard.order_to("/resend")
}

fn done() -> Reply {
    Reply::json(201, r#"{"order":1}"#)
}

/// The keys that the origin saw, as they were spelled.
fn spellings(guard: &Guard) -> Vec<String> {
    let key = |seen: &crate::origin::Seen| seen.headers.all("idempotency-key").join(" | ");
    guard.seen().iter().map(key).collect()
}

/// The retry was sent again just now, and from here on its answer is the key's.
#[track_caller]
fn check_done(guard: &Guard, call: &Call, answer: &Answer, calls: usize) {
    assert_eq!((answer.status, answer.text().as_str()), (201, r#"{"order":1}"#));
    assert_eq!(came(answer).0, Came::First);
    check_replay(&guard.send(call), answer);
    guard.check_calls(calls);
}

#[test]
fn a_retry_is_sent_again_under_the_first_attempts_very_key() {
    let guard = under_policy();
    let key = guard.key();
    let spelled = [format!("\"{key}\"; v=1"), key.clone(), format!("\"{key}\"")];
    for first_spelling in &spelled {
        println!("first spelled {first_spelling}");
        let guard = under_policy();
        let order = |spelling: &str| {
            guard.keyless_order_to("/resend").key(spelling).authorization(&guard.lane)
        };
        guard.origin_in_turn([Reply::no_answer(), done()]);
        problem::check(&guard.send(&order(first_spelling)), "outcome-unknown");
        guard.check_calls(1);
        let retry = order(&key);
        check_done(&guard, &retry, &guard.send(&retry), 2);
        assert_eq!(spellings(&guard), [first_spelling.as_str(), first_spelling]);
        assert_eq!(guard.seen()[0].body, guard.seen()[1].body);
    }
}

#[test]
fn a_server_error_is_sent_again_too() {
    let guard = under_policy();
    guard.origin_in_turn([Reply::json(500, "{}"), Reply::json(502, "{}"), done()]);
    for status in [500, 502] {
        let answer = guard.send(&order(&guard));
        assert_eq!((answer.status, came(&answer).0), (status, Came::First));
    }
    check_done(&guard, &order(&guard), &guard.send(&order(&guard)), 3);
}

/// "Not now" to the second sending says nothing of the first.
#[test]
fn an_answer_that_says_not_processed_leaves_the_outcome_unknown() {
    for refusal in [Reply::new(429), Reply::new(401), Reply::json(409, r#"{"still":"working"}"#)] {
        println!("{}", refusal.status);
        let guard = under_policy();
        guard.origin_in_turn([Reply::no_answer(), refusal.clone(), refusal, done()]);
        for calls in 1..=3 {
            problem::check(&guard.send(&order(&guard)), "outcome-unknown");
            guard.check_calls(calls);
        }
        check_done(&guard, &order(&guard), &guard.send(&order(&guard)), 4);
    }
}

/// What the first attempt left behind is shown, not what the second was told.
#[test]
fn a_server_error_outlasts_a_refusal_of_its_resend() {
    for status in [429, 409] {
        println!("{status}");
        let guard = under_policy();
        guard.origin_in_turn([
            Reply::json(500, r#"{"error":"half-way"}"#),
            Reply::new(status),
            done(),
        ]);
        let first = guard.send(&order(&guard));
        let again = guard.send(&order(&guard));
        assert_eq!((again.status, &again.body), (500, &first.body));
        check_done(&guard, &order(&guard), &guard.send(&order(&guard)), 3);
    }
}

/// A 409 to the first sending is an answer like any other.
#[test]
fn a_conflict_at_the_first_attempt_is_final() {
    let guard = under_policy();
    guard.origin_in_turn([Reply::json(409, r#"{"error":"sold out"}"#)]);
    let first = guard.send(&order(&guard));
    check_first(&first, &guard.key());
    check_replay(&guard.send(&order(&guard)), &first);
    guard.check_calls(1);
}

#[test]
fn many_retries_at_once_are_one_resend() {
    let guard = under_policy();
    let gate = Gate::new();
    guard.origin_in_turn([Reply::no_answer(), done().held_by(&gate)]);
    problem::check(&guard.send(&order(&guard)), "outcome-unknown");
    let open = || order(&guard).open(guard.runtime().address()).expect("a socket");
    let mut retries: Vec<_> = (0..20).map(|_| open()).collect();
    gate.wait_for(1);
    retries.iter_mut().for_each(|one| one.time_out(Duration::from_millis(10)));
    gate.open();
    let answers: Vec<_> = retries.into_iter().map(|one| one.answer().expect("an answer")).collect();
    let resent = answers.iter().filter(|answer| came(answer).0 == Came::First).count();
    assert_eq!((resent, answers.iter().filter(|answer| answer.status == 201).count()), (1, 20));
    guard.check_calls(2);
}

/// Those who waited for the first attempt are no retries of it.
#[test]
fn who_waited_is_told_and_sends_nothing() {
    let guard = under_policy();
    let gate = Gate::new();
    guard.origin_in_turn([Reply::no_answer().held_by(&gate), done()]);
    let open = || order(&guard).open(guard.runtime().address()).expect("a socket");
    let mut waiting = [open(), open(), open()];
    gate.wait_for(1);
    waiting.iter_mut().for_each(|one| one.time_out(Duration::from_millis(100)));
    gate.open();
    for one in waiting {
        problem::check(&one.answer().expect("an answer"), "outcome-unknown");
    }
    guard.check_calls(1);
    check_done(&guard, &order(&guard), &guard.send(&order(&guard)), 2);
}

#[test]
fn only_the_very_same_request_is_sent_again() {
    let guard = under_policy();
    guard.origin_in_turn([Reply::no_answer(), done()]);
    problem::check(&guard.send(&order(&guard)), "outcome-unknown");
    let respelled = order(&guard).body(r#"{"quantity":2,"item":"tea"}"#);
    problem::check(&guard.send(&respelled), "key-reused");
    guard.check_calls(1);
}

#[test]
fn another_credential_neither_sends_again_nor_sees_the_answer() {
    let guard = under_policy();
    guard.origin_in_turn([Reply::json(500, r#"{"secret":1}"#), done()]);
    let order = |who: &str| {
        let call = Call::post(&guard.path("/tenants")).header("X-Tenant", &guard.lane);
        call.key(&guard.key()).authorization(who).json("{}")
    };
    assert_eq!(guard.send(&order("Bearer alice")).status, 500);
    let refused = guard.send(&order("Bearer bob"));
    problem::check(&refused, "outcome-unknown");
    guard.check_calls(1);
    let resent = guard.send(&order("Bearer alice"));
    check_done(&guard, &order("Bearer alice"), &resent, 2);
    problem::check(&guard.send(&order("Bearer bob")), "credential-changed");
}

#[test]
fn after_a_crash_the_retry_is_sent_again() {
    for kv in [true, false] {
        let mut guard = Guard::own_under(kv, &policy());
        let gate = Gate::new();
        guard.origin_in_turn([Reply::new(201).held_by(&gate), done()]);
        let spelled = format!("\"{}\";v=1", guard.key());
        let first = guard.keyless_order_to("/resend").key(&spelled);
        let left = first.open(guard.runtime().address()).expect("a socket");
        gate.wait_for(1);
        guard.runtime_mut().kill();
        drop(left);
        guard.runtime_mut().restart();
        let answer = guard.send(&order(&guard));
        check_done(&guard, &order(&guard), &answer, 2);
        assert_eq!(spellings(&guard), [spelled.as_str(), &spelled]);
        // The first attempt's answer comes now, to nobody.
        gate.open();
        check_replay(&guard.send(&order(&guard)), &answer);
        guard.check_calls(2);
    }
}

/// The attempt that was given up ends while the second is at the origin: the second still counts.
#[test]
fn a_late_answer_to_the_first_attempt_ends_the_second() {
    let guard =
        Guard::under(&json!({ "deadline": "1s", "unknown": "resend", "fingerprint": "bytes" }));
    let (one, two) = (Gate::new(), Gate::new());
    let second = Reply::json(201, r#"{"order":2}"#);
    guard.origin_in_turn([done().held_by(&one), second.held_by(&two)]);
    problem::check_timed_out(&guard.send(&guard.order()));
    thread::scope(|scope| {
        let retry = guard.send_aside(scope, guard.order());
        two.wait_for(1);
        one.open();
        let replay = || Some(guard.send(&guard.order())).filter(Answer::replayed);
        let answer = poll_for("the late answer is the key's", replay);
        assert_eq!(answer.text(), r#"{"order":1}"#);
        two.open();
        let retried = retry.join().expect("an answer");
        assert_eq!(retried.text(), r#"{"order":1}"#, "one key has one answer");
        check_replay(&guard.send(&guard.order()), &answer);
    });
    guard.check_calls(2);
}
