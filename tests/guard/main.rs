//! The rules of `src/guard`, on the host: one file for each question, tables where there are many
//! cases. A sentence that people read and bytes that deployed objects hold are pinned in full.

mod address;
mod allocations;
mod authorization;
mod canonical_json;
mod cors;
mod delivery;
mod duplicate_names;
mod fingerprint;
mod fixtures;
mod forward;
mod isolate_cache;
mod key;
mod key_location;
mod log;
mod machine;
mod message;
mod metrics;
mod operator;
mod origin;
mod policy;
mod policy_parse;
mod problem;
mod problem_page;
mod random;
mod record;
mod release;
mod replay;
mod rpc;
mod scope;
mod shard;
mod source;
mod structured_field;
mod time;
mod unknown_outcome;
mod uploads;
