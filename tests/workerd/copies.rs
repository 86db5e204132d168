//! Copies of answers, in KV and in the isolate: when they are made, and that they replay and do
//! nothing else.
//!
//! Whether a copy serves is seen where no object can: without the binding GUARD.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::guard::Guard;
use crate::http::{Answer, Call};
use crate::problem;
use crate::script::Reply;
use crate::stamp::{Came, came, check_replay};
use crate::storage::{blobs, files_with, wait_for_copy};

/// Longer than what an isolate remembers, so that every replay is the object's or KV's.
const LARGE: usize = 100_000;

fn policy() -> Value {
    json!({ "routes": [
        { "path": "/*/on_replay/**", "kv_write": "on_replay" },
        { "path": "/*/never/**", "kv_write": "never" },
    ] })
}

fn order(guard: &Guard, path: &str) -> Call {
    guard.keyless_order_to(path).key(&format!("{}{path}", guard.key()))
}

/// Sends the order to this path, and asks for a copy of its answer.
#[track_caller]
fn has_copy_after(guard: &Guard, path: &str, came_as: Came) -> bool {
    let (how, record) = came(&guard.send(&order(guard, path)));
    assert_eq!(how, came_as, "{path}");
    wait_for_later_copy(guard);
    !files_with(&guard.runtime().kv_folder(), &record).is_empty()
}

/// Returns when the copy of an answer has come that was given after all others.
#[track_caller]
fn wait_for_later_copy(guard: &Guard) {
    let later = guard.keyless_order().key(&format!("{}-{}", guard.key(), guard.seen().len()));
    wait_for_copy(guard, &came(&guard.send(&later)).1);
}

#[test]
fn a_copy_is_made_when_the_policy_says_so() {
    let guard = Guard::under(&policy());
    guard.origin_always(Reply::new(201).body(vec![b'x'; LARGE]));
    let (_, always) = came(&guard.send(&order(&guard, "/always")));
    wait_for_copy(&guard, &always);
    assert!(!has_copy_after(&guard, "/on_replay", Came::First));
    assert!(!has_copy_after(&guard, "/never", Came::First));
    assert!(!has_copy_after(&guard, "/never", Came::Replayed));
    let (how, record) = came(&guard.send(&order(&guard, "/on_replay")));
    assert_eq!(how, Came::Replayed);
    wait_for_copy(&guard, &record);
}

/// A copy is one value: the record, and a body that fits into one row.
#[test]
fn an_answer_over_a_row_is_not_copied() {
    let guard = Guard::under(&policy());
    guard.origin(|seen| match seen.target.contains("/over-a-row") {
        true => Reply::new(201).body(vec![b'x'; 1024 * 1024 + 1]),
        false => Reply::new(201).body(vec![b'x'; LARGE]),
    });
    assert!(!has_copy_after(&guard, "/over-a-row", Came::First));
    assert!(!has_copy_after(&guard, "/over-a-row", Came::Replayed));
    assert!(has_copy_after(&guard, "/a-row", Came::First));
}

#[test]
fn an_unknown_outcome_is_not_copied() {
    let guard = Guard::under(&policy());
    guard.origin(|seen| match seen.target.contains("/half-way") {
        true => Reply::new(500).body(vec![b'x'; LARGE]),
        false => Reply::new(201),
    });
    assert!(!has_copy_after(&guard, "/half-way", Came::First));
    assert!(!has_copy_after(&guard, "/half-way", Came::Replayed));
}

/// An order whose answer has a copy.
struct Copied {
    call: Call,
    first: Answer,
}

impl Copied {
    /// The origin answers with the size that the path names, in bytes.
    #[track_caller]
    fn new(guard: &Guard, path: &str) -> Copied {
        guard.origin(|seen| {
            let size = seen.target.rsplit('/').next().and_then(|size| size.parse().ok());
            Reply::json(201, "").body(seen.target.as_bytes().repeat(size.unwrap_or(0) / 10))
        });
        let call = order(guard, path);
        let first = guard.send(&call);
        assert_eq!((came(&first).0, first.body.is_empty()), (Came::First, false));
        wait_for_copy(guard, &came(&first).1);
        Copied { call, first }
    }

    #[track_caller]
    fn check_shown(&self, guard: &Guard) {
        let again = guard.send(&self.call);
        check_replay(&again, &self.first);
        assert_eq!(came(&again).0, Came::Replayed);
    }

    /// No other request is shown it, nor told anything of it that an object alone can know.
    #[track_caller]
    fn check_shown_to_nobody_else(&self, guard: &Guard) {
        let others = [
            ("another body", self.call.clone().body("{}")),
            ("another method", self.call.clone().method("PATCH")),
            ("another credential", self.call.clone().header("Cookie", "a=1")),
        ];
        for (what, call) in others {
            println!("{what}");
            problem::check(&guard.send(&call), "guard-unavailable");
        }
    }
}

/// Copies of these answers, where the objects have gone since.
fn copies_alone<const COUNT: usize>(paths: [&str; COUNT]) -> (Guard, [Copied; COUNT]) {
    let policy = json!({ "credential": ["header:authorization", "header:cookie"] });
    let mut guard = Guard::own_under(true, &policy);
    let copies = paths.map(|path| Copied::new(&guard, path));
    guard.runtime_mut().kill();
    guard.runtime_mut().redeploy(|setup| setup.objects(false));
    (guard, copies)
}

/// Section 6 of the contract: while objects are down, replays go on. First from KV, then, when KV has
/// lost them, from what the isolate has just seen.
#[test]
fn a_copy_replays_without_the_object_and_does_nothing_else() {
    let (guard, copies) = copies_alone(["/a/100", "/b/40000", "/c/300000", "/d/100"]);
    let [small, inline, large, unseen] = &copies;
    for copy in [small, inline, large] {
        copy.check_shown_to_nobody_else(&guard);
        copy.check_shown(&guard);
        copy.check_shown_to_nobody_else(&guard);
    }
    blobs(&guard).iter().for_each(|blob| fs::remove_file(blob).expect("a blob"));
    for copy in [small, inline] {
        copy.check_shown(&guard);
        copy.check_shown_to_nobody_else(&guard);
    }
    for copy in [large, unseen] {
        problem::check(&guard.send(&copy.call), "guard-unavailable");
    }
    guard.check_calls(copies.len());
}

type Damage = fn(&mut Vec<u8>);

/// The path whose copy is damaged, and how.
const DAMAGES: [(&str, Damage); 5] = [
    ("/other-bytes/9000", |bytes| bytes.fill(b'x')),
    ("/another-version/9000", |bytes| bytes[4..8].fill(0x7f)),
    ("/cut-in-its-head/9000", |bytes| bytes.truncate(40)),
    ("/cut-in-its-body/9000", |bytes| bytes.truncate(1000)),
    ("/empty/9000", Vec::clear),
];

#[test]
fn a_damaged_copy_is_no_copy() {
    let (mut guard, copies) = copies_alone(DAMAGES.map(|(path, _)| path));
    guard.runtime_mut().kill();
    for (path, damage) in DAMAGES {
        let found = blobs(&guard).into_iter().find(|blob| holds(blob, path));
        let blob = found.expect("the copy of this path's answer");
        let mut bytes = fs::read(&blob).expect("the blob");
        damage(&mut bytes);
        fs::write(&blob, bytes).expect("the blob can be written");
    }
    guard.runtime_mut().restart();
    for copy in &copies {
        println!("{:?}", copy.call);
        problem::check(&guard.send(&copy.call), "guard-unavailable");
    }
    guard.runtime_mut().kill();
    guard.runtime_mut().redeploy(|setup| setup.objects(true));
    copies.iter().for_each(|copy| copy.check_shown(&guard));
    guard.check_calls(copies.len());
}

fn holds(file: &Path, text: &str) -> bool {
    let bytes = fs::read(file).unwrap_or_default();
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}
