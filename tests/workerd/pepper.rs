//! `PEPPER`: what names an operation, and what a log tells of a request, cannot be guessed at.

use crate::guard::{Guard, at_origin, poll_for};
use crate::script::Reply;
use crate::stamp::{came, check_replay};

fn peppered(pepper: &str) -> Guard {
    Guard::with(at_origin(true).var("PEPPER", pepper))
}

/// The record, and the fingerprint that the log tells.
fn told(guard: &Guard) -> (String, Option<String>) {
    guard.origin_always(Reply::new(201));
    // The same key and path for each: neither is the lane's.
    let call = guard.keyless_order().key("one-key-for-every-pepper");
    let first = guard.send(&call);
    check_replay(&guard.send(&call), &first);
    let line = poll_for("the log tells it", || {
        let log = guard.runtime().log();
        log.lines().find(|line| line.contains("\"replayed\"")).map(str::to_owned)
    });
    let begin = line.split_once("\"fingerprint\":\"").map(|(_, rest)| rest);
    let digits = begin.and_then(|rest| rest.split('"').next()).map(str::to_owned);
    (came(&first).1, digits)
}

#[test]
fn records_and_fingerprints_are_made_under_it() {
    let (plain, none) = told(&Guard::own(true));
    assert_eq!(none, None, "without a pepper the log tells no fingerprint");
    let (one, digits) = told(&peppered("a pepper of some length"));
    let (other, others) = told(&peppered("another pepper"));
    let digits = digits.expect("16 digits");
    assert_eq!(digits.len(), 16);
    assert_ne!(Some(digits), others);
    assert!(plain != one && one != other && other != plain);
    let (empty, none) = told(&peppered(""));
    assert_eq!((empty, none), (plain, None), "an empty pepper is none");
}
