//! When a shard is woken.

use onlyonce::guard::shard::alarm::{Agenda, TRY_AGAIN, WATCH};
use onlyonce::guard::shard::retention::Bucket;
use onlyonce::guard::time::{Millis, UnixMillis};

const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
const SECOND: Millis = Millis::seconds(1);
const TICK: Millis = Millis(1);

fn bucket(at: UnixMillis) -> Agenda {
    Agenda { next_bucket: Some(Bucket(at)), ..Agenda::default() }
}

const NOTHING: Agenda = Agenda {
    next_bucket: None,
    in_flight: false,
    watch: WATCH,
    orphaned: false,
    unfinished: false,
    next_probe: None,
};
const IN_FLIGHT: Agenda = Agenda { in_flight: true, ..NOTHING };
const UNFINISHED: Agenda = Agenda { unfinished: true, ..NOTHING };

/// Every agenda there is, for a bucket that ends then.
fn every_agenda(ends_at: UnixMillis) -> Vec<Agenda> {
    let flags = [(false, false), (false, true), (true, false), (true, true)];
    let agenda = |next_bucket, (in_flight, unfinished)| Agenda {
        next_bucket,
        in_flight,
        unfinished,
        ..NOTHING
    };
    let buckets = [None, Some(Bucket(ends_at))];
    buckets.into_iter().flat_map(|next| flags.map(|flags| agenda(next, flags))).collect()
}

#[test]
fn a_shard_that_holds_nothing_sets_none() {
    assert_eq!(Agenda::default().wants(NOW), None);
    for is_set in [None, Some(NOW), Some(NOW.plus(WATCH))] {
        assert_eq!(Agenda::default().alarm_to_set(is_set, NOW), None);
    }
}

#[test]
fn each_thing_has_its_time() {
    let end = NOW.plus(Millis::hours(24));
    assert_eq!(bucket(end).wants(NOW), Some(end));
    assert_eq!(IN_FLIGHT.wants(NOW), Some(NOW.plus(WATCH)));
    assert_eq!(UNFINISHED.wants(NOW), Some(NOW.plus(TRY_AGAIN)));
    // The soonest counts.
    assert_eq!(Agenda { in_flight: true, ..bucket(end) }.wants(NOW), Some(NOW.plus(WATCH)));
    let soon = NOW.plus(Millis::seconds(30));
    for agenda in every_agenda(soon).into_iter().filter(|agenda| agenda.next_bucket.is_some()) {
        assert_eq!(agenda.wants(NOW), Some(soon));
    }
    let both = Agenda { in_flight: true, ..UNFINISHED };
    assert_eq!(both.wants(NOW), Some(NOW.plus(TRY_AGAIN)));
}

/// A bucket that could not be purged has ended: it would ring without a pause.
#[test]
fn what_failed_is_not_tried_again_at_once() {
    for ended in [NOW, NOW.minus(SECOND)] {
        let failed = Agenda { unfinished: true, orphaned: true, ..bucket(ended) };
        assert_eq!(failed.wants(NOW), Some(NOW.plus(TRY_AGAIN)));
        assert_eq!(failed.alarm_to_set(Some(NOW.plus(TRY_AGAIN)), NOW), None);
    }
}

/// What a predecessor has left in flight has no call any more.
#[test]
fn orphans_are_looked_at_at_once() {
    let orphans = Agenda { orphaned: true, in_flight: true, ..bucket(NOW.plus(Millis::hours(24))) };
    assert_eq!(orphans.wants(NOW), Some(NOW.plus(SECOND)));
    assert_eq!(orphans.alarm_to_set(Some(NOW.plus(WATCH)), NOW), Some(NOW.plus(SECOND)));
}

#[test]
fn a_dead_call_is_found_within_five_minutes() {
    assert_eq!(WATCH, Millis::seconds(300));
    for agenda in every_agenda(NOW.plus(Millis::hours(24))) {
        let wanted = agenda.wants(NOW).filter(|at| *at <= NOW.plus(WATCH));
        assert_eq!(wanted.is_some(), agenda.in_flight || agenda.unfinished, "{agenda:?}");
    }
}

/// What cannot do its work would wake the shard without end.
#[test]
fn none_is_set_for_the_past() {
    for past in [UnixMillis(0), NOW.minus(TICK), NOW, NOW.plus(TICK)] {
        assert_eq!(bucket(past).wants(NOW), Some(NOW.plus(SECOND)));
    }
}

/// Setting one is a row written, and an early one does no harm.
#[test]
fn one_that_rings_in_time_is_left_alone() {
    for agenda in every_agenda(NOW.plus(Millis::hours(1))) {
        let Some(wanted) = agenda.wants(NOW) else { continue };
        for early in [wanted, wanted.minus(TICK), NOW, UnixMillis(0)] {
            assert_eq!(agenda.alarm_to_set(Some(early), NOW), None, "{agenda:?}");
        }
        for late in [wanted.plus(TICK), wanted.plus(WATCH), UnixMillis(u64::MAX)] {
            assert_eq!(agenda.alarm_to_set(Some(late), NOW), Some(wanted), "{agenda:?}");
        }
        // One that rang is used up.
        assert_eq!(agenda.alarm_to_set(None, NOW), Some(wanted), "{agenda:?}");
    }
}

/// However claims follow each other, the alarm that the first one set is not pushed away by them.
#[test]
fn later_claims_do_not_put_it_off() {
    let mut is_set = None;
    for seconds in 0..300 {
        let now = NOW.plus(Millis::seconds(seconds));
        is_set = IN_FLIGHT.alarm_to_set(is_set, now).or(is_set);
        assert_eq!(is_set, Some(NOW.plus(WATCH)));
    }
}
