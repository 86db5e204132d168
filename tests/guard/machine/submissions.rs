//! Who may wait, and what a second sending keeps.

use super::{
    EARLY, NONE_OPEN, check, held, in_flight, open, other_request, owner, rejecting, resend,
    resending, second, server_error, spent, stranger, unknown,
};
use crate::fixtures::{CLAIMED_AT, DEADLINE, WINDOW, claim};
use onlyonce::guard::machine::{
    ASK_AGAIN, Change, Event, Live, MAX_WAITING, Refusal, Submission, Then,
};
use onlyonce::guard::record::{Claim, Outcome, Reason, Record};
use onlyonce::guard::time::Millis;

const BUSY: Then = Then::Refuse(Refusal::InProgress { retry_after: ASK_AGAIN });

#[track_caller]
fn waits(waiting: usize, submission: Submission, then: Then) {
    let live = Live { open_calls: &[1], waiting, copying: false };
    let event = Event::Submitted(submission);
    check((in_flight(), live, EARLY), event, (in_flight(), Change::Keep, then));
}

#[test]
fn at_most_a_hundred_wait() {
    assert_eq!(MAX_WAITING, 100);
    waits(0, owner(), Then::Join);
    waits(99, owner(), Then::Join);
    waits(99, stranger(), Then::Join);
    waits(100, owner(), BUSY);
    waits(100, stranger(), BUSY);
    waits(101, owner(), BUSY);
    waits(0, rejecting(owner()), BUSY);
    // Another request is refused for what it is, however many wait.
    waits(100, other_request(owner()), Then::Refuse(Refusal::KeyReused));
    waits(0, rejecting(other_request(stranger())), Then::Refuse(Refusal::KeyReused));
}

#[test]
fn those_who_wait_do_not_keep_others_from_an_answer() {
    let live = Live { open_calls: &[], waiting: 100, copying: false };
    let event = Event::Submitted(owner());
    check((held(), live, EARLY), event, (held(), Change::Keep, Then::Replay));
}

/// Only the attempt and the deadline move: identity, window and spelling stay the first one's.
#[test]
fn a_second_sending_keeps_the_claim() {
    let first = Claim { spelling: Some("'8e03'".into()), ..claim("c1") };
    let now = EARLY.plus(Millis::seconds(60));
    let submission = Submission {
        deadline: Millis::seconds(7),
        retry_window: Millis::hours(1),
        spelling: Some("\"8e03\"".into()),
        ..resend(owner())
    };
    let before = Record::Unknown { claim: first.clone(), outcome: server_error() };
    let claim = Claim { attempt: 2, deadline_at: now.plus(Millis::seconds(7)), ..first };
    let after = Record::InFlight { claim, before: Some(server_error()) };
    let event = Event::Submitted(submission);
    check((before, NONE_OPEN, now), event, (after, Change::Put, Then::Forward));
}

#[test]
fn a_third_sending_remembers_the_outcome_of_the_second() {
    let lost = Outcome { reason: Reason::ConnectionLost, answer: None };
    let before = Record::Unknown { claim: second(), outcome: lost.clone() };
    let claim = Claim { attempt: 3, deadline_at: EARLY.plus(DEADLINE), ..second() };
    let after = Record::InFlight { claim, before: Some(lost) };
    let event = Event::Submitted(resend(owner()));
    check((before, NONE_OPEN, EARLY), event, (after, Change::Put, Then::Forward));
}

/// A waiter that looks again, or a stub call made twice, must not send anything.
#[test]
fn only_a_clients_retry_sends_again() {
    let told = Then::Refuse(Refusal::OutcomeUnknown(Reason::Restarted));
    let lost = unknown(Reason::Restarted);
    let event = Event::Submitted(owner());
    check((lost.clone(), NONE_OPEN, EARLY), event, (lost.clone(), Change::Keep, told.clone()));
    let event = Event::Submitted(resend(stranger()));
    check((lost.clone(), NONE_OPEN, EARLY), event, (lost, Change::Keep, told));
}

/// A waiter whose body is gone finds the key free: it must not claim what it cannot send.
#[test]
fn what_cannot_be_sent_claims_nothing() {
    let expired = CLAIMED_AT.plus(WINDOW);
    for by in [spent(owner()), spent(stranger()), spent(rejecting(owner())), spent(resend(owner()))]
    {
        let told = (Record::Vacant, Change::Keep, BUSY);
        check((Record::Vacant, NONE_OPEN, EARLY), Event::Submitted(by.clone()), told);
        // What is forgotten is erased all the same.
        let told = (Record::Vacant, Change::Erase, BUSY);
        check((held(), NONE_OPEN, expired), Event::Submitted(by), told);
    }
}

/// Two retries at once under `resend`: the second waits for what the first one sent.
#[test]
fn a_second_retry_joins_the_first() {
    let event = Event::Submitted(resend(owner()));
    check((resending(), open(&[1, 2]), EARLY), event, (resending(), Change::Keep, Then::Join));
}
