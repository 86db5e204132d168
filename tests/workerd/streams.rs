//! What streams by its nature: its first caller reads it as it comes, and whoever comes later gets the whole.

use std::time::Duration;

use serde_json::{Value, json};

use crate::guard::{Guard, both_ways, poll_for};
use crate::http::{Answer, Connection};
use crate::problem;
use crate::script::{Ending, Gate, Reply};
use crate::stamp::{Came, came, check_replay};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

fn policy() -> Value {
    json!({ "routes": [
        { "path": "/*/small/**", "max_stored_response": "1KiB" },
        { "path": "/*/deadline/**", "deadline": "1s" },
        { "path": "/*/impatient/**", "deadline": "1s", "wait": "2s" },
    ] })
}

fn under_policy() -> Guard {
    Guard::under(&policy())
}

fn events(body: impl Into<Vec<u8>>) -> Reply {
    Reply::new(200).header("Content-Type", "text/event-stream; charset=utf-8").body(body)
}

/// Bytes that do not repeat in step with any row.
fn long(size: usize) -> Vec<u8> {
    (0..size).map(|n| (n % 251) as u8).collect()
}

/// It was sent just now; whether it will be kept is not known yet.
#[track_caller]
fn check_streamed(answer: &Answer, reply: &Reply) {
    assert_eq!(answer.status, reply.status);
    assert!(answer.body == reply.body, "{} of {} bytes", answer.body.len(), reply.body.len());
    let line = answer.header("cache-status").unwrap_or_default();
    let id =
        line.strip_prefix("onlyonce; fwd=miss; key=\"").and_then(|rest| rest.strip_suffix('"'));
    assert!(id.is_some_and(|id| id.len() == 64), "Cache-Status {line:?}");
    assert!(!answer.replayed());
    assert!(answer.header("idempotency-expires").is_some());
}

/// `again` is the whole of what was streamed.
#[track_caller]
fn check_kept(again: &Answer, first: &Answer, how: Came) {
    let line = again.header("cache-status").unwrap_or_default();
    assert_eq!(came(again).0, how, "{line}");
    assert_eq!(again.status, first.status);
    assert!(again.body == first.body, "{} of {} bytes", again.body.len(), first.body.len());
    assert_eq!(again.header("content-type"), first.header("content-type"));
    assert!(again.replayed());
}

#[track_caller]
fn opened(guard: &Guard, path: &str) -> Connection {
    guard.order_to(path).open(guard.runtime().address()).expect("a socket")
}

/// The first piece is in the caller's hands while the origin is still at the second; who comes meanwhile waits
/// for the end, and gets the whole.
#[test]
fn every_kind_of_stream_comes_as_it_is_told_and_is_replayed_whole() {
    let kinds = [
        ("text/event-stream", "data: 1\n\n", "data: 2\n\n"),
        ("application/x-ndjson", "{\"line\":1}\n", "{\"line\":2}\n"),
        ("application/ndjson", "{\"line\":1}\n", "{\"line\":2}\n"),
        ("application/jsonl", "{\"line\":1}\n", "{\"line\":2}\n"),
        ("application/json-seq", "\u{1e}{\"line\":1}\n", "\u{1e}{\"line\":2}\n"),
        ("multipart/x-mixed-replace; boundary=f", "--f\r\n\r\none\r\n", "--f\r\n\r\ntwo\r\n--f--"),
    ];
    for (kind, one, two) in kinds {
        for ending in [Ending::PauseAfter(one.len()), Ending::ChunkedPauseAfter(one.len())] {
            both_ways(|guard| {
                println!("{kind}, {ending:?}");
                let gate = Gate::new();
                let reply = Reply::new(200).header("Content-Type", kind);
                let reply = reply.body([one, two].concat()).held_by(&gate).ending(ending);
                guard.origin_in_turn([reply.clone()]);
                let mut first = opened(guard, "/orders");
                first.wait_for(one.as_bytes());
                let mut duplicate = opened(guard, "/orders");
                duplicate.time_out(Duration::from_millis(200));
                gate.open();
                let first = first.answer().expect("an answer");
                check_streamed(&first, &reply);
                check_kept(&duplicate.answer().expect("an answer"), &first, Came::Joined);
                check_kept(&guard.send(&guard.order_to("/orders")), &first, Came::Replayed);
                guard.check_calls(1);
            });
        }
    }
}

/// As a model's API answers: hundreds of small events, each of which costs money to make again.
#[test]
fn a_models_event_stream_is_replayed_event_by_event() {
    let mut text: String = (0..500)
        .map(|n| {
            let delta =
                json!({ "choices": [{ "index": 0, "delta": { "content": format!(" word{n}") } }] });
            format!("data: {delta}\n\n")
        })
        .collect();
    text.push_str("data: [DONE]\n\n");
    both_ways(|guard| {
        let reply =
            events(text.clone()).header("X-Request-Id", "req_1").ending(Ending::Chunked(64));
        guard.origin_in_turn([reply.clone()]);
        let first = guard.send(&guard.order());
        check_streamed(&first, &reply);
        for _ in 0..2 {
            let again = guard.send(&guard.order());
            check_kept(&again, &first, Came::Replayed);
            assert_eq!(again.header("x-request-id"), Some("req_1"));
        }
        guard.check_calls(1);
    });
}

/// From one row of storage to many, and none.
#[test]
fn streams_of_every_size_are_kept() {
    for size in [0, 1, 64 * KIB, 64 * KIB + 1, MIB, MIB + 1, 3 * MIB + 17, 8 * MIB] {
        both_ways(|guard| {
            println!("{size} bytes");
            let reply = events(long(size)).ending(Ending::Chunked(50_000));
            guard.origin_in_turn([reply.clone()]);
            let first = guard.send(&guard.order());
            check_streamed(&first, &reply);
            check_kept(&guard.send(&guard.order()), &first, Came::Replayed);
            guard.check_calls(1);
        });
    }
}

#[test]
fn a_stream_that_breaks_off_leaves_the_outcome_unknown() {
    let body = "data: 1\n\ndata: 2\n\n";
    for ending in [Ending::ChunkedWithoutEnd(9), Ending::CutAfter(12)] {
        both_ways(|guard| {
            println!("{ending:?}");
            guard.origin_in_turn([events(body).ending(ending)]);
            let first = guard.order().try_send(guard.runtime().address());
            assert!(first.is_err(), "it came as if it were all: {first:?}");
            for _ in 0..2 {
                problem::check(&guard.send(&guard.order()), "outcome-unknown");
            }
            guard.check_calls(1);
        });
    }
}

/// Over the limit, even by far, its first caller gets it all as it comes; a retry is told that it was not kept.
#[test]
fn a_stream_over_the_limit_reaches_its_first_caller_alone() {
    for (path, size, pause) in [("/small", 4 * KIB, 2 * KIB), ("/other", 20 * MIB, 9 * MIB)] {
        println!("{size} bytes at {path}");
        let guard = under_policy();
        let gate = Gate::new();
        let reply = events(long(size)).held_by(&gate).ending(Ending::ChunkedPauseAfter(pause));
        guard.origin_in_turn([reply.clone()]);
        let mut first = opened(&guard, path);
        // All that was sent, but for what a chunk may keep back.
        first.read_ahead(pause - KIB);
        problem::check(&guard.send(&guard.order_to(path)), "response-not-kept");
        gate.open();
        check_streamed(&first.answer().expect("an answer"), &reply);
        problem::check(&guard.send(&guard.order_to(path)), "response-not-kept");
        guard.check_calls(1);
    }
}

/// How a client leaves.
type Leave = fn(Connection);

#[test]
fn a_caller_that_leaves_in_the_middle_loses_nothing() {
    let leaving: [(&str, Leave); 2] = [("FIN", Connection::hang_up), ("RST", Connection::reset)];
    for (how, leave) in leaving {
        both_ways(|guard| {
            println!("left by {how}");
            let gate = Gate::new();
            let body = [b"data: 1\n\n".to_vec(), long(2 * MIB)].concat();
            let reply = events(body).held_by(&gate).ending(Ending::ChunkedPauseAfter(9));
            guard.origin_in_turn([reply.clone()]);
            let mut first = opened(guard, "/orders");
            first.wait_for(b"data: 1\n\n");
            leave(first);
            let mut retry = opened(guard, "/orders");
            retry.time_out(Duration::from_millis(200));
            gate.open();
            let retried = retry.answer().expect("an answer");
            assert!(retried.body == reply.body, "{} bytes came", retried.body.len());
            assert_eq!(came(&retried).0, Came::Joined);
            check_replay(&guard.send(&guard.order_to("/orders")), &retried);
            guard.check_calls(1);
        });
    }
}

/// The origin gets rid of nearly all of it though the caller does not read a byte.
#[test]
fn a_slow_caller_does_not_hold_the_origin_up() {
    let guard = under_policy();
    let gate = Gate::new();
    let (size, most) = (8 * MIB, 8 * MIB - KIB);
    let reply = events(long(size)).held_by(&gate).ending(Ending::ChunkedPauseAfter(most));
    guard.origin_in_turn([reply.clone()]);
    let slow = opened(&guard, "/orders");
    gate.wait_for(1);
    gate.open();
    // The call is over, and the answer kept, before the caller has read any of it.
    let again = poll_for("the answer is kept", || {
        Some(guard.send(&guard.order_to("/orders"))).filter(Answer::replayed)
    });
    assert!(again.body == reply.body, "{} bytes came", again.body.len());
    check_streamed(&slow.answer().expect("an answer"), &reply);
    guard.check_calls(1);
}

/// What is coming in is not in doubt, however long it takes.
#[test]
fn a_stream_may_outlast_the_deadline() {
    let guard = under_policy();
    let gate = Gate::new();
    let reply = events("data: 1\n\ndata: 2\n\n").held_by(&gate);
    let reply = reply.ending(Ending::ChunkedPauseAfter(9));
    guard.origin_in_turn([reply.clone()]);
    let mut first = opened(&guard, "/deadline");
    first.wait_for(b"data: 1\n\n");
    let mut duplicate = opened(&guard, "/deadline");
    duplicate.time_out(Duration::from_millis(1500));
    let mut late = opened(&guard, "/deadline");
    late.time_out(Duration::from_millis(200));
    gate.open();
    let first = first.answer().expect("an answer");
    check_streamed(&first, &reply);
    for one in [duplicate, late] {
        check_kept(&one.answer().expect("an answer"), &first, Came::Joined);
    }
    guard.check_calls(1);
}

/// Who waits for as long as the policy says is told to come again, and not that nobody knows.
#[test]
fn who_has_waited_long_enough_for_a_stream_may_come_again() {
    let guard = under_policy();
    let gate = Gate::new();
    let reply = events("data: 1\n\ndata: 2\n\n").held_by(&gate);
    guard.origin_in_turn([reply.ending(Ending::ChunkedPauseAfter(9))]);
    let mut first = opened(&guard, "/impatient");
    first.wait_for(b"data: 1\n\n");
    problem::check(&guard.send(&guard.order_to("/impatient")), "in-progress");
    gate.open();
    let first = first.answer().expect("an answer");
    check_kept(&guard.send(&guard.order_to("/impatient")), &first, Came::Replayed);
    guard.check_calls(1);
}

#[test]
fn a_runtime_that_dies_in_the_middle_leaves_the_outcome_unknown() {
    let mut guard = Guard::own(true);
    let gate = Gate::new();
    let reply = events("data: 1\n\ndata: 2\n\n").held_by(&gate);
    guard.origin_in_turn([reply.ending(Ending::ChunkedPauseAfter(9))]);
    let mut first = opened(&guard, "/orders");
    first.wait_for(b"data: 1\n\n");
    guard.runtime_mut().kill();
    assert!(first.answer().is_err());
    guard.runtime_mut().restart();
    problem::check(&guard.send(&guard.order_to("/orders")), "outcome-unknown");
    guard.check_calls(1);
}

/// A stream of a 5xx is held, one that says "not processed" frees the key.
#[test]
fn the_status_of_a_stream_counts_as_any_other() {
    let guard = under_policy();
    let held = Reply { status: 500, ..events("data: half-way\n\n") };
    guard.origin_in_turn([held.clone()]);
    let first = guard.send(&guard.order());
    check_streamed(&first, &held);
    check_kept(&guard.send(&guard.order()), &first, Came::Replayed);
    guard.check_calls(1);

    let guard = under_policy();
    let refusal = Reply { status: 429, ..events("data: slow down\n\n") };
    let reply = events("data: 1\n\n");
    guard.origin_in_turn([refusal.clone(), reply.clone()]);
    assert_eq!(guard.send(&guard.order()).status, 429);
    check_streamed(&guard.send(&guard.order()), &reply);
    guard.check_calls(2);
}

/// What came in a coding stays in it.
#[test]
fn a_stream_in_a_coding_is_left_alone() {
    both_ways(|guard| {
        let reply = events(b"\x1f\x8bnot really".to_vec()).header("Content-Encoding", "gzip");
        guard.origin_in_turn([reply.clone()]);
        let first = guard.send(&guard.order());
        check_streamed(&first, &reply);
        let again = guard.send(&guard.order());
        check_kept(&again, &first, Came::Replayed);
        for answer in [first, again] {
            assert_eq!(answer.header("content-encoding"), Some("gzip"));
        }
    });
}
