//! Who has one of a shard's places, and who waits for one.

use onlyonce::guard::shard::places::{MAX_WAITING, Places, Urgency};

fn full(places: u32) -> Places<u32> {
    let mut taken = Places::new(places);
    for _ in 0..places {
        assert!(taken.take());
    }
    assert!(!taken.take());
    taken
}

#[test]
fn a_place_that_nobody_waits_for_is_free_again() {
    let mut places = full(6);
    assert_eq!(places.give_back(), None);
    assert_eq!(places.free(), 1);
    assert!(places.take());
}

#[test]
fn who_came_first_has_it_first() {
    let mut places = full(1);
    for waiter in 1..=3 {
        assert!(places.wait(Urgency::Call, waiter));
    }
    assert_eq!([places.give_back(), places.give_back()], [Some(1), Some(2)]);
    // Nobody overtakes the third.
    assert!(!places.take());
    assert_eq!(places.give_back(), Some(3));
    assert_eq!((places.give_back(), places.free()), (None, 1));
}

#[test]
fn a_call_goes_before_background_work() {
    let mut places = full(2);
    assert!(places.wait(Urgency::Background, 1));
    assert!(places.wait(Urgency::Call, 2));
    assert_eq!([places.give_back(), places.give_back()], [Some(2), Some(1)]);
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
    assert_eq!(places.give_back(), Some(1));
}
