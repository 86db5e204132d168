//! What `/.onlyonce/health` says: that the guard is there, what its clock says, and how long keys
//! live. A client measures the age of what it has queued by this clock alone.

use super::document::to_json;
use super::time::{Millis, UnixMillis};
use serde::{Deserialize, Serialize};

/// Times in milliseconds, since the epoch where they are points in time.
#[derive(Serialize)]
struct Health<'a> {
    version: &'a str,
    server_time: u64,
    default_window_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    deployment: Option<&'a Deployment>,
}

/// Which version of the Worker answers, as the platform names it (Workers, "Version metadata binding").
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    pub id: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tag: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub timestamp: String,
}

/// The document.
pub fn health(
    version: &str,
    now: UnixMillis,
    window: Millis,
    deployment: Option<&Deployment>,
) -> String {
    let (server_time, default_window_ms) = (now.0, window.0);
    to_json(&Health { version, server_time, default_window_ms, deployment })
}
