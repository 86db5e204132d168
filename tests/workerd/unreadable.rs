//! A record that cannot be read, such as one of a later version: its key is neither free nor replayed, and
//! the other keys of its shard do not notice.

use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::guard::{Guard, at_origin, poll_until};
use crate::http::Call;
use crate::problem;
use crate::script::Reply;
use crate::stamp::{Came, came, check_replay, seconds_until};
use crate::storage::stored;

#[test]
fn it_concerns_no_other_key_and_outlives_the_purge() {
    let policy = json!({ "deadline": "1s", "retry_window": "61s", "shards": 1 });
    let setup = at_origin(false).policy(&policy).around("tests/workerd/instrumented.js");
    let mut guard = Guard::with(setup);
    guard.origin_always(Reply::json(201, r#"{"order":1}"#));
    let [spoilt, sound, new] = ["spoilt", "sound", "new"]
        .map(|name| guard.keyless_order().key(&format!("{}-{name}", guard.key())));
    let (_, id) = came(&guard.send(&spoilt));
    let first = guard.send(&sound);
    assert_eq!(Call::get(&format!("/.spoil?{id}")).send(guard.runtime().address()).text(), "1");
    // What is in memory is sound.
    guard.runtime_mut().kill();
    guard.runtime_mut().restart();
    for _ in 0..2 {
        problem::check(&guard.send(&spoilt), "guard-unavailable");
    }
    check_replay(&guard.send(&sound), &first);
    assert_eq!(came(&guard.send(&new)).0, Came::First);
    guard.check_calls(3);
    let windows_end =
        Duration::from_secs(seconds_until(first.header("idempotency-expires").unwrap()));
    thread::sleep(windows_end);
    poll_until("the others are deleted when their time is over", || stored(&guard)["records"] == 1);
    problem::check(&guard.send(&spoilt), "guard-unavailable");
    guard.check_calls(3);
}
