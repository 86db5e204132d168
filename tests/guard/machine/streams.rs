//! An answer that comes in piece by piece is not in doubt while it does, however long it takes; and one
//! of a status that does not exist is.

use super::{
    ALL_OPEN, EARLY, NONE_OPEN, answers_999, breaks, check, done, finally, in_flight, owner,
    resending, second, server_error, stranger, unknown, unknown_again,
};
use crate::fixtures::{CLAIMED_AT, DEADLINE, WINDOW};
use onlyonce::guard::machine::{Action, Event, InMemoryState, Refusal, StorageOp};
use onlyonce::guard::record::{Reason, Record};
use onlyonce::guard::time::{Millis, UnixMillis};

const DEADLINE_AT: UnixMillis = CLAIMED_AT.plus(DEADLINE);
const LATE: UnixMillis = DEADLINE_AT.plus(Millis::seconds(30));
const WINDOW_ENDS_AT: UnixMillis = CLAIMED_AT.plus(WINDOW);
const STREAMING: InMemoryState = InMemoryState { open_calls: &[1], streaming: &[1], ..NONE_OPEN };

fn put(record: Record) -> (Record, StorageOp, Action) {
    (record, StorageOp::Put, Action::Nothing)
}

#[test]
fn a_stream_is_in_flight_past_its_deadline() {
    for now in [EARLY, DEADLINE_AT, LATE, WINDOW_ENDS_AT] {
        let kept = |action| (in_flight(), StorageOp::Keep, action);
        check((in_flight(), STREAMING, now), Event::Look, kept(Action::Nothing));
        for by in [owner(), stranger()] {
            check((in_flight(), STREAMING, now), Event::Submitted(by), kept(Action::Join));
        }
    }
}

#[test]
fn it_ends_as_any_other_answer() {
    for now in [EARLY, LATE, WINDOW_ENDS_AT] {
        check((in_flight(), STREAMING, now), finally(1), put(done()));
        check((in_flight(), STREAMING, now), breaks(1), put(unknown(Reason::ConnectionLost)));
    }
}

/// A runtime that dies takes the stream along.
#[test]
fn a_stream_without_its_call_is_unknown() {
    let dead = unknown(Reason::Restarted);
    check((in_flight(), NONE_OPEN, LATE), Event::Look, put(dead));
}

/// Whoever streams, it is the current attempt that counts.
#[test]
fn an_earlier_attempts_stream_does_not_make_up_for_the_current_one() {
    let now = second().deadline_at;
    let restored = Record::Unknown { claim: second(), outcome: server_error() };
    let first = InMemoryState { streaming: &[1], ..ALL_OPEN };
    check((resending(), first, now), Event::Look, put(restored));
    let current = InMemoryState { streaming: &[2], ..ALL_OPEN };
    let kept = (resending(), StorageOp::Keep, Action::Nothing);
    check((resending(), current, now), Event::Look, kept);
}

/// Nobody waits for ever for what never ends.
#[test]
fn a_stream_that_outlasts_the_window_is_ended_by_the_alarm() {
    let kept = |action| (in_flight(), StorageOp::Keep, action);
    let early = WINDOW_ENDS_AT.minus(Millis(1));
    check((in_flight(), STREAMING, early), Event::Alarm { settle: None }, kept(Action::Nothing));
    check(
        (in_flight(), STREAMING, WINDOW_ENDS_AT),
        Event::Alarm { settle: None },
        kept(Action::EndCalls),
    );
    check((in_flight(), STREAMING, WINDOW_ENDS_AT), Event::Look, kept(Action::Nothing));
}

#[test]
fn a_status_that_does_not_exist_leaves_the_outcome_unknown() {
    let odd = Reason::NoSuchStatus(999);
    check((in_flight(), STREAMING, EARLY), answers_999(1), put(unknown(odd)));
    let late = unknown(Reason::DeadlinePassed);
    check((late, STREAMING, LATE), answers_999(1), put(unknown(odd)));
    let told = Action::Refuse(Refusal::OutcomeUnknown(odd));
    let refused = (unknown(odd), StorageOp::Keep, told);
    check((unknown(odd), NONE_OPEN, LATE), Event::Submitted(owner()), refused);
    // What the first sending was answered says more.
    let restored = Record::Unknown { claim: second(), outcome: server_error() };
    check((resending(), ALL_OPEN, EARLY), answers_999(2), put(restored));
    let kept = (unknown_again(odd), StorageOp::Keep, Action::Nothing);
    check((unknown_again(odd), ALL_OPEN, EARLY), answers_999(1), kept);
}
