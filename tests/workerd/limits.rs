//! What is too large to be kept: the caller gets it, and nobody is told a lie about it.

use std::thread;

use serde_json::json;

use crate::guard::{Guard, both_ways};
use crate::http::Answer;
use crate::problem;
use crate::script::Reply;
use crate::stamp::{check_first, check_replay};
use crate::storage::objects;

const MIB: usize = 1024 * 1024;

#[track_caller]
fn check_not_kept(first: &Answer, reply: &Reply) {
    assert_eq!(first.status, reply.status);
    assert!(
        first.body == reply.body,
        "{} bytes came, {} were sent",
        first.body.len(),
        reply.body.len()
    );
    let marked = first.header("cache-status").unwrap_or_default();
    assert!(
        marked.starts_with("onlyonce;") && marked.contains("detail=not-kept"),
        "Cache-Status {marked:?}"
    );
    assert!(!first.replayed());
}

#[test]
fn an_answer_over_eight_mebibytes_reaches_the_first_caller_alone() {
    both_ways(|guard| {
        let reply = Reply::new(201).body(vec![b'x'; 8 * MIB + 1]);
        guard.origin_in_turn([reply.clone()]);
        check_not_kept(&guard.send(&guard.order()), &reply);
        for _ in 0..2 {
            problem::check(&guard.send(&guard.order()), "response-not-kept");
        }
        guard.check_calls(1);
    });
}

#[test]
fn an_answer_of_eight_mebibytes_is_kept() {
    both_ways(|guard| {
        guard.origin_in_turn([Reply::new(201).body(vec![b'x'; 8 * MIB])]);
        let first = guard.send(&guard.order());
        check_first(&first, &guard.key());
        check_replay(&guard.send(&guard.order()), &first);
        guard.check_calls(1);
    });
}

#[test]
fn a_request_over_ten_mebibytes_is_refused_and_goes_nowhere() {
    let guard = Guard::shared(true);
    guard.origin_in_turn([Reply::new(201)]);
    let large = guard.order().body(vec![b' '; 10 * MIB + 1]);
    // Told its length, the guard refuses before the body has come.
    let told = large.open_part(guard.runtime().address(), 0).expect("a socket");
    problem::check(&told.answer().expect("an answer"), "body-too-large");
    problem::check(&guard.send(&large.chunked(64 * 1024)), "body-too-large");
    guard.check_calls(0);
    check_first(&guard.send(&guard.order()), &guard.key());
    guard.check_calls(1);
}

#[test]
fn a_request_of_ten_mebibytes_is_guarded() {
    both_ways(|guard| {
        guard.origin_in_turn([Reply::new(201)]);
        let call = guard.order().body(vec![b' '; 10 * MIB]);
        let answers = thread::scope(|scope| {
            let both = [0, 1].map(|_| guard.send_aside(scope, call.clone()));
            both.map(|one| one.join().expect("an answer"))
        });
        let first = answers.iter().find(|answer| !answer.replayed()).expect("a first answer");
        check_first(first, &guard.key());
        check_replay(&guard.send(&call), first);
        assert_eq!(guard.seen()[0].body.len(), 10 * MIB);
        guard.check_calls(1);
    });
}

/// What is refused is refused before any object hears of it: nothing is written for it.
#[test]
fn what_is_refused_leaves_nothing_behind() {
    let policy = json!({ "key": "required", "max_request_body": "1KiB" });
    let guard = Guard::own_under(true, &policy);
    guard.origin_always(Reply::new(201));
    let large = guard.order().body(vec![b'x'; 1025]);
    let long = format!("{:k<256}", guard.key());
    let refused = [
        ("body-too-large", large.clone()),
        ("body-too-large", large.chunked(100)),
        ("key-invalid", guard.keyless_order().key(&long)),
        ("key-missing", guard.keyless_order()),
    ];
    for (code, call) in &refused {
        problem::check(&guard.send(call), code);
    }
    assert!(objects(&guard).is_empty(), "{:?}", objects(&guard));
    guard.check_calls(0);
    let fits = guard.order().body(vec![b'x'; 1024]);
    check_first(&guard.send(&fits.chunked(100)), &guard.key());
    assert_eq!(objects(&guard).len(), 1, "an object that wrote something is found");
    guard.check_calls(1);
}
