//! Reports that come late, twice, or for a claim or an attempt that is over.

use super::{
    ALL_OPEN, CLAIM, EARLY, NONE_OPEN, breaks, check, conflict, done, done_with, every_report,
    fails_with_503, finally, held, ignored, in_flight, not_sent, of_another_claim, open, owner,
    released, resending, second, server_error, unknown, unknown_again,
};
use crate::fixtures::{CLAIMED_AT, DEADLINE, SINCE, answer, claim, not_kept};
use onlyonce::guard::machine::{Action, Event, StorageOp};
use onlyonce::guard::origin::OriginVerdict;
use onlyonce::guard::record::{Outcome, Reason, Record};
use onlyonce::guard::time::{Millis, UnixMillis};

const LATE: UnixMillis = CLAIMED_AT.plus(DEADLINE).plus(Millis::seconds(30));

/// Unknown again after a second attempt, with what the first one was answered.
fn restored() -> Record {
    Record::Unknown { claim: second(), outcome: server_error() }
}

fn every_state() -> [Record; 8] {
    [
        Record::Vacant,
        in_flight(),
        resending(),
        done(),
        held(),
        unknown(Reason::DeadlinePassed),
        unknown_again(Reason::ConnectionLost),
        restored(),
    ]
}

#[test]
fn another_claims_reports_change_nothing() {
    for state in every_state() {
        for report in every_report(1).into_iter().chain(every_report(2)) {
            ignored(state.clone(), ALL_OPEN, EARLY, of_another_claim(report));
        }
    }
}

#[test]
fn an_attempt_yet_to_come_reports_no_failure() {
    let reports = [fails_with_503(3), released(3), breaks(3), not_sent(3)];
    for state in every_state() {
        for report in reports.clone() {
            ignored(state.clone(), ALL_OPEN, EARLY, report);
        }
    }
}

/// An origin that honours keys says it to one sending while it works on the other, whichever of
/// the two comes second: it says nothing of either's outcome.
#[test]
fn a_409_is_not_final_once_a_claim_was_sent_twice() {
    let now = second().deadline_at.minus(Millis(1));
    for state in [resending(), unknown_again(Reason::ConnectionLost), restored()] {
        ignored(state.clone(), ALL_OPEN, EARLY, conflict(1));
        ignored(state.clone(), ALL_OPEN, now, conflict(1));
        ignored(state, ALL_OPEN, EARLY, conflict(3));
    }
    // The current sending's restores what was known, and after that it says nothing.
    let put = (restored(), StorageOp::Put, Action::Nothing);
    check((resending(), ALL_OPEN, EARLY), conflict(2), put);
    ignored(restored(), ALL_OPEN, EARLY, conflict(2));
    ignored(unknown_again(Reason::ConnectionLost), ALL_OPEN, EARLY, conflict(2));
    // Action the first sending's answer comes in after all.
    let after = Record::Done { claim: second(), answer: answer(201, "created") };
    check((restored(), open(&[1]), EARLY), finally(1), (after, StorageOp::Put, Action::Nothing));
}

/// A claim that was sent once has nobody else's work to conflict with.
#[test]
fn a_409_is_final_while_a_claim_was_sent_once() {
    let put = (done_with(answer(409, "busy")), StorageOp::Put, Action::Nothing);
    check((in_flight(), open(&[1]), EARLY), conflict(1), put.clone());
    check((in_flight(), open(&[1]), LATE), conflict(1), put.clone());
    check((unknown(Reason::DeadlinePassed), open(&[1]), LATE), conflict(1), put);
}

/// What the first sending was answered outlasts a second one that brings nothing.
#[test]
fn a_second_attempt_that_breaks_off_keeps_the_first_ones_5xx() {
    let put = (restored(), StorageOp::Put, Action::Nothing);
    check((resending(), open(&[2]), EARLY), breaks(2), put.clone());
    check((resending(), ALL_OPEN, EARLY), breaks(2), put.clone());
    // A newer 5xx takes its place.
    let newer = Outcome::new(Reason::ServerError, Some(answer(503, "late")), SINCE);
    let newer = Record::Unknown { claim: second(), outcome: newer };
    let put = (newer, StorageOp::Put, Action::Nothing);
    check((resending(), ALL_OPEN, EARLY), fails_with_503(2), put);
    // Retries are shown what was kept from then on.
    let shown = (restored(), StorageOp::Keep, Action::Replay);
    check((restored(), NONE_OPEN, EARLY), Event::Submitted(owner()), shown);
}

/// Nor does the reason change where the first sending brought nothing either.
#[test]
fn a_second_attempt_that_breaks_off_keeps_the_first_reason() {
    let restarted = Outcome::new(Reason::Restarted, None, SINCE);
    let before = Record::InFlight { claim: second(), previous: Some(restarted) };
    let after = unknown_again(Reason::Restarted);
    check((before, open(&[2]), EARLY), breaks(2), (after, StorageOp::Put, Action::Nothing));
}

/// While a second attempt is on its way, or after it, only a final answer of the first counts.
#[test]
fn an_earlier_attempts_failures_change_nothing() {
    for state in [resending(), unknown_again(Reason::ConnectionLost)] {
        for report in [fails_with_503(1), released(1), breaks(1), not_sent(1), conflict(1)] {
            ignored(state.clone(), ALL_OPEN, EARLY, report);
        }
    }
}

#[test]
fn an_earlier_attempts_final_answer_counts() {
    for state in [resending(), unknown_again(Reason::ConnectionLost)] {
        let after = Record::Done { claim: second(), answer: answer(201, "created") };
        check((state, ALL_OPEN, EARLY), finally(1), (after, StorageOp::Put, Action::Nothing));
    }
}

#[test]
fn a_late_answer_becomes_the_stored_one() {
    let put = |record| (record, StorageOp::Put, Action::Nothing);
    let late = unknown(Reason::DeadlinePassed);
    check((late.clone(), open(&[1]), LATE), finally(1), put(done()));
    // Nobody looked at the deadline: the answer is the first to notice.
    check((in_flight(), open(&[1]), LATE), finally(1), put(done()));
    let endless = Event::Answered {
        claim: claim(CLAIM).id,
        attempt: 1,
        verdict: OriginVerdict::Final,
        answer: not_kept(200),
    };
    let mark = Record::Done { claim: claim(CLAIM), answer: not_kept(200) };
    check((late, open(&[1]), LATE), endless, put(mark));
}

#[test]
fn a_late_failure_says_why() {
    let late = unknown(Reason::DeadlinePassed);
    let lost = (unknown(Reason::ConnectionLost), StorageOp::Put, Action::Nothing);
    check((late.clone(), open(&[1]), LATE), breaks(1), lost);
    let outcome = Outcome::new(Reason::ServerError, Some(answer(503, "late")), SINCE);
    let error = Record::Unknown { claim: claim(CLAIM), outcome };
    check((late, open(&[1]), LATE), fails_with_503(1), (error, StorageOp::Put, Action::Nothing));
}

#[test]
fn a_late_release_of_the_only_attempt_frees_the_key() {
    let freed = (Record::Vacant, StorageOp::Erase, Action::Nothing);
    let late = unknown(Reason::DeadlinePassed);
    check((late.clone(), open(&[1]), LATE), released(1), freed.clone());
    check((late, open(&[1]), LATE), not_sent(1), freed.clone());
    check((in_flight(), open(&[1]), LATE), released(1), freed);
}

/// A release of a later attempt says nothing of those before it, early or late.
#[test]
fn a_release_of_a_second_attempt_restores_what_was_known() {
    let late = second().deadline_at;
    for report in [released(2), conflict(2), not_sent(2)] {
        let put = (restored(), StorageOp::Put, Action::Nothing);
        check((resending(), open(&[2]), EARLY), report.clone(), put.clone());
        // At the deadline the same had been restored already.
        check((resending(), open(&[2]), late), report.clone(), put);
        ignored(restored(), open(&[2]), late, report);
    }
}

#[test]
fn a_second_report_changes_nothing() {
    for report in every_report(1) {
        ignored(done(), NONE_OPEN, EARLY, report);
    }
    for report in every_report(1) {
        ignored(Record::Vacant, NONE_OPEN, EARLY, report);
    }
}

/// The call's end and its report are two steps: the report must count even where the call is no
/// longer among the open ones.
#[test]
fn a_report_counts_without_an_open_call() {
    let put = |record| (record, StorageOp::Put, Action::Nothing);
    check((in_flight(), NONE_OPEN, EARLY), finally(1), put(done()));
    check((in_flight(), NONE_OPEN, EARLY), breaks(1), put(unknown(Reason::ConnectionLost)));
    let freed = (Record::Vacant, StorageOp::Erase, Action::Nothing);
    check((in_flight(), NONE_OPEN, EARLY), released(1), freed);
    check((resending(), NONE_OPEN, EARLY), released(2), put(restored()));
}

#[test]
fn a_second_attempt_that_breaks_off_after_its_deadline_leaves_what_the_first_was_answered() {
    let late = second().deadline_at;
    let put = (restored(), StorageOp::Put, Action::Nothing);
    check((resending(), open(&[2]), late), breaks(2), put.clone());
    check((restored(), open(&[2]), late), breaks(2), put);
}
