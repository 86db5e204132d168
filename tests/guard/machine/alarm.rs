//! To a record, an alarm is a look like any other; only calls that outlast the window are ended.

use super::{
    EARLY, NONE_OPEN, done, done_with, held, ignored, in_flight, open, resending, second, unknown,
};
use crate::fixtures::{CLAIMED_AT, DEADLINE, SINCE, WINDOW, answer, claim};
use onlyonce::guard::machine::{
    Action, Event, InMemoryState, StorageOp, binding_claim, transition,
};
use onlyonce::guard::record::{Claim, Outcome, Reason, Record};
use onlyonce::guard::time::{Millis, UnixMillis};

const WINDOW_ENDS_AT: UnixMillis = CLAIMED_AT.plus(WINDOW);
const DEADLINE_AT: UnixMillis = CLAIMED_AT.plus(DEADLINE);
const TICK: Millis = Millis(1);
const LINGER: Millis = Millis::seconds(10);

fn given_up_derived() -> Record {
    let claim = Claim { derived_ttl: Some(LINGER), ..claim("c1") };
    let outcome = Outcome::new(Reason::DeadlinePassed, None, SINCE);
    Record::Unknown { claim, outcome }
}

#[test]
fn an_alarm_looks() {
    let records = [
        Record::Vacant,
        in_flight(),
        resending(),
        done(),
        held(),
        unknown(Reason::Restarted),
        Record::Forgotten { until: None },
        Record::Forgotten { until: Some(EARLY) },
        Record::Moved { until: EARLY },
    ];
    let moments = [CLAIMED_AT, EARLY, DEADLINE_AT, WINDOW_ENDS_AT, WINDOW_ENDS_AT.plus(WINDOW)];
    for (record, now) in records.iter().flat_map(|record| moments.map(|now| (record, now))) {
        for live in [NONE_OPEN, open(&[1]), open(&[2]), open(&[1, 2])] {
            let looked = transition(record.clone(), Event::Look, live, now);
            let rang = transition(record.clone(), Event::Alarm { settle: None }, live, now);
            let same = (&rang.record, rang.storage) == (&looked.record, looked.storage);
            assert!(same, "{record:?}");
            let ends = rang.action == Action::EndCalls;
            assert!(rang.action == looked.action || ends, "{record:?}");
        }
    }
}

#[track_caller]
fn ends_calls(
    (before, live, now): (Record, InMemoryState, UnixMillis),
    event: Event,
    expected: bool,
) {
    let row = format!("{before:?} at {now:?}");
    let transition = transition(before, event, live, now);
    assert_eq!(transition.action == Action::EndCalls, expected, "{row}");
    assert!(!expected || transition.storage != StorageOp::Erase, "{row}");
}

#[test]
fn calls_that_outlast_the_window_are_ended() {
    let late = WINDOW_ENDS_AT.plus(WINDOW);
    for record in [in_flight(), unknown(Reason::DeadlinePassed), held(), done()] {
        for (now, expected) in
            [(WINDOW_ENDS_AT.minus(TICK), false), (WINDOW_ENDS_AT, true), (late, true)]
        {
            ends_calls((record.clone(), open(&[1]), now), Event::Alarm { settle: None }, expected);
            ends_calls((record.clone(), open(&[1]), now), Event::Look, false);
            ends_calls((record.clone(), NONE_OPEN, now), Event::Alarm { settle: None }, false);
        }
    }
    // A derived key's record would be forgotten sooner, but its call may take the window's time.
    for now in [DEADLINE_AT.plus(LINGER), WINDOW_ENDS_AT.minus(TICK)] {
        ends_calls((given_up_derived(), open(&[1]), now), Event::Alarm { settle: None }, false);
    }
    ends_calls(
        (given_up_derived(), open(&[1]), WINDOW_ENDS_AT),
        Event::Alarm { settle: None },
        true,
    );
    // Sent again a moment before the window's end, it has its time all the same.
    let sent_at = WINDOW_ENDS_AT.minus(TICK);
    let claim = Claim { deadline_at: sent_at.plus(DEADLINE), ..second() };
    let again = Record::InFlight { claim, previous: None };
    let deadline_at = sent_at.plus(DEADLINE);
    ends_calls(
        (again.clone(), open(&[2]), deadline_at.minus(TICK)),
        Event::Alarm { settle: None },
        false,
    );
    ends_calls((again, open(&[2]), deadline_at), Event::Alarm { settle: None }, true);
}

/// Whoever reads an answer from its rows reads them to their end.
#[test]
fn an_answer_that_is_being_read_outlives_its_window() {
    let reading = InMemoryState { reading: true, ..NONE_OPEN };
    for record in [done(), done_with(answer(200, "long")), held()] {
        for now in [WINDOW_ENDS_AT, WINDOW_ENDS_AT.plus(WINDOW)] {
            for event in [Event::Alarm { settle: None }, Event::Look] {
                ignored(record.clone(), reading, now, event);
            }
            assert_eq!(binding_claim(&record, reading, now), record.claim());
        }
    }
}
