//! The rules, on the host.
