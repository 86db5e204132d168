//! Which bucket a record is in.

use crate::fixtures::{CLAIMED_AT, WINDOW, answer, claim};
use crate::random::Random;
use onlyonce::guard::record::Record;
use onlyonce::guard::shard::ShardCount;
use onlyonce::guard::shard::retention::{Bucket, LEAST_STAY, MOST_AT_ONCE, Stagger};
use onlyonce::guard::time::{Millis, UnixMillis};
use std::collections::BTreeSet;

const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
const DAY: u64 = 24 * 60 * 60 * 1000;

/// From a derived key's second to the longest window, with those at which a bucket's width changes.
fn lifetimes() -> Vec<Millis> {
    let mut lifetimes = vec![1, 1000, 10_000, 61_000, 135_000, 3_600_000, DAY, 7 * DAY, 30 * DAY];
    for width in (0..32).map(|bits| 1u64 << bits) {
        lifetimes.extend((0..=17).map(|more| 16 * width + more));
    }
    let mut random = Random::seeded(7);
    lifetimes.extend((0..200).map(|_| 1 + random.below(30 * DAY as usize) as u64));
    lifetimes.retain(|lifetime| (1..=30 * DAY).contains(lifetime));
    lifetimes.into_iter().map(Millis).collect()
}

/// None, the least, one in the middle, and the most.
fn staggers() -> Vec<Stagger> {
    let mut all: Vec<Stagger> = (0..5_000).map(|id| Stagger::of_object(&id.to_string())).collect();
    all.sort_by_key(|stagger| Bucket::of(NOW, NOW.minus(Millis(1)), *stagger));
    vec![Stagger::default(), all[0], all[2_500], all[4_999]]
}

/// Instants near each other and far from each other, and those at which buckets of any width end.
fn instants() -> Vec<UnixMillis> {
    let mut random = Random::seeded(13);
    let near_and_far = [1000, 100_000, DAY as usize, 90 * DAY as usize];
    let spans: Vec<usize> = (0..100).map(|_| random.pick(&near_and_far)).collect();
    let drawn = spans.into_iter().map(|span| NOW.plus(Millis(random.below(span) as u64)));
    let aligned = UnixMillis(NOW.0 >> 32 << 32);
    drawn.chain((0..40).map(|more| aligned.minus(Millis(20)).plus(Millis(more)))).collect()
}

#[test]
fn a_bucket_never_ends_before_its_records_nor_much_later() {
    for stagger in staggers() {
        for (lifetime, now) in lifetimes()
            .iter()
            .flat_map(|lifetime| instants().into_iter().map(move |now| (*lifetime, now)))
        {
            let expires_at = now.plus(lifetime);
            let bucket = Bucket::of(expires_at, now, stagger);
            let more = bucket.ends_at().since(expires_at);
            assert!(bucket.ends_at() >= expires_at, "{lifetime:?} at {now:?}");
            assert!(more.0 < (lifetime.0 / 8).max(1024), "{lifetime:?} at {now:?}: {more:?} more");
            assert!(!bucket.has_ended(expires_at.minus(Millis(1))));
            assert!(bucket.has_ended(bucket.ends_at()));
        }
    }
}

/// Every look-up asks each of them. Records of one lifetime that are not over at some instant were
/// written within one lifetime before it; this many samples meet every bucket of that stretch.
#[test]
fn records_of_one_lifetime_are_in_few_buckets() {
    const SAMPLES: u64 = 64;
    let mut most = 0;
    for (stagger, lifetime) in staggers()
        .into_iter()
        .flat_map(|stagger| lifetimes().into_iter().map(move |lifetime| (stagger, lifetime)))
    {
        for now in instants() {
            let written = |sample| now.minus(Millis(lifetime.0 * sample / SAMPLES)).0;
            let first = now.minus(lifetime).plus(Millis(1)).0;
            let buckets = (0..SAMPLES).map(written).chain([first]).map(UnixMillis);
            let buckets =
                buckets.map(|written| Bucket::of(written.plus(lifetime), written, stagger));
            let alive: BTreeSet<Bucket> = buckets.filter(|bucket| !bucket.has_ended(now)).collect();
            most = most.max(alive.len() as u64);
            assert!(most <= MOST_AT_ONCE, "{} of {lifetime:?} at {now:?}", alive.len());
        }
    }
    assert_eq!(most, MOST_AT_ONCE, "the limit is what it says");
}

#[test]
fn a_record_stays_where_it_may() {
    let stagger = Stagger::default();
    let expires_at = NOW.plus(Millis(DAY));
    let bucket = Bucket::of(expires_at, NOW, stagger);
    for now in [NOW, expires_at, bucket.ends_at().minus(Millis(1))] {
        assert_eq!(bucket.keep_or_move(expires_at, now, stagger), bucket);
        // A derived key's answer is over sooner than its call could have been.
        assert_eq!(bucket.keep_or_move(now, now, stagger), bucket);
        assert_eq!(bucket.keep_or_move(bucket.ends_at(), now, stagger), bucket);
    }
}

/// One that ends later than its bucket moves, and so does one that must outlive it.
#[test]
fn a_record_moves_where_it_must() {
    for (stagger, lifetime) in staggers()
        .into_iter()
        .flat_map(|stagger| lifetimes().into_iter().map(move |lifetime| (stagger, lifetime)))
    {
        let expires_at = NOW.plus(lifetime);
        let bucket = Bucket::of(expires_at, NOW, stagger);
        let later = bucket.ends_at().plus(Millis(1));
        for (expires_at, now) in [
            (later, NOW),
            (bucket.ends_at().plus(Millis(DAY)), NOW),
            (expires_at, bucket.ends_at()),
            (expires_at, bucket.ends_at().plus(Millis(DAY))),
            (later, bucket.ends_at()),
        ] {
            let moved = bucket.keep_or_move(expires_at, now, stagger);
            assert!(moved > bucket, "{lifetime:?} at {now:?}");
            assert!(moved.ends_at() >= expires_at && !moved.has_ended(now));
            // For long enough not to be moved again and again.
            assert!(moved.ends_at() >= now.plus(LEAST_STAY), "{lifetime:?} at {now:?}");
        }
    }
}

#[test]
fn the_end_of_time_is_an_end_like_any_other() {
    let instants = [UnixMillis(0), NOW, UnixMillis(u64::MAX)];
    for (stagger, now) in
        staggers().into_iter().flat_map(|stagger| instants.map(|now| (stagger, now)))
    {
        assert_eq!(Bucket::of(UnixMillis(u64::MAX), now, stagger).ends_at(), UnixMillis(u64::MAX));
        assert!(Bucket::of(UnixMillis(0), now, stagger).ends_at() <= UnixMillis(1024));
    }
}

/// What is watched has a bucket of its own, which no purge reads.
#[test]
fn what_is_watched_stands_apart() {
    let stagger = Stagger::default();
    let in_flight = Record::InFlight { claim: claim("c1"), previous: None };
    for current in
        [None, Some(Bucket::WATCHED), Some(Bucket::of(NOW.plus(Millis(DAY)), NOW, stagger))]
    {
        for record in [in_flight.clone(), Record::Forgotten { until: None }] {
            assert_eq!(Bucket::of_record(&record, current, NOW, stagger), Bucket::WATCHED);
        }
        let done = Record::Done { claim: claim("c1"), answer: answer(201, "") };
        let now = CLAIMED_AT.plus(Millis::seconds(1));
        let bucket = Bucket::of_record(&done, current, now, stagger);
        assert!(bucket.ends_at() >= CLAIMED_AT.plus(WINDOW) && bucket != Bucket::WATCHED);
    }
    assert!(!Bucket::WATCHED.has_ended(UnixMillis(u64::MAX)));
}

/// Shards in one thread that purged together would make everybody wait for all of them.
#[test]
fn shards_purge_one_after_another() {
    const SHARDS: u64 = 256;
    let objects: Vec<Stagger> =
        ShardCount::DEFAULT.all().map(|name| Stagger::of_object(&name)).collect();
    for lifetime in [Millis::seconds(120), Millis(DAY), Millis(30 * DAY)] {
        let expires_at = NOW.plus(lifetime);
        let end = |stagger: &Stagger| Bucket::of(expires_at, NOW, *stagger).ends_at();
        let ends: Vec<UnixMillis> = objects.iter().map(end).collect();
        let first = *ends.iter().min().expect("a shard");
        // In each sixteenth of the lifetime's least width a fair share of them.
        let part = lifetime.0.div_ceil(16).next_power_of_two() / 16;
        for at in 0..16 {
            let within = |end: &&UnixMillis| end.since(first).0 / part == at;
            let count = ends.iter().filter(within).count() as u64;
            assert!(
                (SHARDS / 64..SHARDS / 8).contains(&count),
                "{lifetime:?}: {count} in part {at}"
            );
        }
    }
}

#[test]
fn an_object_keeps_its_stagger() {
    assert_eq!(Stagger::of_object("a"), Stagger::of_object("a"));
    assert_ne!(Stagger::of_object("a"), Stagger::of_object("b"));
}
