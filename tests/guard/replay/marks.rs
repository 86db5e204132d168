//! What the headers of a guarded answer say about it.

use crate::fixtures::{CLAIMED_AT, record_id};
use onlyonce::guard::key::IdempotencyKey;
use onlyonce::guard::record::LeftOut;
use onlyonce::guard::replay::{CacheStatus, HeaderChange, How, Marking};
use onlyonce::guard::rpc::Delivery;
use onlyonce::guard::scope::RecordId;
use onlyonce::guard::time::{Millis, UnixMillis};

/// Every status, with its parameters, its own detail, and whether it is a replay.
const EVERY_STATUS: [(CacheStatus, &str, &str, bool); 7] = [
    (CacheStatus::Delivery(Delivery::First), "fwd=miss; stored", "", false),
    (CacheStatus::Delivery(Delivery::Collapsed), "fwd=miss; collapsed", "", true),
    (CacheStatus::Delivery(Delivery::Replayed), "hit", "", true),
    (CacheStatus::Released { shared: false }, "fwd=miss", "", false),
    (CacheStatus::Released { shared: true }, "fwd=miss; collapsed", "", true),
    (CacheStatus::Streamed, "fwd=miss", "", false),
    (CacheStatus::NotKept, "fwd=miss", "; detail=not-kept", false),
];

fn key() -> IdempotencyKey {
    IdempotencyKey::parse("\"a\\\"b\"").expect("a key")
}

/// What is said of an answer by default: a replay, a bit over two seconds after the origin
/// answered.
fn marking<'a>(key: &'a str, record: &'a RecordId) -> Marking<'a> {
    Marking {
        key: Some(key),
        record,
        expires_at: None,
        status: CacheStatus::Delivery(Delivery::Replayed),
        detail: None,
        answered_at: Some(CLAIMED_AT),
        left_out: &LeftOut::Nothing,
        now: CLAIMED_AT.plus(Millis(2999)),
        guard: Millis(3),
        origin: Millis(40),
    }
}

/// The marks of the marking as it is changed here, in the order of their names.
fn marks(change: impl FnOnce(Marking) -> Marking) -> Vec<HeaderChange> {
    let record = record_id("r", &[], &key());
    let mut marks = change(marking(r#""a\"b""#, &record)).marks();
    marks.sort_by_key(|mark| mark.name);
    marks
}

fn value(marks: &[HeaderChange], name: &str) -> Option<String> {
    marks.iter().find(|mark| mark.name == name).map(|mark| mark.value.clone())
}

/// The record id of the key above: computed apart from this program.
const RECORD: &str = "f779d67f1f32eec892bbd3b63438eb104e5f83b3dcc9ec50af92e4a15fa5a614";

fn mark(name: &'static str, value: &str, how: How) -> HeaderChange {
    HeaderChange { name, value: value.into(), how }
}

#[test]
fn what_is_said_of_every_answer() {
    let expires_at = Some(UnixMillis(784_111_777_000));
    for (status, parameters, detail, is_replay) in EVERY_STATUS {
        let cache = format!("onlyonce; {parameters}; key=\"{RECORD}\"{detail}");
        let mut expected = vec![
            mark("cache-status", &cache, How::Append),
            mark("idempotency-expires", "Sun, 06 Nov 1994 08:49:37 GMT", How::Set),
            mark("idempotency-key", r#""a\"b""#, How::Set),
            mark("server-timing", "guard;dur=3, origin;dur=40", How::Append),
        ];
        if is_replay {
            expected.push(mark("age", "2", How::Set));
            expected.push(mark("cache-control", "no-store", How::Default));
            expected.push(mark("idempotency-replayed", "true", How::Set));
            expected.push(mark("idempotent-replayed", "true", How::Set));
        }
        expected.sort_by_key(|mark| mark.name);
        assert_eq!(marks(|all| Marking { status, expires_at, ..all }), expected, "{status:?}");
    }
}

#[test]
fn what_is_absent_is_not_told() {
    for (status, ..) in EVERY_STATUS {
        let marks = marks(|all| Marking { status, key: None, expires_at: None, ..all });
        assert_eq!(value(&marks, "idempotency-expires"), None, "{status:?}");
        assert_eq!(value(&marks, "idempotency-key"), None, "{status:?}");
    }
}

#[test]
fn a_status_may_have_a_detail() {
    let detail = Some("derived");
    let hit = value(&marks(|all| Marking { detail, ..all }), "cache-status");
    assert_eq!(hit, Some(format!("onlyonce; hit; key=\"{RECORD}\"; detail=derived")));
    // What the status itself says goes first.
    let status = CacheStatus::NotKept;
    let lost = value(&marks(|all| Marking { status, detail, ..all }), "cache-status");
    assert_eq!(lost, Some(format!("onlyonce; fwd=miss; key=\"{RECORD}\"; detail=not-kept")));
}

#[track_caller]
fn age(answered_at: Option<UnixMillis>, now: UnixMillis, expected: &str) {
    let marks = marks(|all| Marking { answered_at, now, ..all });
    assert_eq!(value(&marks, "age").as_deref(), Some(expected));
}

#[test]
fn age_in_whole_seconds() {
    age(Some(CLAIMED_AT), CLAIMED_AT, "0");
    age(Some(CLAIMED_AT), CLAIMED_AT.plus(Millis(999)), "0");
    age(Some(CLAIMED_AT), CLAIMED_AT.plus(Millis(1000)), "1");
    age(Some(CLAIMED_AT), CLAIMED_AT.plus(Millis::hours(24)), "86400");
    // Two machines' clocks may differ.
    age(Some(CLAIMED_AT), CLAIMED_AT.minus(Millis(5000)), "0");
    age(None, CLAIMED_AT, "0");
}
