//! What no log may hold: the keys, credentials and bodies that the tests themselves have sent.
//!
//! 1. Every request that a test sends is noted here before its first byte goes out, whatever helper
//!    made it; so is every answer of the origin's.
//! 2. Every line that a runtime writes is searched for all of it, as it is and as it stands in JSON.
//! 3. A value of less than 8 bytes is too common to tell anything.
//! 4. Keys made by `Guard::key` begin with [`MARK`], which finds a part of one too.

use std::collections::BTreeSet;
use std::sync::{LazyLock, Mutex};

use crate::http::Call;

/// What a planted secret begins with.
pub const MARK: &str = "hush-";
const LEAST: usize = 8;
/// More of a body than this is never in one line.
const MOST: usize = 4 * 1024;
const HEADERS: [&str; 5] =
    ["idempotency-key", "authorization", "cookie", "x-api-key", "cf-access-jwt-assertion"];

static SECRETS: LazyLock<Mutex<BTreeSet<String>>> = LazyLock::new(Mutex::default);

/// Notes what a request holds that nobody may read in a log.
pub fn sent(call: &Call) {
    for name in HEADERS {
        call.headers().all(name).into_iter().for_each(note);
    }
    note_bytes(call.body_bytes());
}

/// Notes a body, of a request or of an answer.
pub fn note_bytes(body: &[u8]) {
    if let Ok(text) = std::str::from_utf8(body) {
        note(text.get(..MOST).unwrap_or(text));
    }
}

fn note(value: &str) {
    let value = value.trim_matches(['"', ' ']);
    if value.len() < LEAST {
        return;
    }
    let in_json = serde_json::to_string(value).expect("a text");
    let mut secrets = SECRETS.lock().unwrap();
    secrets.insert(in_json.trim_matches('"').to_owned());
    secrets.insert(value.to_owned());
}

/// The secret that a line of a log holds.
pub fn found_in(line: &str) -> Option<String> {
    if line.contains(MARK) {
        return Some(MARK.to_owned());
    }
    SECRETS.lock().unwrap().iter().find(|secret| line.contains(secret.as_str())).cloned()
}
