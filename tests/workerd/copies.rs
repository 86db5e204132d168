//! Copies of answers, in KV and in the isolate: when they are made, and that they replay and do
//! nothing else.
//!
//! Whether a copy serves is seen where no object can: without the binding GUARD.

use std::fs;

use serde_json::{Value, json};

use crate::guard::Guard;
use crate::http::{Answer, Call};
use crate::problem;
use crate::script::Reply;
use crate::stamp::{Came, came, check_first, check_replay};
use crate::storage::{blobs, files_with, wait_for_copy};

/// Longer than what an isolate remembers, so that every replay is the object's or KV's.
const LARGE: usize = 100_000;
/// Kept in one piece, so that a copy is read whole before any of it is shown.
const INLINE: usize = 50_000;

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

/// An answer of this size that has a copy, where the objects have gone since.
fn with_a_copy_alone(size: usize) -> (Guard, Answer) {
    let mut guard = Guard::own_under(true, &json!({}));
    guard.origin_in_turn([Reply::json(201, "").body(vec![b'x'; size])]);
    let first = guard.send(&guard.order());
    check_first(&first, &guard.key());
    wait_for_copy(&guard, &came(&first).1);
    guard.runtime_mut().kill();
    guard.runtime_mut().redeploy(|setup| setup.objects(false));
    (guard, first)
}

/// Section 6 of the contract: while objects are down, replays go on.
#[test]
fn a_copy_replays_without_the_object_and_does_nothing_else() {
    for size in [10, LARGE, 3_000_000] {
        println!("{size} bytes");
        let (guard, first) = with_a_copy_alone(size);
        let others = [
            ("another body", guard.order().body("{}")),
            ("another query", guard.order_to("/orders?shop=2")),
            ("another credential", guard.order().header("Cookie", "a=1")),
            ("another key", guard.keyless_order().key("unknown")),
        ];
        for round in 1..=2 {
            for (what, call) in &others {
                println!("{what}, round {round}");
                problem::check(&guard.send(call), "guard-unavailable");
            }
            let again = guard.send(&guard.order());
            check_replay(&again, &first);
            assert_eq!(came(&again).0, Came::Replayed);
        }
        guard.check_calls(1);
    }
}

/// What the isolate has seen is shown when KV has lost it, under the same rules.
#[test]
fn the_isolate_replays_what_it_has_just_seen() {
    let (guard, first) = with_a_copy_alone(10);
    check_replay(&guard.send(&guard.order()), &first);
    blobs(&guard).iter().for_each(|blob| fs::remove_file(blob).expect("a blob"));
    for _ in 0..2 {
        check_replay(&guard.send(&guard.order()), &first);
    }
    problem::check(&guard.send(&guard.order().body("{}")), "guard-unavailable");
    problem::check(&guard.send(&guard.order().header("Cookie", "a=1")), "guard-unavailable");
    guard.check_calls(1);
}

/// What an isolate does not remember is gone with its copy: the test above does not fool itself.
#[test]
fn a_copy_that_is_gone_replays_nothing() {
    let (guard, first) = with_a_copy_alone(LARGE);
    check_replay(&guard.send(&guard.order()), &first);
    blobs(&guard).iter().for_each(|blob| fs::remove_file(blob).expect("a blob"));
    problem::check(&guard.send(&guard.order()), "guard-unavailable");
    guard.check_calls(1);
}

type Damage = fn(&mut Vec<u8>);

const DAMAGES: [(&str, Damage); 5] = [
    ("other bytes", |bytes| bytes.fill(b'x')),
    ("another version", |bytes| bytes[4..8].fill(0x7f)),
    ("cut in its head", |bytes| bytes.truncate(40)),
    ("cut in its body", |bytes| bytes.truncate(INLINE / 2)),
    ("empty", Vec::clear),
];

#[test]
fn a_damaged_copy_is_no_copy() {
    let (mut guard, first) = with_a_copy_alone(INLINE);
    guard.runtime_mut().kill();
    let [blob] = blobs(&guard).try_into().expect("one blob, of one copy");
    let whole = fs::read(&blob).expect("the blob");
    for (what, damage) in DAMAGES {
        println!("{what}");
        let mut bytes = whole.clone();
        damage(&mut bytes);
        fs::write(&blob, bytes).expect("the blob can be written");
        guard.runtime_mut().redeploy(|setup| setup.objects(false));
        problem::check(&guard.send(&guard.order()), "guard-unavailable");
        guard.runtime_mut().kill();
        guard.runtime_mut().redeploy(|setup| setup.objects(true));
        check_replay(&guard.send(&guard.order()), &first);
        guard.runtime_mut().kill();
    }
    guard.check_calls(1);
}
