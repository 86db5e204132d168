//! Who has one of a shard's places, and who waits for one.

use onlyonce::guard::shard::places::{GIVEN_UP_AFTER, MAX_WAITING, Places, Urgency, is_given_up};
use onlyonce::guard::time::{Millis, UnixMillis};

fn full(places: u32) -> Places<u32> {
    let mut taken = Places::new(places);
    for _ in 0..places {
        assert!(taken.take(Urgency::Call));
    }
    assert!(!taken.take(Urgency::Call));
    taken
}

#[test]
fn a_place_that_nobody_waits_for_is_free_again() {
    let mut places = full(6);
    assert_eq!(places.give_back(Urgency::Call), None);
    assert_eq!(places.free(), 1);
    assert!(places.take(Urgency::Call));
}

#[test]
fn who_came_first_has_it_first() {
    let mut places = full(1);
    for waiter in 1..=3 {
        assert!(places.wait(Urgency::Call, waiter));
    }
    let mut next = || places.give_back(Urgency::Call).map(|(_, waiter)| waiter);
    assert_eq!([next(), next()], [Some(1), Some(2)]);
    // Nobody overtakes the third.
    assert!(!places.take(Urgency::Call));
    let mut next = || places.give_back(Urgency::Call).map(|(_, waiter)| waiter);
    assert_eq!([next(), next()], [Some(3), None]);
    assert_eq!(places.free(), 1);
}

#[test]
fn a_call_goes_before_background_work() {
    let mut places = full(2);
    assert!(places.wait(Urgency::Background, 1));
    assert!(places.wait(Urgency::Call, 2));
    let mut next = || places.give_back(Urgency::Call);
    assert_eq!([next(), next()], [Some((Urgency::Call, 2)), Some((Urgency::Background, 1))]);
}

/// KV hangs: its writes hold two places of six, and the calls the others.
#[test]
fn background_work_leaves_most_places_to_calls() {
    let mut places = Places::new(6);
    assert!(places.take(Urgency::Background));
    assert!(places.take(Urgency::Background));
    assert!(!places.take(Urgency::Background));
    assert!(places.wait(Urgency::Background, 1));
    for _ in 0..4 {
        assert!(places.take(Urgency::Call));
    }
    assert!(!places.take(Urgency::Call));
    // A call's place is nothing for it, but its own kind's is.
    assert_eq!(places.give_back(Urgency::Call), None);
    assert_eq!(places.give_back(Urgency::Background), Some((Urgency::Background, 1)));
}

#[test]
fn background_work_has_one_place_where_there_are_few() {
    let mut places = Places::<()>::new(1);
    assert!(places.take(Urgency::Background));
    assert!(!places.take(Urgency::Call));
}

#[test]
fn the_queue_is_bounded() {
    let mut places = full(6);
    let waiters = (0..).zip(0..MAX_WAITING).map(|(waiter, _)| waiter);
    assert!(waiters.into_iter().all(|waiter: u32| places.wait(Urgency::Call, waiter)));
    assert!(!places.wait(Urgency::Call, 0));
    assert_eq!(places.waiting(), MAX_WAITING);
}

/// With an origin that hangs, no place is given back for as long as they wait.
#[test]
fn who_has_given_up_fills_no_queue() {
    let mut places = full(1);
    for waiter in 0..MAX_WAITING as u32 {
        assert!(places.wait(Urgency::Call, waiter));
    }
    assert!(places.wait(Urgency::Background, 0));
    places.remove_gone(|waiter| waiter % 2 == 0);
    assert_eq!(places.waiting(), MAX_WAITING / 2);
    assert!(places.wait(Urgency::Call, 0));
    assert_eq!(places.give_back(Urgency::Call), Some((Urgency::Call, 1)));
}

#[test]
fn headers_are_waited_for_until_long_after_the_deadline() {
    let deadline = UnixMillis(1_000_000);
    let end = deadline.plus(GIVEN_UP_AFTER);
    assert!(!is_given_up(deadline, deadline));
    assert!(!is_given_up(deadline, end.minus(Millis(1))));
    assert!(is_given_up(deadline, end));
}
