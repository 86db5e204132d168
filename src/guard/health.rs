//! What `/.onlyonce/health` says: that the guard is there, what its clock says, and how long keys
//! live. A client measures the age of what it has queued by this clock alone.

use super::time::{Millis, UnixMillis};

/// The document: milliseconds since the epoch, and milliseconds.
pub fn health(version: &str, now: UnixMillis, window: Millis) -> String {
    format!(
        "{{\"version\":\"{version}\",\"server_time\":{},\"default_window_ms\":{}}}",
        now.0, window.0
    )
}
