//! A derived key's record: it outlives the end of its call by a little, and an end that comes
//! late counts anew.

use super::{
    EARLY, NONE_OPEN, breaks, check, claimed, conflict, done, fails_with_503, finally, ignored,
    in_flight, not_sent, open, owner, released, resend,
};
use crate::fixtures::{CLAIMED_AT, DEADLINE, WINDOW, answer, claim};
use onlyonce::guard::machine::{
    Action, Event, InMemoryState, StorageOp, Submission, binding_claim,
};
use onlyonce::guard::record::{Claim, Outcome, Reason, Record};
use onlyonce::guard::time::{Millis, UnixMillis};

const LINGER: Millis = Millis::seconds(10);
const TICK: Millis = Millis(1);
const DEADLINE_AT: UnixMillis = CLAIMED_AT.plus(DEADLINE);
const WINDOW_ENDS_AT: UnixMillis = CLAIMED_AT.plus(WINDOW);
/// A minute after the deadline: an end noted there has long lost its effect.
const LATE: UnixMillis = DEADLINE_AT.plus(Millis::seconds(60));

fn derived(call_ended_at: Option<UnixMillis>) -> Claim {
    Claim { derived_ttl: Some(LINGER), call_ended_at, ..claim("c1") }
}

fn sent() -> Record {
    Record::InFlight { claim: derived(None), previous: None }
}

fn answered(at: UnixMillis) -> Record {
    Record::Done { claim: derived(Some(at)), answer: answer(201, "created") }
}

fn lost(reason: Reason, at: UnixMillis) -> Record {
    Record::Unknown { claim: derived(Some(at)), outcome: Outcome { reason, answer: None } }
}

fn given_up() -> Record {
    lost(Reason::DeadlinePassed, DEADLINE_AT)
}

fn failed_with(status: u16, body: &str, claim: Claim) -> Record {
    let answer = Some(answer(status, body));
    Record::Unknown { claim, outcome: Outcome { reason: Reason::ServerError, answer } }
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

/// However the call ends, the shorter life begins then.
#[test]
fn a_record_is_forgotten_soon_after_its_call() {
    check((sent(), open(&[1]), EARLY), finally(1), put(answered(EARLY)));
    check((sent(), open(&[1]), EARLY), breaks(1), put(lost(Reason::ConnectionLost, EARLY)));
    check((sent(), NONE_OPEN, EARLY), Event::Look, put(lost(Reason::Restarted, EARLY)));
    let held = failed_with(503, "late", derived(Some(EARLY)));
    check((sent(), open(&[1]), EARLY), fails_with_503(1), put(held.clone()));
    let waits = (sent(), StorageOp::Keep, Action::Join);
    check((sent(), open(&[1]), EARLY), Event::Submitted(owner()), waits);
    for record in [answered(EARLY), lost(Reason::ConnectionLost, EARLY), held] {
        forgotten_at(&record, EARLY.plus(LINGER));
    }
}

#[test]
fn the_deadline_ends_a_call_that_goes_on() {
    check((sent(), open(&[1]), DEADLINE_AT), Event::Look, put(given_up()));
    // Looking again does not move the end, and nothing is forgotten while the call is open.
    for now in [DEADLINE_AT, DEADLINE_AT.plus(LINGER), LATE, WINDOW_ENDS_AT.plus(WINDOW)] {
        ignored(given_up(), open(&[1]), now, Event::Look);
    }
}

/// No alarm rings at the deadline, so how long the key is remembered must not hang on who looks when.
#[test]
fn a_call_that_nobody_heard_of_again_ends_at_its_deadline() {
    let last = DEADLINE_AT.plus(LINGER).minus(TICK);
    let dead = lost(Reason::Restarted, DEADLINE_AT);
    check((sent(), NONE_OPEN, DEADLINE_AT), Event::Look, put(dead.clone()));
    check((sent(), NONE_OPEN, last), Event::Look, put(dead));
    let gone = (Record::Vacant, StorageOp::Erase, Action::Nothing);
    check((sent(), NONE_OPEN, DEADLINE_AT.plus(LINGER)), Event::Look, gone.clone());
    check((given_up(), NONE_OPEN, DEADLINE_AT.plus(LINGER)), Event::Look, gone);
    let anew = (claimed(owner(), LATE), StorageOp::Put, Action::Forward);
    check((sent(), NONE_OPEN, LATE), Event::Submitted(owner()), anew);
    // While the call is open it may still answer.
    for now in [last, LATE, WINDOW_ENDS_AT] {
        check((sent(), open(&[1]), now), Event::Look, put(given_up()));
    }
}

/// The deadline's end must not make the late answer be forgotten at once.
#[test]
fn a_late_end_counts_anew() {
    let again = derived(Some(LATE));
    for before in [given_up(), sent()] {
        let late = |report, after| check((before.clone(), open(&[1]), LATE), report, put(after));
        late(finally(1), answered(LATE));
        late(breaks(1), lost(Reason::ConnectionLost, LATE));
        late(fails_with_503(1), failed_with(503, "late", again.clone()));
    }
    for record in [answered(LATE), lost(Reason::ConnectionLost, LATE)] {
        forgotten_at(&record, LATE.plus(LINGER));
    }
    let replays = (answered(LATE), StorageOp::Keep, Action::Replay);
    check((answered(LATE), NONE_OPEN, LATE), Event::Submitted(owner()), replays);
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

/// A second sending lives until it ends, as the first one did.
#[test]
fn a_second_sending_clears_the_end() {
    let now = EARLY.plus(Millis::seconds(5));
    let before = lost(Reason::ConnectionLost, EARLY);
    let event = Event::Submitted(resend(owner()));
    let forward = (sent_again(now, before.clone()), StorageOp::Put, Action::Forward);
    check((before, NONE_OPEN, now), event, forward);
    // Past what the first end allowed, it is in flight all the same.
    let again = sent_again(now, lost(Reason::ConnectionLost, EARLY));
    let later = EARLY.plus(LINGER).plus(LINGER);
    let deadline_at = now.plus(DEADLINE);
    assert_eq!(again.claim().map(Claim::expires_at), Some(deadline_at.plus(LINGER)));
    ignored(again.clone(), open(&[2]), later, Event::Look);
    let waits = (again.clone(), StorageOp::Keep, Action::Join);
    check((again, open(&[2]), later), Event::Submitted(owner()), waits);
}

/// The second attempt, sent at this moment after what the first one left behind.
fn sent_again(now: UnixMillis, first: Record) -> Record {
    let Record::Unknown { claim, outcome } = first else { panic!("unknown") };
    let claim = Claim { attempt: 2, call_ended_at: None, deadline_at: now.plus(DEADLINE), ..claim };
    Record::InFlight { claim, previous: Some(outcome) }
}

#[test]
fn the_end_of_a_second_sending_counts_anew() {
    let first = failed_with(500, "oops", derived(Some(EARLY)));
    let again = sent_again(EARLY, first);
    let end = EARLY.plus(Millis::seconds(40));
    let claim = Claim { call_ended_at: Some(end), ..again.claim().expect("a claim").clone() };
    let ends = |report, after: Record| {
        check((again.clone(), open(&[2]), end), report, put(after.clone()));
        forgotten_at(&after, end.plus(LINGER));
    };
    let restored = failed_with(500, "oops", claim.clone());
    ends(finally(2), Record::Done { claim: claim.clone(), answer: answer(201, "created") });
    ends(finally(1), Record::Done { claim: claim.clone(), answer: answer(201, "created") });
    ends(fails_with_503(2), failed_with(503, "late", claim));
    for report in [breaks(2), released(2), conflict(2), not_sent(2)] {
        ends(report, restored.clone());
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
    let gone = EARLY.plus(LINGER);
    for (record, end) in [
        (done(), WINDOW_ENDS_AT),
        (in_flight(), WINDOW_ENDS_AT),
        (sent(), DEADLINE_AT.plus(LINGER)),
        (answered(EARLY), gone),
        (lost(Reason::Restarted, EARLY), gone),
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
