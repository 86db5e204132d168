//! Who may wait, and what a second sending keeps.

use super::{
    EARLY, NONE_OPEN, check, claimed, held, ignored, in_flight, open, other_request, owner,
    rejecting, resend, resending, second, server_error, spent, stranger, unknown,
};
use crate::fixtures::{CLAIMED_AT, DEADLINE, SINCE, WINDOW, claim};
use onlyonce::guard::machine::{
    ASK_AGAIN, Action, Event, InMemoryState, MAX_OTHERS_WAITING, MAX_WAITING, Refusal, StorageOp,
    Submission,
};
use onlyonce::guard::record::{Claim, Outcome, Reason, Record};
use onlyonce::guard::time::Millis;

const BUSY: Action = Action::Refuse(Refusal::InProgress { retry_after: ASK_AGAIN });

#[track_caller]
fn waits(waiting: usize, submission: Submission, then: Action) {
    let live = InMemoryState { waiting, ..open(&[1]) };
    let event = Event::Submitted(submission);
    check((in_flight(), live, EARLY), event, (in_flight(), StorageOp::Keep, then));
}

#[test]
fn at_most_a_hundred_wait() {
    assert_eq!(MAX_WAITING, 100);
    waits(0, owner(), Action::Join);
    waits(99, owner(), Action::Join);
    waits(99, stranger(), Action::Join);
    waits(100, owner(), BUSY);
    waits(100, stranger(), BUSY);
    waits(101, owner(), BUSY);
    waits(0, rejecting(owner()), BUSY);
    // Its owner's other request is refused for what it is, however many wait.
    waits(100, other_request(owner()), Action::Refuse(Refusal::KeyReused));
    waits(0, rejecting(other_request(owner())), Action::Refuse(Refusal::KeyReused));
    // Nobody else hears that it is another one.
    waits(0, other_request(stranger()), Action::Join);
    waits(100, other_request(stranger()), BUSY);
    waits(0, rejecting(other_request(stranger())), BUSY);
}

/// Whoever knows a key and its scope waits as well, but not in its owner's places.
#[test]
fn at_most_twenty_of_them_show_another_credential() {
    assert_eq!(MAX_OTHERS_WAITING, 20);
    for (waiting, others_waiting, submission, then) in [
        (19, 19, stranger(), Action::Join),
        (20, 20, stranger(), BUSY),
        (99, 20, stranger(), BUSY),
        (99, 19, stranger(), Action::Join),
        (100, 19, stranger(), BUSY),
        (20, 20, owner(), Action::Join),
        (99, 20, owner(), Action::Join),
        (100, 20, owner(), BUSY),
    ] {
        let live = InMemoryState { waiting, others_waiting, ..open(&[1]) };
        let event = Event::Submitted(submission);
        check((in_flight(), live, EARLY), event, (in_flight(), StorageOp::Keep, then));
    }
}

#[test]
fn those_who_wait_do_not_keep_others_from_an_answer() {
    let live = InMemoryState { waiting: 100, ..NONE_OPEN };
    let event = Event::Submitted(owner());
    check((held(), live, EARLY), event, (held(), StorageOp::Keep, Action::Replay));
}

/// Only the attempt and the deadline move: identity, window and raw_key stay the first one's.
#[test]
fn a_second_sending_keeps_the_claim() {
    let first = Claim { raw_key: Some("'8e03'".into()), ..claim("c1") };
    let now = EARLY.plus(Millis::seconds(60));
    let submission = Submission {
        deadline: Millis::seconds(7),
        retry_window: Millis::hours(1),
        raw_key: Some("\"8e03\"".into()),
        ..resend(owner())
    };
    let before = Record::Unknown { claim: first.clone(), outcome: server_error() };
    let claim = Claim { attempt: 2, deadline_at: now.plus(Millis::seconds(7)), ..first };
    let after = Record::InFlight { claim, previous: Some(server_error()) };
    let event = Event::Submitted(submission);
    check((before, NONE_OPEN, now), event, (after, StorageOp::Put, Action::Forward));
}

#[test]
fn a_third_sending_remembers_the_outcome_of_the_second() {
    let lost = Outcome::new(Reason::ConnectionLost, None, SINCE);
    let before = Record::Unknown { claim: second(), outcome: lost.clone() };
    let claim = Claim { attempt: 3, deadline_at: EARLY.plus(DEADLINE), ..second() };
    let after = Record::InFlight { claim, previous: Some(lost) };
    let event = Event::Submitted(resend(owner()));
    check((before, NONE_OPEN, EARLY), event, (after, StorageOp::Put, Action::Forward));
}

/// A waiter that looks again, or a stub call made twice, must not send anything.
#[test]
fn only_a_clients_retry_sends_again() {
    let told = Action::Refuse(Refusal::OutcomeUnknown(Reason::Restarted));
    let lost = unknown(Reason::Restarted);
    let event = Event::Submitted(owner());
    check((lost.clone(), NONE_OPEN, EARLY), event, (lost.clone(), StorageOp::Keep, told.clone()));
    let event = Event::Submitted(resend(stranger()));
    check((lost.clone(), NONE_OPEN, EARLY), event, (lost, StorageOp::Keep, told));
}

/// A waiter whose body is gone finds the key free: it must not claim what it cannot send.
#[test]
fn what_cannot_be_sent_claims_nothing() {
    let expired = CLAIMED_AT.plus(WINDOW);
    for by in [spent(owner()), spent(stranger()), spent(rejecting(owner())), spent(resend(owner()))]
    {
        let told = (Record::Vacant, StorageOp::Keep, BUSY);
        check((Record::Vacant, NONE_OPEN, EARLY), Event::Submitted(by.clone()), told);
        // What is forgotten is erased all the same.
        let told = (Record::Vacant, StorageOp::Erase, BUSY);
        check((held(), NONE_OPEN, expired), Event::Submitted(by), told);
    }
}

/// Two retries at once under `resend`: the second waits for what the first one sent.
#[test]
fn a_second_retry_joins_the_first() {
    let event = Event::Submitted(resend(owner()));
    check((resending(), open(&[1, 2]), EARLY), event, (resending(), StorageOp::Keep, Action::Join));
}

/// Whoever asks a shard that the key has left is sent on, and the fence stands until its time.
#[test]
fn a_key_that_moved_cannot_be_claimed_where_it_was() {
    let until = EARLY.plus(Millis(1));
    let moved = Record::Moved { until };
    for submission in [owner(), stranger(), other_request(owner()), spent(owner())] {
        let refused = Action::Refuse(Refusal::Moved);
        let event = Event::Submitted(submission);
        check((moved.clone(), NONE_OPEN, EARLY), event, (moved.clone(), StorageOp::Keep, refused));
    }
    ignored(moved.clone(), NONE_OPEN, EARLY, Event::Look);
    ignored(moved.clone(), NONE_OPEN, EARLY, Event::Alarm { settle: None });
    let erased = (Record::Vacant, StorageOp::Erase, Action::Nothing);
    check((moved.clone(), NONE_OPEN, until), Event::Alarm { settle: None }, erased);
    let anew = (claimed(owner(), until), StorageOp::Put, Action::Forward);
    check((moved, NONE_OPEN, until), Event::Submitted(owner()), anew);
}
