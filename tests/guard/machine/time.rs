//! What time alone does: dead calls, deadlines, and the end of the retry window.

use super::{
    EARLY, FRESH, NONE_OPEN, check, claimed, done, done_with, finally, held, in_flight, open,
    other_request, owner, resend, resending, second, server_error, stranger, unknown,
};
use crate::fixtures::{CLAIMED_AT, DEADLINE, SINCE, WINDOW, claim, claim_id, not_kept};
use onlyonce::guard::machine::{Action, Event, Refusal, StorageOp};
use onlyonce::guard::record::{Claim, Outcome, Reason, Record};
use onlyonce::guard::time::{Millis, UnixMillis};

const DEADLINE_AT: UnixMillis = CLAIMED_AT.plus(DEADLINE);
const EXPIRES_AT: UnixMillis = CLAIMED_AT.plus(WINDOW);
const TICK: Millis = Millis(1);

#[test]
fn in_flight_without_a_call_is_unknown() {
    let restarted = unknown(Reason::Restarted);
    let told = Action::Refuse(Refusal::OutcomeUnknown(Reason::Restarted));
    for now in [CLAIMED_AT, EARLY, DEADLINE_AT, DEADLINE_AT.plus(TICK)] {
        let looked = (restarted.clone(), StorageOp::Put, Action::Nothing);
        check((in_flight(), NONE_OPEN, now), Event::Look, looked);
        for submission in [owner(), stranger()] {
            let seen = (restarted.clone(), StorageOp::Put, told.clone());
            check((in_flight(), NONE_OPEN, now), Event::Submitted(submission), seen);
        }
    }
    let event = Event::Submitted(other_request(owner()));
    let reused = (restarted, StorageOp::Put, Action::Refuse(Refusal::KeyReused));
    check((in_flight(), NONE_OPEN, EARLY), event, reused);
}

/// The call of an earlier attempt does not make up for the current one.
#[test]
fn only_the_current_attempts_call_counts() {
    let restored = Record::Unknown { claim: second(), outcome: server_error() };
    check(
        (resending(), open(&[1]), EARLY),
        Event::Look,
        (restored, StorageOp::Put, Action::Nothing),
    );
    check(
        (resending(), open(&[2]), EARLY),
        Event::Look,
        (resending(), StorageOp::Keep, Action::Nothing),
    );
    let lost = (unknown(Reason::Restarted), StorageOp::Put, Action::Nothing);
    check((in_flight(), open(&[2]), EARLY), Event::Look, lost);
}

/// A retry that finds the runtime restarted is the one that may be sent again.
#[test]
fn a_retry_after_a_restart_is_sent_again_under_resend() {
    let claim = Claim { attempt: 2, deadline_at: EARLY.plus(DEADLINE), ..claim("c1") };
    let restarted = Outcome::new(Reason::Restarted, None, SINCE);
    let after = Record::InFlight { claim, previous: Some(restarted) };
    let event = Event::Submitted(resend(owner()));
    check((in_flight(), NONE_OPEN, EARLY), event, (after, StorageOp::Put, Action::Forward));
}

#[test]
fn the_deadline_is_an_exact_moment() {
    let early = DEADLINE_AT.minus(TICK);
    let late = unknown(Reason::DeadlinePassed);
    let told = Action::Refuse(Refusal::OutcomeUnknown(Reason::DeadlinePassed));
    let submitted = || Event::Submitted(owner());
    let waits = (in_flight(), StorageOp::Keep, Action::Join);
    check((in_flight(), open(&[1]), early), submitted(), waits);
    let untouched = (in_flight(), StorageOp::Keep, Action::Nothing);
    check((in_flight(), open(&[1]), early), Event::Look, untouched);
    let looked = (late.clone(), StorageOp::Put, Action::Nothing);
    check((in_flight(), open(&[1]), DEADLINE_AT), Event::Look, looked);
    check((in_flight(), open(&[1]), DEADLINE_AT), submitted(), (late, StorageOp::Put, told));
}

/// The 5xx of the first attempt says more than the second one's silence.
#[test]
fn a_second_attempt_past_its_deadline_restores_what_was_known() {
    let restored = Record::Unknown { claim: second(), outcome: server_error() };
    let now = second().deadline_at;
    let live = open(&[2]);
    let looked = (restored.clone(), StorageOp::Put, Action::Nothing);
    check((resending(), live, now), Event::Look, looked);
    let event = Event::Submitted(owner());
    check((resending(), live, now), event, (restored, StorageOp::Put, Action::Replay));
    let still = (resending(), StorageOp::Keep, Action::Nothing);
    check((resending(), live, now.minus(TICK)), Event::Look, still);
}

fn every_settled_state() -> [Record; 5] {
    let endless = done_with(not_kept(200));
    [done(), endless, held(), unknown(Reason::Restarted), unknown(Reason::DeadlinePassed)]
}

#[test]
fn the_window_ends_at_an_exact_moment() {
    for record in every_settled_state() {
        let early = EXPIRES_AT.minus(TICK);
        let kept = (record.clone(), StorageOp::Keep, Action::Nothing);
        check((record.clone(), NONE_OPEN, early), Event::Look, kept);
        let gone = (Record::Vacant, StorageOp::Erase, Action::Nothing);
        check((record.clone(), NONE_OPEN, EXPIRES_AT), Event::Look, gone.clone());
        check((record, NONE_OPEN, EXPIRES_AT.plus(WINDOW)), Event::Look, gone);
    }
}

#[test]
fn an_expired_key_is_claimed_anew_by_anyone() {
    for record in every_settled_state() {
        for by in [owner(), stranger(), other_request(stranger()), resend(owner())] {
            let after = (claimed(by.clone(), EXPIRES_AT), StorageOp::Put, Action::Forward);
            check((record.clone(), NONE_OPEN, EXPIRES_AT), Event::Submitted(by), after);
        }
    }
}

#[test]
fn nothing_is_forgotten_while_a_call_is_open() {
    for record in every_settled_state() {
        for now in [EXPIRES_AT, EXPIRES_AT.plus(WINDOW)] {
            let kept = (record.clone(), StorageOp::Keep, Action::Nothing);
            check((record.clone(), open(&[1]), now), Event::Look, kept);
            let event = Event::Submitted(other_request(owner()));
            let reused = (record.clone(), StorageOp::Keep, Action::Refuse(Refusal::KeyReused));
            check((record.clone(), open(&[1]), now), event, reused);
        }
    }
    let late = (unknown(Reason::DeadlinePassed), StorageOp::Put, Action::Nothing);
    check((in_flight(), open(&[1]), EXPIRES_AT), Event::Look, late);
    // A call of another attempt that is still out keeps the record as well.
    let lost = (unknown(Reason::Restarted), StorageOp::Put, Action::Nothing);
    check((in_flight(), open(&[2]), EXPIRES_AT), Event::Look, lost);
}

/// Nobody was there to look at the deadline, nor at the window's end.
#[test]
fn a_dead_call_past_its_window_is_forgotten_at_once() {
    let gone = (Record::Vacant, StorageOp::Erase, Action::Nothing);
    check((in_flight(), NONE_OPEN, EXPIRES_AT), Event::Look, gone.clone());
    check((resending(), NONE_OPEN, EXPIRES_AT), Event::Look, gone);
    let anew = (claimed(owner(), EXPIRES_AT), StorageOp::Put, Action::Forward);
    check((in_flight(), NONE_OPEN, EXPIRES_AT), Event::Submitted(owner()), anew);
}

/// The old claim's answer comes in after the key has been claimed anew.
#[test]
fn a_new_claim_is_deaf_to_the_old_one() {
    let now = EXPIRES_AT.plus(TICK);
    let anew = claimed(owner(), EXPIRES_AT);
    assert_eq!(anew.claim().map(|claim| claim.id), Some(claim_id(FRESH)));
    let kept = (anew.clone(), StorageOp::Keep, Action::Nothing);
    check((anew, open(&[1]), now), finally(1), kept);
}

#[test]
fn a_vacant_key_stays_vacant() {
    for now in [UnixMillis(0), EARLY, UnixMillis(u64::MAX)] {
        let vacant = (Record::Vacant, StorageOp::Keep, Action::Nothing);
        check((Record::Vacant, NONE_OPEN, now), Event::Look, vacant);
    }
}

/// Clocks of two machines may differ: a record from the future is a record.
#[test]
fn a_clock_that_went_back_changes_nothing() {
    let past = UnixMillis(0);
    let kept = (done(), StorageOp::Keep, Action::Replay);
    check((done(), NONE_OPEN, past), Event::Submitted(owner()), kept);
    let waits = (in_flight(), StorageOp::Keep, Action::Join);
    check((in_flight(), open(&[1]), past), Event::Submitted(owner()), waits);
}
