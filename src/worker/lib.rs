//! What the platform loads: the crate, linked.
//!
//! A crate of its own, because cargo leaves link-time optimisation out where a library is an rlib
//! as well, which the tests need. It takes a sixth off the Worker's weight.

pub use onlyonce::*;
