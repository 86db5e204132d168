//! The origin fails, or is not there.

use std::net::TcpListener;

use crate::guard::{Guard, both_ways, poll_until};
use crate::http::{Answer, Call};
use crate::problem;
use crate::runtime::Setup;
use crate::script::{Ending, Gate, Reply};
use crate::stamp::{check_first, check_replay};
use crate::wire::Headers;

/// First and retries are told that the outcome is unknown, and the origin was called once.
#[track_caller]
fn check_unknown(guard: &Guard, reply: Reply) {
    guard.origin_in_turn([reply]);
    for _ in 0..3 {
        problem::check(&guard.send(&guard.order()), "outcome-unknown");
    }
    guard.check_calls(1);
}

#[test]
fn a_connection_that_closes_without_an_answer_leaves_the_outcome_unknown() {
    both_ways(|guard| check_unknown(guard, Reply::no_answer()));
}

#[test]
fn an_answer_that_breaks_off_leaves_the_outcome_unknown() {
    let body = vec![b'x'; 100_000];
    for length in [0, 1, 50_000, 99_999] {
        let reply = Reply::new(201).body(body.clone()).ending(Ending::CutAfter(length));
        both_ways(|guard| check_unknown(guard, reply.clone()));
    }
}

#[test]
fn chunks_that_break_off_leave_the_outcome_unknown() {
    let reply = Reply::new(201).body("never ends").ending(Ending::ChunkedWithoutEnd(4));
    both_ways(|guard| check_unknown(guard, reply.clone()));
}

#[test]
fn those_who_wait_are_told_too() {
    both_ways(|guard| {
        let gate = Gate::new();
        guard.origin_in_turn([Reply::no_answer().held_by(&gate)]);
        let open = || guard.order().open(guard.runtime().address()).expect("a socket");
        let waiting = [open(), open(), open()];
        gate.wait_for(1);
        gate.open();
        for one in waiting {
            problem::check(&one.answer().expect("an answer"), "outcome-unknown");
        }
        guard.check_calls(1);
    });
}

#[test]
fn a_release_is_passed_on_and_the_key_is_free() {
    for (status, retry_after) in
        [(401, None), (403, None), (408, None), (425, None), (429, Some("7")), (503, Some("3"))]
    {
        both_ways(|guard| {
            println!("{status}");
            let refusal = Reply::json(status, r#"{"not":"processed"}"#).header("X-Why", "because");
            let refusal = retry_after
                .into_iter()
                .fold(refusal, |reply, after| reply.header("Retry-After", after));
            guard.origin_in_turn([refusal, Reply::json(201, r#"{"order":1}"#)]);
            let refused = guard.send(&guard.order());
            assert_eq!(
                (refused.status, refused.text().as_str()),
                (status, r#"{"not":"processed"}"#)
            );
            assert_eq!(refused.header("x-why"), Some("because"));
            assert_eq!(refused.header("retry-after"), retry_after);
            assert!(!refused.replayed());
            let first = guard.send(&guard.order());
            check_first(&first, &guard.key());
            check_replay(&guard.send(&guard.order()), &first);
            guard.check_calls(2);
        });
    }
}

/// A key that was let go may stand for another request.
#[test]
fn a_released_key_may_be_used_for_another_request() {
    both_ways(|guard| {
        guard.origin_in_turn([Reply::new(429), Reply::new(201)]);
        assert_eq!(guard.send(&guard.order()).status, 429);
        check_first(&guard.send(&guard.order().body("{}")), &guard.key());
        problem::check(&guard.send(&guard.order()), "key-reused");
        guard.check_calls(2);
    });
}

/// Where nothing listens, a bare runtime cannot tell a refused connection from a broken one.
#[test]
fn an_origin_that_is_not_there_leaves_the_outcome_unknown() {
    let nobody = TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a free port");
    let guard = Guard::with(Setup::new(true).var("ORIGIN", &format!("http://{nobody}")));
    for _ in 0..2 {
        problem::check(&guard.send(&guard.order()), "outcome-unknown");
    }
    // What is not guarded has no outcome that could be unknown.
    for call in
        [Call::get(&guard.path("/orders")), guard.keyless_order(), guard.order().method("PUT")]
    {
        let answer = guard.send(&call);
        let line = answer.headers.all("cache-status").join(", ");
        let without_mark = Answer { headers: without_bypass(&answer.headers), ..answer };
        let detail = problem::check(&without_mark, "origin-unreachable");
        assert!(detail.contains("ORIGIN"), "{detail}");
        assert!(line.starts_with("onlyonce; detail=origin-unreachable"), "{line}");
    }
}

/// A guarded route's request without a key is marked as such, whatever it is answered.
fn without_bypass(headers: &Headers) -> Headers {
    let is_mark = |value: &str| value == "onlyonce; fwd=bypass";
    Headers(headers.0.iter().filter(|(_, value)| !is_mark(value)).cloned().collect())
}

/// An origin that executes and then answers with a status that HTTP does not know.
#[test]
fn a_status_that_no_response_can_have_is_named() {
    for status in [101, 600, 999] {
        both_ways(|guard| {
            println!("{status}");
            guard.origin_in_turn([Reply::new(status)]);
            for _ in 0..3 {
                let detail = problem::check(&guard.send(&guard.order()), "outcome-unknown");
                assert!(detail.contains(&format!("status {status}")), "{detail}");
            }
            guard.check_calls(1);
        });
    }
}

/// "Send it again" would be a lie: the origin may have acted. What it said goes on as it is.
#[test]
fn a_status_that_no_response_can_have_is_passed_on_without_a_key() {
    for status in [600, 999] {
        println!("{status}");
        let guard = Guard::shared(true);
        guard.origin_in_turn([Reply::new(status).body("odd"), Reply::new(status).body("odd")]);
        for call in [guard.keyless_order(), Call::get(&guard.path("/orders"))] {
            let answer = guard.send(&call);
            assert_eq!((answer.status, answer.text().as_str()), (status, "odd"));
        }
        guard.check_calls(2);
    }
}

/// ORIGIN leads back to the guard: the origin knows by `Via` what the guard calls itself.
#[test]
fn a_request_that_comes_back_is_stopped() {
    both_ways(|guard| {
        guard.origin_in_turn([Reply::new(201)]);
        guard.send(&guard.order());
        let via = guard.seen()[0].headers.get("via").expect("a Via header").to_owned();
        let other = |via: &str| {
            guard.keyless_order().key(&format!("{}-back", guard.key())).header("Via", via)
        };
        for via in [via.as_str(), &format!("1.1 other, {via}")] {
            problem::check(&guard.send(&other(via)), "loop-detected");
        }
        guard.check_calls(1);
        assert_eq!(guard.send(&other("1.1 other")).status, 599, "another proxy's mark is no loop");
    });
}

#[test]
fn an_origin_that_is_missing_or_wrong_is_said_at_the_first_request_and_in_the_log() {
    let rows = [None, Some("shop.example"), Some("ftp://shop.example/")];
    for value in rows {
        println!("ORIGIN {value:?}");
        let setup =
            value.into_iter().fold(Setup::new(true), |setup, value| setup.var("ORIGIN", value));
        let guard = Guard::with(setup);
        for call in [guard.order(), guard.keyless_order()] {
            let detail = problem::check(&guard.send(&call), "misconfigured");
            assert!(detail.contains("ORIGIN"), "names the variable: {detail}");
            assert!(detail.contains(value.unwrap_or("ORIGIN")), "names its value: {detail}");
            assert!(detail.contains("https://"), "shows what is allowed: {detail}");
        }
        poll_until("the log names it too", || guard.runtime().log().contains("ORIGIN"));
    }
}
