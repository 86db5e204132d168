//! How much of requests' bodies is held, whose, and in buffers of which size.

use crate::fixtures::Request;
use onlyonce::guard::policy::Mode;
use onlyonce::guard::time::Millis;
use onlyonce::guard::uploads::{
    CAPACITY, Holder, PATIENCE, SHARE, Stage, Uploads, next_buffer, patience,
};

fn from(address: &str, stage: Stage) -> Holder {
    Holder::of(&Request::post("/orders").with("cf-connecting-ip", address), stage)
}

fn arriving(address: &str) -> Holder {
    from(address, Stage::Arriving)
}

#[test]
fn one_caller_has_half_and_leaves_the_rest() {
    assert_eq!((CAPACITY, SHARE), (67_108_864, 33_554_432));
    let mut uploads = Uploads::default();
    let (mallory, alice) = (arriving("192.0.2.1"), arriving("192.0.2.2"));
    assert!(uploads.add(&mallory, SHARE - 1));
    assert!(!uploads.add(&mallory, 2), "over the share");
    assert!(uploads.add(&mallory, 1));
    assert!(!uploads.add(&mallory, 1));
    assert!(uploads.add(&alice, SHARE), "the other half");
    assert!(!uploads.add(&arriving("192.0.2.3"), 1), "nothing is left");
    uploads.remove(&mallory, 1);
    assert!(uploads.add(&arriving("192.0.2.3"), 1));
}

/// What was refused takes nothing, and what was given back is there again.
#[test]
fn the_books_are_kept() {
    let mut uploads = Uploads::default();
    let holders = ["192.0.2.1", "192.0.2.2", "2001:db8::1", "none"].map(arriving);
    for _ in 0..3 {
        for holder in &holders {
            assert!(uploads.add(holder, 1000));
            assert!(!uploads.add(holder, SHARE));
            assert!(uploads.add(holder, 0));
        }
        for holder in &holders {
            uploads.remove(holder, 1000);
        }
        assert_eq!(format!("{uploads:?}"), format!("{:?}", Uploads::default()));
    }
    assert!(!uploads.add(&holders[0], u64::MAX), "no overflow");
}

/// A body that a Worker and a shard of one isolate hold both is not twice its caller's.
#[test]
fn a_body_at_its_shard_counts_apart() {
    let mut uploads = Uploads::default();
    assert!(uploads.add(&from("192.0.2.1", Stage::Arriving), SHARE));
    assert!(uploads.add(&from("192.0.2.1", Stage::AtShard), SHARE));
}

#[test]
fn who_is_one_caller() {
    let same = [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"),
        ("2001:db8:1:2::", "2001:db8:1:2:3:4:5:6"),
        ("2001:db8::1", "2001:db8:0:0:1::"),
        ("2001:db8::1", "2001:db8::2:3:4:5"),
        ("::1", "::2"),
    ];
    for (one, other) in same {
        assert_eq!(arriving(one), arriving(other), "{one} and {other}");
    }
    // No address at all, as with a queue's messages.
    assert_eq!(Holder::of(&Request::post("/"), Stage::Arriving), arriving(""));
    for (one, other) in [
        ("192.0.2.1", "192.0.2.2"),
        ("2001:db8:1:2::1", "2001:db8:1:3::1"),
        ("2001:db8::1", "2001:db8:0:1::1"),
        ("2001:db8:0:1::1", "2001:db8:1::1"),
        ("192.0.2.1", ""),
    ] {
        assert_ne!(arriving(one), arriving(other), "{one} and {other}");
    }
}

/// Ready for the next piece is never more than has come, but for the first 4 KiB.
#[test]
fn buffers_grow_with_what_has_arrived() {
    let rows = [
        (0, None, 4096),
        (1, None, 4096),
        (5000, None, 5000),
        (200_000, None, 200_000),
        (10_000_000, None, 262_144),
        (0, Some(60), 60),
        (0, Some(10_485_760), 4096),
        (10_485_700, Some(10_485_760), 60),
        // The end is read into one byte.
        (60, Some(60), 1),
        (0, Some(0), 1),
        (70, Some(60), 1),
    ];
    for (arrived, promised, size) in rows {
        assert_eq!(next_buffer(arrived, promised), size, "{arrived} of {promised:?}");
    }
}

#[test]
fn how_long_nothing_may_come() {
    assert_eq!(PATIENCE, Millis::seconds(30));
    assert_eq!(patience(Mode::Enforce), PATIENCE);
    // Whoever only watches ends nothing: weeks.
    assert!(patience(Mode::Observe) > Millis::hours(500));
}
