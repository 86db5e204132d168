//! Which step sets an alarm, and when it is to ring.

use super::{
    EARLY, NONE_OPEN, breaks, done, every_report, fails_with_503, finally, held, in_flight, open,
    owner, released, resend, resending, second, spent, stranger, unknown,
};
use crate::fixtures::{CLAIMED_AT, DEADLINE, WINDOW, answer, claim};
use onlyonce::guard::machine::{
    Action, Event, InMemoryState, QUARANTINE, Resolution, StorageOp, Submission, transition,
};
use onlyonce::guard::record::{Claim, Outcome, Reason, Record};
use onlyonce::guard::time::{Millis, UnixMillis};

const WINDOW_ENDS_AT: UnixMillis = CLAIMED_AT.plus(WINDOW);
const DEADLINE_AT: UnixMillis = CLAIMED_AT.plus(DEADLINE);
const TICK: Millis = Millis(1);
const MINUTE: Millis = Millis::seconds(60);
const LINGER: Millis = Millis::seconds(10);

/// In this state, this happens; an alarm is set for this moment, or the one there is will do.
#[track_caller]
fn sets(
    (before, live, now): (Record, InMemoryState, UnixMillis),
    event: Event,
    at: Option<UnixMillis>,
) {
    let told = format!("{before:?}\n{event:?}");
    assert_eq!(transition(before, event, live, now).alarm, at, "{told}");
}

fn submits(by: Submission) -> Event {
    Event::Submitted(by)
}

fn forgotten(until: Option<UnixMillis>) -> Record {
    Record::Forgotten { until }
}

fn derived(call_ended_at: Option<UnixMillis>) -> Claim {
    Claim { derived_ttl: Some(LINGER), call_ended_at, ..claim("c1") }
}

fn sent_derived() -> Record {
    Record::InFlight { claim: derived(None), previous: None }
}

fn given_up_derived() -> Record {
    let outcome = Outcome { reason: Reason::DeadlinePassed, answer: None };
    Record::Unknown { claim: derived(Some(DEADLINE_AT)), outcome }
}

#[test]
fn a_claim_sets_one_for_its_windows_end() {
    sets((Record::Vacant, NONE_OPEN, EARLY), submits(owner()), Some(EARLY.plus(WINDOW)));
    // Whatever was there before.
    for before in [done(), held(), in_flight()] {
        let now = WINDOW_ENDS_AT.plus(TICK);
        sets((before, NONE_OPEN, now), submits(owner()), Some(now.plus(WINDOW)));
    }
    let until = CLAIMED_AT.plus(QUARANTINE);
    let free = forgotten(Some(until));
    sets((free, NONE_OPEN, until), submits(owner()), Some(until.plus(WINDOW)));
}

#[test]
fn whatever_comes_of_a_call_keeps_it() {
    for now in [EARLY, DEADLINE_AT, WINDOW_ENDS_AT.minus(TICK)] {
        for event in every_report(1).into_iter().chain([Event::Look, submits(owner())]) {
            sets((in_flight(), open(&[1]), now), event.clone(), None);
            // It died with its instance.
            sets((in_flight(), NONE_OPEN, now), event, None);
        }
    }
    // A late one, after the deadline or past the window.
    for now in [DEADLINE_AT, WINDOW_ENDS_AT.plus(TICK)] {
        for event in every_report(1) {
            sets((unknown(Reason::DeadlinePassed), open(&[1]), now), event, None);
        }
    }
}

#[test]
fn who_finds_a_record_keeps_it() {
    for record in [done(), held(), unknown(Reason::Restarted)] {
        for event in [submits(owner()), submits(stranger()), submits(spent(owner())), Event::Look] {
            sets((record.clone(), NONE_OPEN, EARLY), event, None);
        }
    }
    let resolution = Resolution::Answered(answer(201, "found by hand"));
    let resolved = Event::Resolve { claim: claim("c1").id, resolution };
    sets((unknown(Reason::Restarted), NONE_OPEN, EARLY), resolved, None);
    sets((Record::Vacant, NONE_OPEN, EARLY), submits(spent(owner())), None);
    sets((Record::Vacant, NONE_OPEN, EARLY), Event::Look, None);
}

/// The window is the claim's, however often it is sent.
#[test]
fn a_second_sending_keeps_it() {
    for now in [EARLY, WINDOW_ENDS_AT.minus(TICK)] {
        sets((held(), NONE_OPEN, now), submits(resend(owner())), None);
    }
    for event in every_report(2) {
        sets((resending(), open(&[2]), EARLY), event, None);
    }
}

#[test]
fn a_derived_key_moves_it_with_the_end_of_its_call() {
    let by = Submission { derived_ttl: Some(LINGER), ..owner() };
    let claim = (Record::Vacant, NONE_OPEN, EARLY);
    sets(claim, submits(by), Some(EARLY.plus(DEADLINE).plus(LINGER)));
    for event in [finally(1), fails_with_503(1), breaks(1)] {
        let late = DEADLINE_AT.plus(WINDOW);
        sets((sent_derived(), open(&[1]), EARLY), event.clone(), Some(EARLY.plus(LINGER)));
        sets((given_up_derived(), open(&[1]), EARLY), event.clone(), Some(EARLY.plus(LINGER)));
        // Later than the window's end is in the past.
        sets((given_up_derived(), open(&[1]), late), event, Some(late.plus(MINUTE)));
    }
    sets((sent_derived(), NONE_OPEN, EARLY), Event::Look, Some(EARLY.plus(LINGER)));
    // The deadline is the end that was reckoned with.
    for live in [NONE_OPEN, open(&[1])] {
        sets((sent_derived(), live, DEADLINE_AT.plus(TICK)), Event::Look, None);
    }
    sets((sent_derived(), open(&[1]), EARLY), released(1), None);
}

#[test]
fn an_operators_forget_sets_its_own() {
    let asked = (done(), NONE_OPEN, EARLY);
    sets(asked, Event::Forget, Some(EARLY.plus(MINUTE)));
    sets((forgotten(None), NONE_OPEN, EARLY), Event::Forget, None);
    let until = EARLY.plus(QUARANTINE);
    sets((forgotten(None), NONE_OPEN, EARLY), Event::CopyDeleted, Some(until));
    sets((forgotten(Some(until)), NONE_OPEN, EARLY), Event::Forget, None);
    sets((forgotten(Some(until)), NONE_OPEN, EARLY), submits(owner()), None);
}

/// It is used up, however early, and whatever set it: the guard's last version set one for the
/// deadline of each record in flight.
#[test]
fn one_that_rang_is_followed_by_another() {
    let kept = [in_flight(), done(), held(), unknown(Reason::DeadlinePassed)];
    for record in kept {
        for now in [CLAIMED_AT, DEADLINE_AT, WINDOW_ENDS_AT.minus(TICK)] {
            sets((record.clone(), open(&[1]), now), Event::Alarm, Some(WINDOW_ENDS_AT));
            sets((record.clone(), NONE_OPEN, now), Event::Alarm, Some(WINDOW_ENDS_AT));
        }
        // Never for the past: it would wake the object without end.
        for now in [WINDOW_ENDS_AT, WINDOW_ENDS_AT.plus(WINDOW)] {
            sets((record.clone(), open(&[1]), now), Event::Alarm, Some(now.plus(MINUTE)));
            sets((record.clone(), NONE_OPEN, now), Event::Alarm, None);
        }
    }
    sets(
        (resending(), open(&[2]), WINDOW_ENDS_AT),
        Event::Alarm,
        Some(WINDOW_ENDS_AT.plus(MINUTE)),
    );
    sets((sent_derived(), open(&[1]), EARLY), Event::Alarm, Some(DEADLINE_AT.plus(LINGER)));
    sets((sent_derived(), NONE_OPEN, EARLY), Event::Alarm, Some(EARLY.plus(LINGER)));
    let until = EARLY.plus(QUARANTINE);
    sets((forgotten(None), NONE_OPEN, EARLY), Event::Alarm, Some(EARLY.plus(MINUTE)));
    sets((forgotten(Some(until)), NONE_OPEN, EARLY), Event::Alarm, Some(until));
    sets((forgotten(Some(until)), NONE_OPEN, until), Event::Alarm, None);
    sets((Record::Vacant, NONE_OPEN, EARLY), Event::Alarm, None);
}

/// To a record, an alarm is a look like any other; only calls that outlast the window are ended.
#[test]
fn an_alarm_looks() {
    let records = [
        Record::Vacant,
        in_flight(),
        resending(),
        done(),
        held(),
        unknown(Reason::Restarted),
        forgotten(None),
        forgotten(Some(EARLY)),
    ];
    let moments = [CLAIMED_AT, EARLY, DEADLINE_AT, WINDOW_ENDS_AT, WINDOW_ENDS_AT.plus(WINDOW)];
    for (record, now) in records.iter().flat_map(|record| moments.map(|now| (record, now))) {
        for live in [NONE_OPEN, open(&[1]), open(&[2]), open(&[1, 2])] {
            let looked = transition(record.clone(), Event::Look, live, now);
            let rang = transition(record.clone(), Event::Alarm, live, now);
            assert_eq!((&rang.record, rang.change), (&looked.record, looked.change), "{record:?}");
            assert!(rang.then == looked.then || rang.then == Action::EndCalls, "{record:?}");
        }
    }
}

#[track_caller]
fn ends_calls(
    (before, live, now): (Record, InMemoryState, UnixMillis),
    event: Event,
    expected: bool,
) {
    let told = format!("{before:?} at {now:?}");
    let step = transition(before, event, live, now);
    assert_eq!(step.then == Action::EndCalls, expected, "{told}");
    assert!(!expected || step.change != StorageOp::Erase, "{told}");
}

#[test]
fn calls_that_outlast_the_window_are_ended() {
    let late = WINDOW_ENDS_AT.plus(WINDOW);
    for record in [in_flight(), unknown(Reason::DeadlinePassed), held(), done()] {
        for (now, expected) in
            [(WINDOW_ENDS_AT.minus(TICK), false), (WINDOW_ENDS_AT, true), (late, true)]
        {
            ends_calls((record.clone(), open(&[1]), now), Event::Alarm, expected);
            ends_calls((record.clone(), open(&[1]), now), Event::Look, false);
            ends_calls((record.clone(), NONE_OPEN, now), Event::Alarm, false);
        }
    }
    // A derived key's record would be forgotten sooner, but its call may take the window's time.
    for now in [DEADLINE_AT.plus(LINGER), WINDOW_ENDS_AT.minus(TICK)] {
        ends_calls((given_up_derived(), open(&[1]), now), Event::Alarm, false);
    }
    ends_calls((given_up_derived(), open(&[1]), WINDOW_ENDS_AT), Event::Alarm, true);
    // Sent again a moment before the window's end, it has its time all the same.
    let sent_at = WINDOW_ENDS_AT.minus(TICK);
    let claim = Claim { deadline_at: sent_at.plus(DEADLINE), ..second() };
    let again = Record::InFlight { claim, previous: None };
    let deadline_at = sent_at.plus(DEADLINE);
    ends_calls((again.clone(), open(&[2]), deadline_at.minus(TICK)), Event::Alarm, false);
    ends_calls((again, open(&[2]), deadline_at), Event::Alarm, true);
}
