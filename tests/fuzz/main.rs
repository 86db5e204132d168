//! Whatever a stranger sends or a disk holds: inputs drawn at random, and what must be true of each.
//!
//! 1. A target is a function of some bytes that panics when a property does not hold. It returns a
//!    number for what became of the input; inputs that come to something new are kept and changed
//!    further.
//! 2. Each run tries all files of `corpus/<target>` first, then changed ones until its time is up:
//!    one second for each target, or `FUZZ_SECONDS`. `FUZZ_SEED` draws the same inputs again.
//! 3. A failing input is made as small as it can be and written to a file, to be moved into the corpus.

#[path = "../guard/duplicate_names.rs"]
mod duplicate_names;
#[path = "../guard/random.rs"]
mod random;

mod choices;
mod engine;
mod mutate;

mod body_key;
mod fingerprint;
mod json;
mod key;
mod message;
mod policy;
mod record;
mod request;
mod rpc;
mod tree;

use engine::{Target, run};

#[test]
fn idempotency_keys() {
    run(Target { name: "key", words: key::WORDS, check: key::check });
}

#[test]
fn keys_in_bodies() {
    run(Target { name: "body_key", words: body_key::WORDS, check: body_key::check });
}

#[test]
fn policies() {
    run(Target { name: "policy", words: policy::WORDS, check: policy::check });
}

#[test]
fn fingerprints() {
    run(Target { name: "fingerprint", words: fingerprint::WORDS, check: fingerprint::check });
}

#[test]
fn json_texts() {
    run(Target { name: "json", words: json::WORDS, check: json::check });
}

#[test]
fn stored_records() {
    run(Target { name: "record", words: &[], check: record::check });
}

#[test]
fn records_made_up() {
    run(Target { name: "record-values", words: &[], check: record::check_value });
}

#[test]
fn messages_between_worker_and_object() {
    run(Target { name: "rpc", words: rpc::WORDS, check: rpc::check });
}

#[test]
fn messages_of_queues() {
    run(Target { name: "message", words: message::WORDS, check: message::check });
}
