//! The rules. Nothing in here knows a Worker, a clock or a source of randomness: what the rules
//! need arrives as an argument, and what they want done leaves as a value.

pub mod address;
pub mod canonical_json;
pub mod cors;
pub mod delivery;
pub mod digest;
pub mod document;
pub mod fingerprint;
pub mod forward;
pub mod health;
pub mod hex;
pub mod isolate_cache;
pub mod key;
pub mod log;
pub mod machine;
pub mod message;
pub mod metrics;
pub mod multipart;
pub mod operator;
pub mod origin;
pub mod policy;
pub mod problem;
pub mod problem_page;
pub mod public_address;
pub mod record;
pub mod release;
pub mod replay;
pub mod request_head;
pub mod rpc;
pub mod scope;
pub mod seen;
pub mod shard;
pub mod stored_form;
pub mod time;
pub mod uploads;
