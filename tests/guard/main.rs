//! The rules of `src/guard`, on the host: one file for each question, tables where there are many
//! cases. A sentence that people read and bytes that deployed objects hold are pinned in full.

mod codec;
mod fingerprint;
mod fixtures;
mod forward;
mod key;
mod machine;
mod origin;
mod policy;
mod policy_parse;
mod problem;
mod random;
mod recent;
mod record;
mod release;
mod replay;
mod scope;
mod time;
mod wire;
