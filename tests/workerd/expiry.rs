//! The end of the retry window, to the second on both sides.
//!
//! The shortest window that a policy allows is 61 s. All that ends with it is tried in one test, which
//! takes a little longer than that while others run beside it.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::guard::{Guard, at_origin, poll_until};
use crate::http::Call;
use crate::origin::Seen;
use crate::script::Reply;
use crate::stamp::seconds_until;
use crate::storage::{files_with, stored};

const WINDOW: Duration = Duration::from_secs(61);
const SECOND: Duration = Duration::from_secs(1);
/// The guard counts whole milliseconds, by another clock.
const ROUNDING: Duration = Duration::from_millis(50);

/// Written into the answers to keys that are asked for again, and to keys that are left alone.
const ASKED: &str = "an-answer-that-is-asked-for-again";
const LEFT: &str = "an-answer-that-is-left-alone";

/// A record of each kind: in one row, in several, unknown, and not kept.
const PATHS: [&str; 4] = ["/small", "/large", "/half-way", "/stream"];

fn answer(seen: &Seen) -> Reply {
    let marker = if seen.target.contains("/left/") { LEFT } else { ASKED };
    match PATHS.iter().position(|path| seen.target.ends_with(path)) {
        Some(0) => Reply::json(201, marker),
        Some(1) => Reply::new(200).body(marker.repeat(100_000)),
        Some(2) => Reply::json(500, marker),
        Some(3) => Reply::new(200).header("Content-Type", "text/event-stream").body(marker),
        _ => Reply::new(599),
    }
}

/// A key whose claim was made at some time between `before` and `after`.
struct Key {
    call: Call,
    before: Instant,
    after: Instant,
    last_held: Option<Instant>,
    free_at: Option<Instant>,
}

impl Key {
    #[track_caller]
    fn claim(guard: &Guard, path: &str) -> Key {
        let call = guard.keyless_order_to(path).key(&format!("{}{path}", guard.key()));
        let before = Instant::now();
        let first = guard.send(&call);
        let after = Instant::now();
        assert_ne!(first.status, 599, "{path}");
        let expires = first.header("idempotency-expires").expect("Idempotency-Expires");
        assert!((59..=61).contains(&seconds_until(expires)), "{path}: {expires}");
        Key { call, before, after, last_held: None, free_at: None }
    }

    /// Sends it again, and notes whether that reached the origin.
    fn ask(&mut self, guard: &Guard) {
        let calls = guard.seen().len();
        let asked = Instant::now();
        guard.send(&self.call);
        match guard.seen().len() - calls {
            0 => self.last_held = Some(asked),
            _ => self.free_at = Some(Instant::now()),
        }
    }

    /// How long after its claim it was asked for the last time without being free.
    #[track_caller]
    fn check_window(&self) -> Duration {
        let held = self.last_held.expect("it was asked within the window");
        let free = self.free_at.expect("it was asked after the window");
        let (held, free) = (held - self.after, free - self.before);
        assert!(held < WINDOW + ROUNDING, "still held after {held:?}: {:?}", self.call);
        assert!(free + ROUNDING >= WINDOW, "free after {free:?} already: {:?}", self.call);
        held
    }
}

#[test]
fn a_key_is_remembered_for_its_window_and_not_a_second_longer() {
    let policy = json!({ "deadline": "1s", "retry_window": "61s", "shards": 1 });
    let guard =
        Guard::with(at_origin(true).policy(&policy).around("tests/workerd/instrumented.js"));
    guard.origin(answer);
    let claim = |kind: &str| PATHS.map(|path| Key::claim(&guard, &format!("/{kind}{path}")));
    claim("left");
    let asked = claim("asked");
    check_kept(&guard);
    ask_until_free(&guard, asked);
    // SQLite leaves the bytes of a deleted row in its file: the tables tell what is left.
    let keys_asked = PATHS.len() as u64;
    poll_until("what is left alone is deleted though nobody asks", || {
        stored(&guard)["records"] == keys_asked
    });
    assert!(stored(&guard)["bodies"].as_u64().is_some_and(|rows| rows > 0));
}

/// The answers of three paths are in the shard, and nowhere else: KV keeps nothing for under a minute.
#[track_caller]
fn check_kept(guard: &Guard) {
    for marker in [LEFT, ASKED] {
        let files = files_with(&guard.runtime().storage, marker);
        let objects = guard.runtime().objects_folder();
        assert!(!files.is_empty(), "the search finds what is there");
        assert!(files.iter().all(|file| file.starts_with(&objects)), "{files:?}");
    }
}

#[track_caller]
fn ask_until_free(guard: &Guard, mut keys: [Key; 4]) {
    let late = Instant::now() + 2 * WINDOW;
    while keys.iter().any(|key| key.free_at.is_none()) {
        assert!(Instant::now() < late, "some key is never free again");
        keys.iter_mut().filter(|key| key.free_at.is_none()).for_each(|key| key.ask(guard));
        // Often enough to ask within the last second.
        thread::sleep(SECOND / 10);
    }
    let held = keys.iter().map(Key::check_window).max().expect("a key");
    assert!(held > WINDOW - SECOND, "none was asked within the last second, but after {held:?}");
}
