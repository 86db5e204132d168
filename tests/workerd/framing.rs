//! `Content-Length` is a header like any other where something else frames the body: what came to its end is an
//! answer, however long it was said to be.

use serde_json::json;

use crate::guard::Guard;
use crate::http::Answer;
use crate::problem;
use crate::runtime::Setup;
use crate::script::{Ending, Reply};

const KIB: usize = 1024;
const TYPES: [&str; 2] = ["text/plain", "text/event-stream"];

/// What is said, and what comes: both small, one of them over what a record holds or over all limits.
const LENGTHS: [(usize, usize); 7] = [
    (99, 40),
    (5, 40),
    (0, 40),
    (100 * KIB, 40),
    (20_000 * KIB, 40),
    (5, 200 * KIB),
    (200 * KIB, 150 * KIB),
];

#[track_caller]
fn check_replayed(again: &Answer, first: &Answer) {
    assert_eq!(again.status, first.status, "{}", again.text());
    assert!(again.body == first.body, "{} bytes came back", again.body.len());
    assert!(again.replayed());
}

fn with_origin_service() -> Guard {
    let setup = Setup::new(false).config("tests/workerd/with-origin-service.toml");
    Guard::sharing(setup.origin_service())
}

/// The origin is another Worker, which took over the headers of a third one's answer.
#[test]
fn a_workers_answer_is_whole_whatever_length_it_took_over() {
    let guard = with_origin_service();
    for (said, size) in LENGTHS {
        for kind in TYPES {
            println!("{size} bytes of {kind}, said to be {said}");
            let path = format!("/orders?length={said}&size={size}&type={kind}");
            let order = guard.order_to(&path).without("Idempotency-Key");
            let order = order.key(&format!("{}-{said}-{size}-{}", guard.key(), kind.len()));
            let first = guard.send(&order);
            assert_eq!((first.status, first.body.len()), (201, size), "{}", first.text());
            check_replayed(&guard.send(&order), &first);
        }
    }
}

/// What a Worker's body was not done with is no answer, whatever its length says.
#[test]
fn a_workers_answer_that_breaks_off_leaves_the_outcome_unknown() {
    let guard = with_origin_service();
    for (said, size) in [(99, 40), (40, 40), (5, 40), (200 * KIB, 150 * KIB)] {
        println!("{size} bytes and no end, said to be {said}");
        let order = guard.order_to(&format!("/orders?cut&length={said}&size={size}"));
        let order = order.without("Idempotency-Key").key(&format!("{}-{said}", guard.key()));
        for _ in 0..2 {
            problem::check(&guard.send(&order), "outcome-unknown");
        }
    }
}

/// Over HTTP, `Transfer-Encoding` overrides it (RFC 9112 section 6.3).
#[test]
fn chunks_override_a_length() {
    for (said, size) in LENGTHS {
        for kind in TYPES {
            println!("{size} bytes of {kind}, said to be {said}");
            let guard = Guard::shared(true);
            let reply = Reply::new(201).header("Content-Type", kind).body(vec![b'x'; size]);
            let reply = reply.header("Content-Length", &said.to_string());
            guard.origin_in_turn([reply.ending(Ending::Chunked(1000))]);
            let first = guard.send(&guard.order());
            assert_eq!((first.status, first.body.len()), (201, size), "{}", first.text());
            check_replayed(&guard.send(&guard.order()), &first);
            guard.check_calls(1);
        }
    }
}

/// One that was said to be small keeps no more than the policy lets it.
#[test]
fn a_length_that_is_too_small_raises_no_limit() {
    for (said, size) in [(5, 2 * KIB), (5, 100 * KIB), (KIB, KIB + 1)] {
        println!("{size} bytes, said to be {said}");
        let guard = Guard::under(&json!({ "max_stored_response": "1KiB" }));
        let reply = Reply::new(201).body(vec![b'x'; size]);
        let reply = reply.header("Content-Length", &said.to_string());
        guard.origin_in_turn([reply.ending(Ending::Chunked(1000))]);
        let first = guard.send(&guard.order());
        assert_eq!((first.status, first.body.len()), (201, size), "{}", first.text());
        let marked = first.header("cache-status").unwrap_or_default();
        assert!(marked.ends_with("; detail=not-kept"), "{marked:?}");
        problem::check(&guard.send(&guard.order()), "response-not-kept");
        guard.check_calls(1);
    }
}
