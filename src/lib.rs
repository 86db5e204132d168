//! Onlyonce: an idempotency guard at the edge.
//!
//! A Worker stands in front of an HTTP origin. For a request with an idempotency key it asks a
//! Durable Object, one for each key, which claims the key, sends the request to the origin, keeps
//! the answer and gives it to every retry.
//!
//! # The way of a guarded request
//!
//! ```text
//! client ── edge::fetch ── edge::guarded ─┬─ isolate's memory ┐
//!                                         ├─ KV ──────────────┤ a copy may replay
//!                                         └─ edge::key_object ┘ claims, joins, replays, refuses
//!                                                 └─ edge::origin_call ── origin
//! ```
//!
//! # Where things are
//!
//! - [`guard`]: the rules. Pure functions over values; no Worker, no clock, no randomness. The host
//!   build compiles nothing else, so `cargo test` proves them pure.
//!   - `key`, `structured_field`: what a key is. `scope`: whose it is, and who may see the answer.
//!   - `fingerprint`, `canonical_json`, `multipart`: whether two requests are the same.
//!   - `policy`, `release`: what is guarded, and how. `origin`: what an answer means.
//!   - `machine`: the life of a key. `record`: what is known of it; `stored_form`, `codec`: the bytes
//!     that it is stored as.
//!   - `message`, `delivery`: what a queue's message asks for, and what becomes of it.
//!   - `operator`, `seen`: what an operator may ask, and is told.
//!   - `replay`, `recent`: when a copy may be shown. `problem`: what a refusal says; `cors`: which
//!     pages may read it. `log`, `metrics`, `health`: what an operator and a client are
//!     told.
//!   - `wire`: what Worker and object say to each other. `forward`: what the origin is sent.
//!   - `json`, `base64`, `bytes`, `digest`, `time`: what the others are made of.
//! - `edge`: thin adapters that load, let the rules decide, and apply.
//!   - The Worker's half: `queue`, `guarded`, `complete_request`, `submit`, `responses`, `stored`,
//!     `present`, `pass_through`, `operator`.
//!   - The object's half: `key_object`, `instance`, `arrival`, `store`, `tally`, `origin_call`,
//!     `reception`, `answer_keeper`, `answers`, `wish`.
//!   - The platform: `js`, `tasks`, `oneshot`, `body`, `held`, `head`, `timer`, `config`, `memory`;
//!     `entry.mjs` and `platform.js` are its side of it.
//! - `browser`: the same rules for a page, in a small module of their own (feature `browser`).
//! - `src/bin/policy`: prints the policy's reference and schema, and checks a policy; host only.
//!
//! # Invariants
//!
//! 1. *Claim, then send*: a request reaches the origin only after its claim is durable.
//!    (`edge::key_object::KeyObject::step`, and the output gate.)
//! 2. *One sending*: a claim is sent once, unless the policy says `resend`. (`guard::machine`.)
//! 3. *Never unlock to be helpful*: only an answer that says "not processed", an operator, or the
//!    end of the window frees a key. (`guard::machine::decide`.)
//! 4. *A copy only replays*: it refuses nothing, claims nothing and frees nothing.
//!    (`guard::replay::proves`.)
//! 5. *No key in storage's names or in a log*: a record is named by a hash. (`guard::scope`.)
//! 6. *No record without an alarm*: the step that claims a key sets the alarm that ends its record,
//!    and an alarm that rang too soon is followed by another. (`guard::machine::alarm`.)
//! 7. *Edge code does not panic*: the lints below see to it.

#![cfg_attr(
    target_arch = "wasm32",
    deny(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::string_slice,
        clippy::todo,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

#[cfg(all(target_arch = "wasm32", feature = "browser"))]
mod browser;
#[cfg(all(target_arch = "wasm32", not(feature = "browser")))]
mod edge;
pub mod guard;
/// The Worker has it in `edge`.
#[cfg(all(target_arch = "wasm32", feature = "browser"))]
#[path = "edge/memory.rs"]
mod memory;
