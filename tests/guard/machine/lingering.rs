//! A derived key's record: it outlives its answer by a little, however late that came. An unknown outcome is
//! held for the whole window, as any other key's is.

use super::{
    EARLY, NONE_OPEN, breaks, check, claimed, conflict, done, fails_with_503, finally, ignored,
    in_flight, not_sent, open, owner, released, resend,
};
use crate::fixtures::{CLAIMED_AT, DEADLINE, SINCE, WINDOW, answer, claim};
use onlyonce::guard::machine::{
    Action, Event, InMemoryState, Refusal, Resolution, StorageOp, Submission, binding_claim,
    transition,
};
use onlyonce::guard::record::{Claim, Outcome, Reason, Record};
use onlyonce::guard::time::{Millis, UnixMillis};

const LINGER: Millis = Millis::seconds(10);
const TICK: Millis = Millis(1);
const DEADLINE_AT: UnixMillis = CLAIMED_AT.plus(DEADLINE);
const WINDOW_ENDS_AT: UnixMillis = CLAIMED_AT.plus(WINDOW);
/// A minute after the deadline.
const LATE: UnixMillis = DEADLINE_AT.plus(Millis::seconds(60));

fn derived(answered_at: Option<UnixMillis>) -> Claim {
    Claim { derived_ttl: Some(LINGER), answered_at, ..claim("c1") }
}

fn sent() -> Record {
    Record::InFlight { claim: derived(None), previous: None }
}

fn answered(at: UnixMillis) -> Record {
    Record::Done { claim: derived(Some(at)), answer: answer(201, "created") }
}

fn lost(reason: Reason) -> Record {
    Record::Unknown { claim: derived(None), outcome: Outcome::new(reason, None, SINCE) }
}

fn given_up() -> Record {
    lost(Reason::DeadlinePassed)
}

fn failed_with(status: u16, body: &str, claim: Claim) -> Record {
    let answer = Some(answer(status, body));
    Record::Unknown { claim, outcome: Outcome::new(Reason::ServerError, answer, SINCE) }
}

fn put(record: Record) -> (Record, StorageOp, Action) {
    (record, StorageOp::Put, Action::Nothing)
}

/// It is kept up to the moment, and erased at it.
#[track_caller]
fn forgotten_at(record: &Record, moment: UnixMillis) {
    let (early, kept) = (moment.minus(TICK), (record.clone(), StorageOp::Keep, Action::Nothing));
    check((record.clone(), NONE_OPEN, early), Event::Look, kept);
    let gone = (Record::Vacant, StorageOp::Erase, Action::Nothing);
    check((record.clone(), NONE_OPEN, moment), Event::Look, gone);
    let anew = (claimed(owner(), moment), StorageOp::Put, Action::Forward);
    check((record.clone(), NONE_OPEN, moment), Event::Submitted(owner()), anew);
}

#[test]
fn a_record_is_forgotten_soon_after_its_answer() {
    check((sent(), open(&[1]), EARLY), finally(1), put(answered(EARLY)));
    let waits = (sent(), StorageOp::Keep, Action::Join);
    check((sent(), open(&[1]), EARLY), Event::Submitted(owner()), waits);
    forgotten_at(&answered(EARLY), EARLY.plus(LINGER));
}

/// Nobody knows whether the origin acted, so nobody may send it again soon.
#[test]
fn an_unknown_outcome_is_held_for_the_whole_window() {
    let held = failed_with(503, "late", derived(None));
    check((sent(), open(&[1]), EARLY), breaks(1), put(lost(Reason::ConnectionLost)));
    check((sent(), NONE_OPEN, EARLY), Event::Look, put(lost(Reason::Restarted)));
    check((sent(), open(&[1]), EARLY), fails_with_503(1), put(held.clone()));
    let unknown = [Reason::ConnectionLost, Reason::Restarted, Reason::DeadlinePassed].map(lost);
    for record in unknown.into_iter().chain([held]) {
        for now in [EARLY.plus(LINGER), LATE.plus(LINGER), WINDOW_ENDS_AT.minus(TICK)] {
            ignored(record.clone(), NONE_OPEN, now, Event::Look);
            let step = transition(record.clone(), Event::Submitted(owner()), NONE_OPEN, now);
            assert_eq!((&step.record, step.storage), (&record, StorageOp::Keep));
            assert_ne!(step.action, Action::Forward);
        }
        forgotten_at(&record, WINDOW_ENDS_AT);
    }
}

#[test]
fn the_deadline_ends_a_call_that_goes_on() {
    check((sent(), open(&[1]), DEADLINE_AT), Event::Look, put(given_up()));
    // Nothing is forgotten while the call is open.
    for now in [DEADLINE_AT, DEADLINE_AT.plus(LINGER), LATE, WINDOW_ENDS_AT.plus(WINDOW)] {
        ignored(given_up(), open(&[1]), now, Event::Look);
    }
}

/// No alarm rings at the deadline, so what is known of the key must not hang on who looks when.
#[test]
fn a_call_that_nobody_heard_of_again_is_unknown_whoever_looks() {
    for now in [DEADLINE_AT, DEADLINE_AT.plus(LINGER), LATE, WINDOW_ENDS_AT.minus(TICK)] {
        check((sent(), NONE_OPEN, now), Event::Look, put(lost(Reason::Restarted)));
        let told = Action::Refuse(Refusal::OutcomeUnknown(Reason::Restarted));
        let after = (lost(Reason::Restarted), StorageOp::Put, told);
        check((sent(), NONE_OPEN, now), Event::Submitted(owner()), after);
        // While the call is open it may still answer.
        check((sent(), open(&[1]), now), Event::Look, put(given_up()));
    }
    let gone = (Record::Vacant, StorageOp::Erase, Action::Nothing);
    check((sent(), NONE_OPEN, WINDOW_ENDS_AT), Event::Look, gone);
}

/// A late answer is remembered for as long as an early one.
#[test]
fn a_late_answer_counts_from_when_it_comes() {
    for before in [given_up(), sent()] {
        let late = |report, after| check((before.clone(), open(&[1]), LATE), report, put(after));
        late(finally(1), answered(LATE));
        late(breaks(1), lost(Reason::ConnectionLost));
        late(fails_with_503(1), failed_with(503, "late", derived(None)));
    }
    forgotten_at(&answered(LATE), LATE.plus(LINGER));
    let replays = (answered(LATE), StorageOp::Keep, Action::Replay);
    check((answered(LATE), NONE_OPEN, LATE), Event::Submitted(owner()), replays);
}

/// An operator's word is an answer, or frees the key.
#[test]
fn an_operator_ends_the_doubt() {
    let claim = derived(None).id;
    let told = answer(200, "found");
    let found = Event::Resolve { claim, resolution: Resolution::Answered(told.clone()) };
    let after = Record::Done { claim: derived(Some(LATE)), answer: told };
    check((given_up(), NONE_OPEN, LATE), found, put(after.clone()));
    forgotten_at(&after, LATE.plus(LINGER));
    let absent = Event::Resolve { claim, resolution: Resolution::NotProcessed };
    let freed = (Record::Vacant, StorageOp::Erase, Action::Nothing);
    check((given_up(), NONE_OPEN, LATE), absent, freed);
}

#[test]
fn a_late_release_frees_a_derived_key() {
    for report in [released(1), not_sent(1)] {
        let freed = (Record::Vacant, StorageOp::Erase, Action::Nothing);
        check((given_up(), open(&[1]), LATE), report, freed);
    }
}

#[test]
fn a_second_report_does_not_lengthen_a_life() {
    for report in [finally(1), fails_with_503(1), breaks(1), released(1), not_sent(1)] {
        ignored(answered(EARLY), NONE_OPEN, EARLY.plus(Millis::seconds(5)), report);
    }
}

/// A second sending lives until it ends, as the first one did, and its answer counts from when it comes.
#[test]
fn a_second_sending_is_known_for_as_long() {
    let now = EARLY.plus(Millis::seconds(5));
    let before = lost(Reason::ConnectionLost);
    let event = Event::Submitted(resend(owner()));
    let again = sent_again(now, before.clone());
    check((before, NONE_OPEN, now), event, (again.clone(), StorageOp::Put, Action::Forward));
    let later = now.plus(LINGER).plus(LINGER);
    ignored(again.clone(), open(&[2]), later, Event::Look);
    let waits = (again.clone(), StorageOp::Keep, Action::Join);
    check((again, open(&[2]), later), Event::Submitted(owner()), waits);
}

/// The second attempt, sent at this moment after what the first one left behind.
fn sent_again(now: UnixMillis, first: Record) -> Record {
    let Record::Unknown { claim, outcome } = first else { panic!("unknown") };
    let claim = Claim { attempt: 2, deadline_at: now.plus(DEADLINE), ..claim };
    Record::InFlight { claim, previous: Some(outcome) }
}

#[test]
fn how_a_second_sending_ends() {
    let again = sent_again(EARLY, failed_with(500, "oops", derived(None)));
    let end = EARLY.plus(Millis::seconds(40));
    let claim = again.claim().expect("a claim").clone();
    let ends = |report, after: Record, over: UnixMillis| {
        check((again.clone(), open(&[2]), end), report, put(after.clone()));
        forgotten_at(&after, over);
    };
    let restored = failed_with(500, "oops", claim.clone());
    ends(fails_with_503(2), failed_with(503, "late", claim.clone()), WINDOW_ENDS_AT);
    for report in [breaks(2), released(2), conflict(2), not_sent(2)] {
        ends(report, restored.clone(), WINDOW_ENDS_AT);
    }
    let claim = Claim { answered_at: Some(end), ..claim };
    for report in [finally(2), finally(1)] {
        let after = Record::Done { claim: claim.clone(), answer: answer(201, "created") };
        ends(report, after, end.plus(LINGER));
    }
}

#[test]
fn lingering_never_outlasts_the_window() {
    let last = WINDOW_ENDS_AT.minus(TICK);
    check((given_up(), open(&[1]), last), finally(1), put(answered(last)));
    forgotten_at(&answered(last), WINDOW_ENDS_AT);
    let exact = WINDOW_ENDS_AT.minus(LINGER);
    forgotten_at(&answered(exact), WINDOW_ENDS_AT);
}

#[test]
fn a_claim_takes_its_lingering_from_the_submission() {
    let by = Submission { derived_ttl: Some(LINGER), ..owner() };
    let after = (claimed(by.clone(), EARLY), StorageOp::Put, Action::Forward);
    assert_eq!(after.0.claim().and_then(|claim| claim.derived_ttl), Some(LINGER));
    check((Record::Vacant, NONE_OPEN, EARLY), Event::Submitted(by), after);
}

#[track_caller]
fn binds(record: &Record, live: InMemoryState, now: UnixMillis, expected: bool) {
    let claim = binding_claim(record, live, now);
    assert_eq!(claim, record.claim().filter(|_| expected), "{record:?} at {now:?}");
}

/// Whose method and sources the next request is compared by.
#[test]
fn a_claim_binds_to_its_end_or_while_a_call_is_open() {
    for (record, end) in [
        (done(), WINDOW_ENDS_AT),
        (in_flight(), WINDOW_ENDS_AT),
        (sent(), WINDOW_ENDS_AT),
        (answered(EARLY), EARLY.plus(LINGER)),
        (lost(Reason::Restarted), WINDOW_ENDS_AT),
    ] {
        binds(&record, NONE_OPEN, CLAIMED_AT, true);
        binds(&record, NONE_OPEN, end.minus(TICK), true);
        binds(&record, NONE_OPEN, end, false);
        // Those who wait hold nothing; an open call does, whichever attempt it is of.
        binds(&record, InMemoryState { waiting: 1, ..NONE_OPEN }, end, false);
        binds(&record, open(&[1]), end, true);
        binds(&record, open(&[2]), end.plus(WINDOW), true);
    }
    binds(&Record::Vacant, open(&[1]), CLAIMED_AT, false);
}
