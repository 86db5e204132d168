//! Onlyonce: an idempotency guard at the edge.
//!
//! A Worker stands in front of an HTTP origin. For a request with an idempotency key it asks the
//! Durable Object that serialises this key and many others, its shard, which claims the key, sends
//! the request to the origin, keeps the answer and gives it to every retry.
//!
//! # The way of a guarded request
//!
//! ```text
//! client ── edge::fetch ── edge::guard_request ─┬─ isolate's memory ─┐
//!                                               ├─ KV ───────────────┤ a copy may replay
//!                                               └─ edge::object ─────┘ claims, joins, replays, refuses
//!                                                     └─ origin_request ── origin ── origin_response
//! ```
//!
//! # Where things are
//!
//! - [`guard`]: the rules. Pure functions over values; no Worker, no clock, no randomness. The host
//!   build compiles nothing else, so `cargo test` proves them pure.
//!   - `key`: what a key is; `key_location`, `keyed_body`: where one may stand. `profile`: the protocol that
//!     callers speak. `scope`: whose it is, and who may see the answer. `request_head`: what
//!     the rules read of a request.
//!   - `fingerprint`, `canonical_json`, `multipart`: whether two requests are the same.
//!   - `policy`, `release`: what is guarded, and how. `origin`: what an answer means; `public_address`:
//!     where it points.
//!   - `machine`: the life of a key. `settle`: how the origin is asked about an unknown outcome, and what
//!     its word is worth. `record`: what is known of it; `stored_form`: the bytes that it
//!     is stored as.
//!   - `shard`: which object has a key; `places`, `retention` and `alarm`: what its keys share.
//!   - `message`, `delivery`: what a queue's message asks for, and what becomes of it.
//!   - `operator`, `seen`: what an operator may ask, and is told; `console`: the page that asks it. `unknown_outcome`: what is told
//!     of an outcome that nobody knows, and of its end. `key_status`: what a caller may ask of its key.
//!   - `keeping`, `redact`, `seal`: how much of an answer is kept, and for whom.
//!   - `replay`, `isolate_cache`: when a copy may be shown. `problem`: what a refusal says; `cors`:
//!     which pages may read it; `contract`: what programs may know of the policy. `log`, `metrics`, `health`: what an operator and a client are told.
//!   - `rpc`: what Worker and object say to each other. `forward`: what the origin is sent.
//!   - `document`, `hex`, `digest`, `time`: what the others are made of.
//! - `edge`: thin adapters that load, let the rules decide, and apply.
//!   - The Worker's half: `incoming`, `guarded_request`, `guard_request`, `identified_request`, `copies`,
//!     `sealed`, `object_client`, `client_response`, `pass_through`, `origin_fetch`, `key_status`, `admin`, `access`, `all_shards`,
//!     `console`, `queue_consumer`, `config`.
//!   - `edge::object`, the shard's half: `submission`, `incoming_submission`, `context`,
//!     `record_store`, `bucket_index`, `in_memory`, `places`, `origin_request`, `origin_response`, `live_head`,
//!     `recording`, `reply`, `probe`, `copy_writer`, `counters`, `alarm`, `unknown_outcomes`, `outcomes`,
//!     `key_status`, `admin`.
//!   - `edge::platform`: what `worker` and `web_sys` lack.
//!   - `src/worker.mjs` is wrangler's `main`; `src/worker/` links the crate for the platform.
//! - `browser`: the same rules for a page, in a small module of their own (feature `browser`).
//! - `report`: what people are told of a policy; `tools`: the same for scripts, in a module of their own
//!   (feature `tools`).
//! - `src/bin/policy`: prints the policy's reference and schema; host only.
//!
//! # Invariants
//!
//! 1. *Claim, then send*: a request reaches the origin only after its claim is durable.
//!    (`edge::object::context::ObjectContext::step`, and the output gate.)
//! 2. *A place before a claim*: what is claimed is sent in the same turn, and who finds no place has
//!    claimed nothing. (`guard::shard::places`.)
//! 3. *One sending*: a claim is sent once, unless the policy says `resend`. (`guard::machine`.)
//! 4. *Never unlock to be helpful*: only an answer that says "not processed", an origin that is asked late
//!    enough and has nothing, an operator, or the end of the window frees a key. (`guard::machine::transition`.)
//! 5. *A copy only replays*: it refuses nothing, claims nothing and frees nothing.
//!    (`guard::replay::may_replay`.)
//! 6. *No key in storage's names or in a log*: a record is named by a hash. (`guard::scope`.)
//! 7. *No record without an alarm*: the step that writes a record sets the shard's alarm where it
//!    would ring too late, and a shard that holds anything has one ahead of it.
//!    (`guard::shard::alarm`.)
//! 8. *Edge code does not panic*: the lints below see to it.

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
#[cfg(all(target_arch = "wasm32", not(any(feature = "browser", feature = "tools"))))]
mod edge;
pub mod guard;
// No edge code: what is wrong in it ends a command at somebody's terminal.
#[cfg(any(not(target_arch = "wasm32"), feature = "tools"))]
#[allow(clippy::arithmetic_side_effects, clippy::expect_used, clippy::unreachable)]
pub mod report;
#[cfg(all(target_arch = "wasm32", feature = "tools"))]
mod tools;
