//! Looks into the runtime's storage folder, while it runs or after.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::guard::{Guard, poll_until};
use crate::http::Call;

/// The files under `folder` that contain these bytes.
pub fn files_with(folder: &Path, needle: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    // A file may go away between the listing and the read: SQLite tidies up.
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_with(&path, needle));
        } else if fs::read(&path).is_ok_and(|bytes| contains(&bytes, needle.as_bytes())) {
            found.push(path);
        }
    }
    found
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

/// How many rows the tables of the only shard hold, as `instrumented.js` counts them.
#[track_caller]
pub fn stored(guard: &Guard) -> Value {
    let answer = Call::get("/.stored").send(guard.runtime().address());
    serde_json::from_slice(&answer.body).expect("JSON")
}

/// Returns when KV holds an entry for this record.
#[track_caller]
pub fn wait_for_copy(guard: &Guard, record: &str) {
    let folder = guard.runtime().kv_folder();
    poll_until("a copy is in KV", || !files_with(&folder, record).is_empty());
}

/// The files in which the KV simulator keeps its values, one for each.
pub fn blobs(guard: &Guard) -> Vec<PathBuf> {
    let folder = guard.runtime().kv_folder().join("RESPONSES/blobs");
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

/// The database of each object that has written something.
pub fn objects(guard: &Guard) -> Vec<PathBuf> {
    let entries = fs::read_dir(guard.runtime().objects_folder()).into_iter().flatten().flatten();
    let is_object = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.ends_with(".sqlite") && !name.starts_with("metadata")
    };
    entries.map(|entry| entry.path()).filter(is_object).collect()
}

/// Empties KV by removing its folder. The runtime must have been killed.
#[track_caller]
pub fn empty_kv(guard: &Guard) {
    assert!(!guard.runtime().runs(), "kill the runtime before its KV is removed");
    fs::remove_dir_all(guard.runtime().kv_folder()).expect("KV's folder can be removed");
}
