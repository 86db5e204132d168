//! Onlyonce: an idempotency guard at the edge.

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

#[cfg(target_arch = "wasm32")]
mod edge;
pub mod guard;
