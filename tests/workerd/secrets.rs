//! Keys and credentials are known by their hashes alone: none is in the storage or in the log.
//!
//! The log is searched in every test of this suite, line by line as it comes: see `log_secrets`.

use crate::guard::{Guard, at_origin, poll_for};
use crate::script::Reply;
use crate::stamp::came;
use crate::storage::{files_with, wait_for_copy};

const CREDENTIAL: &str = "Bearer a-credential-that-nobody-may-read";
const ANSWER: &str = "an-answer-that-is-kept-in-the-clear";

#[test]
fn the_storage_holds_the_answer_but_neither_key_nor_credential() {
    let mut guard = Guard::own(true);
    guard.origin_in_turn([Reply::new(201).body(ANSWER)]);
    let call = guard.keyless_order().key(&guard.key()).header("X-Api-Key", CREDENTIAL);
    let first = guard.send(&call);
    wait_for_copy(&guard, &came(&first).1);
    guard.send(&call);
    guard.runtime_mut().kill();
    let storage = &guard.runtime().storage;
    assert!(!files_with(storage, ANSWER).is_empty(), "the search finds what is there");
    for secret in [guard.key().as_str(), CREDENTIAL, "Bearer alice"] {
        let files = files_with(storage, secret);
        assert!(files.is_empty(), "{secret:?} is in the storage: {files:?}");
    }
}

/// A Worker that tells one thing too many, in part or inside of JSON, is noticed.
#[test]
fn a_log_that_holds_a_secret_is_noticed() {
    let guard = Guard::with(at_origin(false).around("tests/workerd/leaking_worker.js"));
    guard.origin_always(Reply::new(201));
    for what in ["idempotency-key", "authorization", "cookie", "x-api-key", "body"] {
        let order = guard.order_to(&format!("/orders?tell={what}"));
        let order = order.header("Cookie", "session=of-alice").header("X-Api-Key", "key-of-alice");
        order.send(guard.runtime().address());
        let leak = poll_for("the leak is noticed", || guard.runtime().take_leak());
        assert!(leak.contains("\"told\""), "{what}: {leak}");
    }
}
