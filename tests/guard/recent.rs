//! The bounds of what one isolate remembers.

use crate::fixtures::{CLAIMED_AT, answer, claim, headers, not_kept};
use onlyonce::guard::key::IdempotencyKey;
use onlyonce::guard::recent::{LIFETIME, MAX_BYTES, MAX_ENTRIES, Recent};
use onlyonce::guard::record::{Answer, Record};
use onlyonce::guard::scope::RecordId;
use onlyonce::guard::time::{Millis, UnixMillis};
use std::rc::Rc;

const NOW: UnixMillis = CLAIMED_AT;

fn id(number: usize) -> RecordId {
    let key = IdempotencyKey::parse(&number.to_string()).expect("a key");
    RecordId::new("r", &[], &key)
}

fn record(answer: Answer) -> Rc<Record> {
    Rc::new(Record::Done { claim: claim("c1"), answer })
}

fn small(body: &str) -> Rc<Record> {
    record(answer(200, body))
}

fn put(recent: &mut Recent, number: usize, answer: &Rc<Record>, now: UnixMillis) {
    recent.put(&id(number), answer.clone(), now);
}

#[track_caller]
fn holds(recent: &Recent, number: usize, now: UnixMillis, expected: Option<&Rc<Record>>) {
    assert_eq!(recent.get(&id(number), now).as_ref(), expected, "entry {number}");
}

#[test]
fn the_bounds() {
    assert_eq!((LIFETIME, MAX_ENTRIES, MAX_BYTES), (Millis::seconds(60), 1024, 8 * 1024 * 1024));
    let recent = Recent::default();
    assert!(recent.is_empty());
    holds(&recent, 1, NOW, None);
}

#[test]
fn an_entry_is_kept_for_a_minute() {
    let (mut recent, one) = (Recent::default(), small("one"));
    put(&mut recent, 1, &one, NOW);
    holds(&recent, 1, NOW, Some(&one));
    holds(&recent, 2, NOW, None);
    holds(&recent, 1, NOW.plus(LIFETIME).minus(Millis(1)), Some(&one));
    holds(&recent, 1, NOW.plus(LIFETIME), None);
    holds(&recent, 1, NOW.plus(LIFETIME).plus(LIFETIME), None);
}

/// Were its age renewed with each replay, it would outlive an operator's "forget".
#[test]
fn being_seen_again_does_not_renew_an_entry() {
    let (mut recent, one) = (Recent::default(), small("one"));
    let late = NOW.plus(LIFETIME).minus(Millis(1));
    put(&mut recent, 1, &one, NOW);
    put(&mut recent, 1, &small("one"), late);
    assert_eq!(recent.len(), 1);
    holds(&recent, 1, NOW.plus(LIFETIME), None);
}

#[test]
fn another_answer_replaces_an_entry() {
    let (mut recent, two) = (Recent::default(), small("two"));
    let late = NOW.plus(Millis::seconds(59));
    put(&mut recent, 1, &small("one"), NOW);
    put(&mut recent, 1, &two, late);
    assert_eq!(recent.len(), 1);
    holds(&recent, 1, late, Some(&two));
    holds(&recent, 1, late.plus(LIFETIME).minus(Millis(1)), Some(&two));
}

#[test]
fn an_entry_that_has_ended_may_come_in_anew() {
    let (mut recent, one) = (Recent::default(), small("one"));
    let later = NOW.plus(LIFETIME);
    put(&mut recent, 1, &one, NOW);
    put(&mut recent, 1, &one, later);
    assert_eq!(recent.len(), 1);
    holds(&recent, 1, later, Some(&one));
}

#[test]
fn the_oldest_of_too_many_goes_first() {
    let (mut recent, one) = (Recent::default(), small("one"));
    for number in 0..MAX_ENTRIES {
        put(&mut recent, number, &one, NOW);
    }
    holds(&recent, 0, NOW, Some(&one));
    put(&mut recent, MAX_ENTRIES, &one, NOW);
    assert_eq!(recent.len(), MAX_ENTRIES);
    holds(&recent, 0, NOW, None);
    holds(&recent, 1, NOW, Some(&one));
    holds(&recent, MAX_ENTRIES, NOW, Some(&one));
}

/// An answer of this many bytes, headers included.
fn sized(bytes: usize) -> Rc<Record> {
    let answer = Answer { headers: headers([("name", "value")]), ..answer(200, "") };
    let body = vec![b'x'; bytes - "namevalue".len()];
    record(Answer { body: onlyonce::guard::record::Body::Inline { bytes: body }, ..answer })
}

#[test]
fn the_oldest_goes_first_when_the_bytes_are_too_many() {
    let mut recent = Recent::default();
    put(&mut recent, 1, &sized(MAX_BYTES - 100), NOW);
    put(&mut recent, 2, &sized(100), NOW);
    assert_eq!(recent.len(), 2);
    put(&mut recent, 3, &sized(9), NOW);
    assert_eq!(recent.len(), 2);
    holds(&recent, 1, NOW, None);
    holds(&recent, 2, NOW, Some(&sized(100)));
}

/// What goes gives its bytes back, whichever way it goes.
#[test]
fn bytes_are_counted_by_what_is_there() {
    let mut recent = Recent::default();
    for number in 0..MAX_ENTRIES * 2 {
        put(&mut recent, 1, &sized(MAX_BYTES - number - 1), NOW);
    }
    put(&mut recent, 2, &sized(9), NOW);
    assert_eq!(recent.len(), 2);
    for number in 3..10 {
        put(&mut recent, number, &sized(MAX_BYTES), NOW);
        assert_eq!(recent.len(), 1);
    }
}

#[test]
fn an_answer_over_the_bound_is_not_kept() {
    let mut recent = Recent::default();
    put(&mut recent, 1, &sized(MAX_BYTES + 1), NOW);
    assert!(recent.is_empty());
    put(&mut recent, 1, &record(not_kept(200)), NOW);
    assert_eq!(recent.len(), 1);
}

/// Were it let in, everything else would have to go first.
#[test]
fn an_answer_over_the_bound_drives_out_no_other() {
    let (mut recent, one) = (Recent::default(), small("one"));
    put(&mut recent, 1, &one, NOW);
    put(&mut recent, 2, &sized(100), NOW);
    put(&mut recent, 3, &sized(MAX_BYTES + 1), NOW);
    assert_eq!(recent.len(), 2);
    holds(&recent, 1, NOW, Some(&one));
    holds(&recent, 3, NOW, None);
}
