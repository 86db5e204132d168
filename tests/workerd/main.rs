//! The guard on the real runtime: workerd is started by the test, driven over raw sockets, and put in
//! front of an origin inside the test that counts what reaches it.
//!
//! 1. A claim about executions is proved at the origin, never by the guard's own words.
//! 2. A test waits for signals (the origin holds a request, a socket answers); it never sleeps to be
//!    "late enough".
//! 3. Tests share the origin, and a runtime with all that ask for the same policy; they keep apart by a
//!    lane: a path prefix and keys of their own. A test that kills its runtime starts one for itself.
//! 4. No line of any runtime's log holds a key, a credential or a body that a test has sent (`log_secrets`).
//! 5. Whatever must hold with and without the KV copy is run both ways (`guard::both_ways`).

mod guard;
mod http;
mod log_secrets;
mod origin;
mod problem;
mod process_group;
mod profiles;
mod queue_producer;
mod runtime;
mod script;
mod stamp;
mod storage;
mod wire;

mod access;
mod addresses;
mod ambiguous_headers;
mod answers;
mod body_keys;
mod change_of_shards;
mod concurrent_duplicates;
mod console;
mod copies;
mod cors;
mod costs;
mod crash;
mod data_location;
mod deadline;
mod expiry;
mod failing_open;
mod failures;
mod fidelity;
mod fingerprints;
mod form_keys;
mod framing;
mod generated_keys;
mod hangup;
mod identity;
mod keeping;
mod key_status;
mod limits;
mod loops;
mod metrics;
mod new_keys;
mod observe;
mod operator;
mod pages;
mod passthrough;
mod pepper;
mod places;
mod policy;
mod queue;
mod refusals;
mod release;
mod replay;
mod reuse;
mod scopes;
mod seal;
mod secrets;
mod sessions;
mod settle;
mod signatures;
mod spans;
mod streams;
mod unknown;
mod unknown_outcomes;
mod unreadable;
mod uploads;
mod windows;
