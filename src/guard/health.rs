//! What `/.onlyonce/health` says: that the guard is there, what its clock says, and how long keys
//! live. A client measures the age of what it has queued by this clock alone.

use super::json::Members;
use super::time::{Millis, UnixMillis};

/// The document: milliseconds since the epoch, and milliseconds.
pub fn health(version: &str, now: UnixMillis, window: Millis) -> String {
    let mut members = Members::default();
    members.text("version", version);
    members.number("server_time", now.0);
    members.number("default_window_ms", window.0);
    members.end()
}
