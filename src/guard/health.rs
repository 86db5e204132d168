//! What `/.onlyonce/health` says: that the guard is there, what its clock says, and how long keys
//! live. A client measures the age of what it has queued by this clock alone.

use super::document::to_json;
use super::time::{Millis, UnixMillis};
use serde::Serialize;

/// Times in milliseconds, since the epoch where they are points in time.
#[derive(Serialize)]
struct Health<'a> {
    version: &'a str,
    server_time: u64,
    default_window_ms: u64,
}

/// The document.
pub fn health(version: &str, now: UnixMillis, window: Millis) -> String {
    to_json(&Health { version, server_time: now.0, default_window_ms: window.0 })
}
