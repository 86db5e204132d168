//! Keys and credentials are known by their hashes alone: none is in the storage or in the log.

use crate::guard::Guard;
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
        assert!(!guard.runtime().log().contains(secret), "{secret:?} is in the log");
    }
}
