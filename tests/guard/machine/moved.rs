//! A key that belongs to another shard since `shards` was changed: who may still be served here, and
//! the fence.

use super::*;
use onlyonce::guard::machine::{ASK_AGAIN, FENCE_MARGIN, binding_claim};

const END: UnixMillis = EARLY.plus(WINDOW);

fn moved(until: UnixMillis) -> Record {
    Record::Moved { until }
}

fn known_only(from: Submission) -> Submission {
    Submission { known_only: true, ..from }
}

/// What a Worker that has the new policy asks the old shard, which needs no place for it.
fn asks(from: Submission) -> Event {
    Event::Submitted(known_only(Submission { place: Place::Wanted, ..from }))
}

/// The fence that is written at `now`.
fn fence(now: UnixMillis) -> Record {
    moved(now.plus(WINDOW).plus(FENCE_MARGIN).plus(FENCE_MARGIN))
}

#[test]
fn a_key_that_is_not_known_is_fenced() {
    let fenced = (fence(EARLY), StorageOp::Put, Action::ConfirmMove);
    for by in [owner(), stranger(), other_request(owner()), rejecting(owner()), resend(owner())] {
        check((Record::Vacant, NONE_OPEN, EARLY), asks(by.clone()), fenced.clone());
        for place in [Place::Taken, Place::Denied] {
            let event = Event::Submitted(known_only(Submission { place, ..by.clone() }));
            check((Record::Vacant, NONE_OPEN, EARLY), event, fenced.clone());
        }
    }
    // What was known and is over is not known.
    let over = CLAIMED_AT.plus(WINDOW);
    for before in [done(), held(), in_flight(), Record::Forgotten { until: Some(over) }] {
        let fenced = (fence(over), StorageOp::Put, Action::ConfirmMove);
        check((before, NONE_OPEN, over), asks(owner()), fenced);
    }
}

#[test]
fn a_key_that_is_known_is_handled_here() {
    let rows = [
        (done(), NONE_OPEN, owner()),
        (done(), NONE_OPEN, stranger()),
        (done(), NONE_OPEN, other_request(owner())),
        (held(), NONE_OPEN, owner()),
        (held(), NONE_OPEN, resend(owner())),
        (unknown(Reason::Restarted), NONE_OPEN, owner()),
        (in_flight(), NONE_OPEN, owner()),
        (in_flight(), open(&[1]), owner()),
        (in_flight(), open(&[1]), stranger()),
        (Record::Forgotten { until: None }, NONE_OPEN, owner()),
        (Record::Forgotten { until: Some(END) }, NONE_OPEN, owner()),
    ];
    for (record, live, by) in rows {
        for place in [Place::Wanted, Place::Denied, Place::Taken] {
            let by = Submission { place, ..by.clone() };
            let here = transition(record.clone(), Event::Submitted(by.clone()), live, EARLY);
            let event = Event::Submitted(known_only(by));
            let record_here = with_pinned_since(here.record);
            check((record.clone(), live, EARLY), event, (record_here, here.storage, here.action));
        }
    }
}

/// Who was sent already, or whose body is gone, is not sent to the other shard either.
#[test]
fn what_cannot_be_sent_is_not_moved() {
    let told = Action::Refuse(Refusal::InProgress { retry_after: ASK_AGAIN });
    for before in [Record::Vacant, moved(EARLY.plus(Millis(1))), fence(EARLY)] {
        let kept = (before.clone(), StorageOp::Keep, told.clone());
        check((before, NONE_OPEN, EARLY), asks(spent(owner())), kept);
    }
}

/// The claim in the other shard is made later, and by another clock.
#[test]
fn a_fence_outlasts_every_claim_that_it_was_confirmed_for() {
    let least = EARLY.plus(WINDOW).plus(FENCE_MARGIN);
    for until in [least, least.plus(Millis(1)), least.plus(FENCE_MARGIN)] {
        let confirmed = (moved(until), StorageOp::Keep, Action::ConfirmMove);
        check((moved(until), NONE_OPEN, EARLY), asks(owner()), confirmed);
    }
    for until in [EARLY.plus(Millis(1)), EARLY.plus(WINDOW), least.minus(Millis(1)), EARLY] {
        let renewed = (fence(EARLY), StorageOp::Put, Action::ConfirmMove);
        check((moved(until), NONE_OPEN, EARLY), asks(owner()), renewed);
    }
    // A later policy may ask for a longer window.
    let longer = Submission { retry_window: Millis(4 * WINDOW.0), ..owner() };
    let until = EARLY.plus(longer.retry_window).plus(FENCE_MARGIN).plus(FENCE_MARGIN);
    let renewed = (moved(until), StorageOp::Put, Action::ConfirmMove);
    check((fence(EARLY), NONE_OPEN, EARLY), asks(longer), renewed);
}

#[test]
fn nobody_else_is_served_at_a_fence() {
    let told = Action::Refuse(Refusal::Moved);
    for by in [owner(), stranger(), other_request(owner()), rejecting(owner()), resend(owner())] {
        for now in [EARLY, END.minus(Millis(1))] {
            let kept = (moved(END), StorageOp::Keep, told.clone());
            check((moved(END), NONE_OPEN, now), Event::Submitted(by.clone()), kept);
        }
        let anew = (claimed(by.clone(), END), StorageOp::Put, Action::Forward);
        check((moved(END), NONE_OPEN, END), Event::Submitted(by), anew);
    }
}

#[test]
fn a_fence_is_no_record_of_an_operation() {
    let id = claim_id(CLAIM);
    let by_hand = Resolution::Answered(answer(201, "found by hand"));
    let refused = |refusal| (moved(END), StorageOp::Keep, Action::RefuseAdmin(refusal));
    let here = (moved(END), NONE_OPEN, EARLY);
    check(here.clone(), Event::Forget, refused(AdminRefusal::Vacant));
    for resolution in [by_hand, Resolution::NotProcessed] {
        let event = Event::Resolve { claim: id, resolution };
        check(here.clone(), event, refused(AdminRefusal::NotUnknown));
    }
    for event in every_report(1).into_iter().chain([Event::CopyDeleted]) {
        ignored(moved(END), NONE_OPEN, EARLY, event);
    }
    assert_eq!(binding_claim(&moved(END), ALL_OPEN, EARLY), None);
}

#[test]
fn time_ends_a_fence() {
    for event in [Event::Look, Event::Alarm { settle: None }] {
        ignored(moved(END), NONE_OPEN, END.minus(Millis(1)), event.clone());
        let gone = (Record::Vacant, StorageOp::Erase, Action::Nothing);
        check((moved(END), NONE_OPEN, END), event, gone);
    }
}
