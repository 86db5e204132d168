//! The bounds of what one isolate remembers.

use crate::fixtures::{CLAIMED_AT, answer, claim, headers, not_kept, record_id};
use onlyonce::guard::isolate_cache::{IsolateCache, LIFETIME, MAX_BYTES, MAX_ENTRIES};
use onlyonce::guard::key::IdempotencyKey;
use onlyonce::guard::record::{Answer, Record};
use onlyonce::guard::scope::RecordId;
use onlyonce::guard::time::{Millis, UnixMillis};
use std::rc::Rc;

const NOW: UnixMillis = CLAIMED_AT;

fn id(number: usize) -> RecordId {
    let key = IdempotencyKey::parse(&number.to_string()).expect("a key");
    record_id("r", &[], &key)
}

fn record(answer: Answer) -> Rc<Record> {
    Rc::new(Record::Done { claim: claim("c1"), answer })
}

fn small(body: &str) -> Rc<Record> {
    record(answer(200, body))
}

fn put(cache: &mut IsolateCache, number: usize, answer: &Rc<Record>, now: UnixMillis) {
    cache.put(&id(number), answer.clone(), now);
}

#[track_caller]
fn holds(cache: &IsolateCache, number: usize, now: UnixMillis, expected: Option<&Rc<Record>>) {
    assert_eq!(cache.get(&id(number), now).as_ref(), expected, "entry {number}");
}

#[test]
fn the_bounds() {
    assert_eq!((LIFETIME, MAX_ENTRIES, MAX_BYTES), (Millis::seconds(50), 1024, 8 * 1024 * 1024));
    let cache = IsolateCache::default();
    assert!(cache.is_empty());
    holds(&cache, 1, NOW, None);
}

#[test]
fn an_entry_is_kept_for_less_than_a_minute() {
    let (mut cache, one) = (IsolateCache::default(), small("one"));
    put(&mut cache, 1, &one, NOW);
    holds(&cache, 1, NOW, Some(&one));
    holds(&cache, 2, NOW, None);
    holds(&cache, 1, NOW.plus(LIFETIME).minus(Millis(1)), Some(&one));
    holds(&cache, 1, NOW.plus(LIFETIME), None);
    holds(&cache, 1, NOW.plus(LIFETIME).plus(LIFETIME), None);
}

/// Were its age renewed with each replay, it would outlive an operator's "forget".
#[test]
fn being_seen_again_does_not_renew_an_entry() {
    let (mut cache, one) = (IsolateCache::default(), small("one"));
    let late = NOW.plus(LIFETIME).minus(Millis(1));
    put(&mut cache, 1, &one, NOW);
    put(&mut cache, 1, &small("one"), late);
    assert_eq!(cache.len(), 1);
    holds(&cache, 1, NOW.plus(LIFETIME), None);
}

#[test]
fn another_answer_replaces_an_entry() {
    let (mut cache, two) = (IsolateCache::default(), small("two"));
    let late = NOW.plus(Millis::seconds(59));
    put(&mut cache, 1, &small("one"), NOW);
    put(&mut cache, 1, &two, late);
    assert_eq!(cache.len(), 1);
    holds(&cache, 1, late, Some(&two));
    holds(&cache, 1, late.plus(LIFETIME).minus(Millis(1)), Some(&two));
}

#[test]
fn an_entry_that_has_ended_may_come_in_anew() {
    let (mut cache, one) = (IsolateCache::default(), small("one"));
    let later = NOW.plus(LIFETIME);
    put(&mut cache, 1, &one, NOW);
    put(&mut cache, 1, &one, later);
    assert_eq!(cache.len(), 1);
    holds(&cache, 1, later, Some(&one));
}

#[test]
fn the_oldest_of_too_many_goes_first() {
    let (mut cache, one) = (IsolateCache::default(), small("one"));
    for number in 0..MAX_ENTRIES {
        put(&mut cache, number, &one, NOW);
    }
    holds(&cache, 0, NOW, Some(&one));
    put(&mut cache, MAX_ENTRIES, &one, NOW);
    assert_eq!(cache.len(), MAX_ENTRIES);
    holds(&cache, 0, NOW, None);
    holds(&cache, 1, NOW, Some(&one));
    holds(&cache, MAX_ENTRIES, NOW, Some(&one));
}

/// An answer of this many bytes, headers included.
fn sized(bytes: usize) -> Rc<Record> {
    let answer = Answer { headers: headers([("name", "value")]), ..answer(200, "") };
    let body = vec![b'x'; bytes - "namevalue".len()];
    record(Answer { body: onlyonce::guard::record::Body::Inline { bytes: body }, ..answer })
}

#[test]
fn the_oldest_goes_first_when_the_bytes_are_too_many() {
    let mut cache = IsolateCache::default();
    put(&mut cache, 1, &sized(MAX_BYTES - 100), NOW);
    put(&mut cache, 2, &sized(100), NOW);
    assert_eq!(cache.len(), 2);
    put(&mut cache, 3, &sized(9), NOW);
    assert_eq!(cache.len(), 2);
    holds(&cache, 1, NOW, None);
    holds(&cache, 2, NOW, Some(&sized(100)));
}

/// What goes gives its bytes back, whichever way it goes.
#[test]
fn bytes_are_counted_by_what_is_there() {
    let mut cache = IsolateCache::default();
    for number in 0..MAX_ENTRIES * 2 {
        put(&mut cache, 1, &sized(MAX_BYTES - number - 1), NOW);
    }
    put(&mut cache, 2, &sized(9), NOW);
    assert_eq!(cache.len(), 2);
    for number in 3..10 {
        put(&mut cache, number, &sized(MAX_BYTES), NOW);
        assert_eq!(cache.len(), 1);
    }
}

#[test]
fn an_answer_over_the_bound_is_not_kept() {
    let mut cache = IsolateCache::default();
    put(&mut cache, 1, &sized(MAX_BYTES + 1), NOW);
    assert!(cache.is_empty());
    put(&mut cache, 1, &record(not_kept(200)), NOW);
    assert_eq!(cache.len(), 1);
}

/// Were it let in, everything else would have to go first.
#[test]
fn an_answer_over_the_bound_drives_out_no_other() {
    let (mut cache, one) = (IsolateCache::default(), small("one"));
    put(&mut cache, 1, &one, NOW);
    put(&mut cache, 2, &sized(100), NOW);
    put(&mut cache, 3, &sized(MAX_BYTES + 1), NOW);
    assert_eq!(cache.len(), 2);
    holds(&cache, 1, NOW, Some(&one));
    holds(&cache, 3, NOW, None);
}
