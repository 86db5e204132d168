//! The record cannot be reached or read: `on_guard_failure` says whether the request goes on without it.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::guard::{Guard, at_origin, poll_until};
use crate::problem;
use crate::script::Reply;
use crate::storage::objects;

fn policy() -> Value {
    json!({ "routes": [
        { "path": "/*/open/**", "on_guard_failure": "open" },
        { "path": "/*/required/**", "on_guard_failure": "open", "key": "required" },
        { "path": "/*/derive/**", "on_guard_failure": "open", "key": "derive" },
        { "path": "/*/observe/**", "mode": "observe" },
    ] })
}

/// As if every object were down.
fn without_objects() -> Guard {
    Guard::sharing(at_origin(true).policy(&policy()).objects(false))
}

#[test]
fn open_it_is_forwarded_and_says_so() {
    let guard = without_objects();
    guard.origin_always(Reply::json(201, r#"{"order":1}"#).header("Set-Cookie", "a=1"));
    for path in ["/open", "/open", "/required"] {
        let answer = guard.send(&guard.order_to(path));
        assert_eq!((answer.status, answer.text().as_str()), (201, r#"{"order":1}"#));
        assert_eq!(answer.header("cache-status"), Some("onlyonce; fwd=bypass; detail=fail-open"));
        assert_eq!(answer.header("set-cookie"), Some("a=1"));
        assert!(!answer.replayed());
    }
    guard.check_calls(3);
    let derived = guard.send(&guard.keyless_order_to("/derive"));
    assert_eq!(derived.header("cache-status"), Some("onlyonce; fwd=bypass; detail=fail-open"));
    let seen = guard.seen();
    assert_eq!(seen[0].body, br#"{"item":"tea","quantity":2}"#);
    assert_eq!(seen[0].headers.get("idempotency-key"), Some(format!("{:?}", guard.key()).as_str()));
    assert_eq!(seen[3].headers.get("idempotency-key"), None);
}

#[test]
fn open_it_hands_on_what_the_origin_said_in_a_phrase_that_cannot_be_written() {
    let guard = without_objects();
    guard.origin_always(Reply::json(201, r#"{"order":1}"#).reason("Made\tIt"));
    let answer = guard.send(&guard.order_to("/open"));
    assert_eq!((answer.status, answer.text().as_str()), (201, r#"{"order":1}"#));
    guard.check_calls(1);
}

/// A mistake of the client's own is none of the platform's.
#[test]
fn open_or_not_bad_requests_are_refused() {
    let guard = without_objects();
    guard.origin_always(Reply::new(201));
    problem::check(&guard.send(&guard.keyless_order_to("/open").key("two, keys")), "key-invalid");
    problem::check(&guard.send(&guard.keyless_order_to("/required")), "key-missing");
    guard.check_calls(0);
}

#[test]
fn closed_it_is_refused_and_may_be_sent_again() {
    let guard = without_objects();
    guard.origin_always(Reply::new(201));
    for _ in 0..2 {
        let detail = problem::check(&guard.send(&guard.order_to("/closed")), "guard-unavailable");
        assert!(detail.contains("GUARD"), "names the binding: {detail}");
    }
    guard.check_calls(0);
    // What needs no record does not miss it.
    assert_eq!(guard.send(&guard.keyless_order_to("/closed")).status, 201);
    guard.check_calls(1);
}

#[test]
fn a_guard_that_only_watches_never_stands_in_the_way() {
    let guard = without_objects();
    guard.origin_always(Reply::new(201));
    for _ in 0..2 {
        assert_eq!(guard.send(&guard.order_to("/observe")).status, 201);
    }
    guard.check_calls(2);
}

/// A record that cannot be read is never taken for a vacant one, and the object was reached: `open`
/// does not apply either.
#[test]
fn a_record_that_cannot_be_read_is_no_licence_to_send() {
    let mut guard = Guard::own_under(false, &policy());
    guard.origin_in_turn([Reply::new(201)]);
    assert_eq!(guard.send(&guard.order_to("/open")).status, 201);
    let database = objects(&guard).pop().expect("the object's database");
    // An object that is left alone for some seconds closes its database, which empties its log.
    let log = database.with_extension("sqlite-wal");
    poll_until("the object rests", || !log.exists());
    guard.runtime_mut().kill();
    make_version_unknown(&database);
    guard.runtime_mut().restart();
    for _ in 0..2 {
        let refused = guard.send(&guard.order_to("/open"));
        let detail = problem::check(&refused, "guard-unavailable");
        assert!(detail.contains("version"), "{detail}");
    }
    guard.check_calls(1);
}

/// Four bytes behind a record's first four are its version. The database may still hold what the record
/// was before.
#[track_caller]
fn make_version_unknown(database: &Path) {
    let mut bytes = fs::read(database).expect("the database");
    let known = |at: &usize| bytes[*at..].starts_with(b"once\0\0\0\x07");
    let records: Vec<_> = (0..bytes.len()).filter(known).collect();
    assert!(!records.is_empty(), "a record of version 7");
    records.into_iter().for_each(|at| bytes[at + 7] = 0x7f);
    fs::write(database, bytes).expect("the database can be written");
}
