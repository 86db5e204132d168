//! A key that its caller asks about, and one that it has given up.

use super::*;
use onlyonce::guard::machine::{ASK_AGAIN, FENCE_MARGIN, Fence};

const END: UnixMillis = EARLY.plus(WINDOW);

fn ask(by: &str) -> Event {
    Event::Ask { credential: credential(by) }
}

fn fence_for(by: &str, known_only: bool) -> Event {
    Event::Fence(Fence { credential: credential(by), retry_window: WINDOW, known_only })
}

fn fence(by: &str) -> Event {
    fence_for(by, false)
}

fn fenced(until: UnixMillis) -> Record {
    Record::Fenced { until }
}

fn refused(refusal: Refusal) -> Action {
    Action::Refuse(refusal)
}

/// What nothing is known of, before and after its time.
fn free() -> Vec<(Record, UnixMillis)> {
    let over = CLAIMED_AT.plus(WINDOW);
    let mut free = vec![(Record::Vacant, EARLY)];
    free.extend([done(), held(), in_flight(), fenced(over)].map(|record| (record, over)));
    free.push((Record::Forgotten { until: Some(over) }, over));
    free
}

#[test]
fn a_key_of_which_nothing_is_known_is_fenced() {
    for (record, now) in free() {
        for by in ["owner", "stranger"] {
            let expected = (fenced(now.plus(WINDOW)), StorageOp::Put, Action::Tell);
            check((record.clone(), NONE_OPEN, now), fence(by), expected);
        }
    }
}

/// Nobody claims it from then on, whatever they send and show, and nothing is sent again.
#[test]
fn a_fenced_key_is_claimed_by_nobody_until_its_end() {
    let just_before = UnixMillis(END.0 - 1);
    for by in [owner(), stranger(), other_request(owner()), rejecting(owner()), resend(owner())] {
        for place in [Place::Taken, Place::Wanted, Place::Denied] {
            for known_only in [false, true] {
                let event = Submission { place, known_only, ..by.clone() };
                let expected = (fenced(END), StorageOp::Keep, refused(Refusal::KeyFenced));
                check((fenced(END), NONE_OPEN, just_before), Event::Submitted(event), expected);
            }
        }
    }
    let step = transition(fenced(END), Event::Submitted(owner()), NONE_OPEN, END);
    assert_eq!((step.storage, step.action), (StorageOp::Put, Action::Forward));
    let step = transition(fenced(END), Event::Alarm { settle: None }, NONE_OPEN, END);
    assert_eq!((step.record, step.storage), (Record::Vacant, StorageOp::Erase));
}

#[test]
fn what_is_known_is_told_and_stays() {
    for event in [ask("owner"), fence("owner"), fence_for("owner", true)] {
        for (record, live) in [
            (in_flight(), open(&[1])),
            (resending(), open(&[2])),
            (done(), NONE_OPEN),
            (held(), NONE_OPEN),
            (unknown(Reason::Restarted), NONE_OPEN),
            (fenced(END), NONE_OPEN),
            (Record::Forgotten { until: None }, NONE_OPEN),
            (Record::Forgotten { until: Some(END) }, NONE_OPEN),
        ] {
            let expected = (record.clone(), StorageOp::Keep, Action::Tell);
            check((record, live, EARLY), event.clone(), expected);
        }
    }
}

#[test]
fn another_credential_is_told_what_its_submission_would_be_told() {
    let in_progress = Refusal::InProgress { retry_after: ASK_AGAIN };
    for event in [ask("stranger"), fence("stranger")] {
        for (record, live, refusal) in [
            (in_flight(), open(&[1]), in_progress),
            (done(), NONE_OPEN, Refusal::CredentialChanged),
            (done_with(answer(404, "")), NONE_OPEN, Refusal::CredentialChanged),
            (held(), NONE_OPEN, Refusal::OutcomeUnknown(Reason::ServerError)),
        ] {
            let expected = (record.clone(), StorageOp::Keep, refused(refusal));
            check((record, live, EARLY), event.clone(), expected);
        }
    }
}

#[test]
fn asking_stores_nothing() {
    for (record, now) in free() {
        let step = transition(record.clone(), ask("owner"), NONE_OPEN, now);
        assert_eq!((step.record, step.action), (Record::Vacant, Action::Tell));
        assert_ne!(step.storage, StorageOp::Put, "{record:?}");
    }
    let step = transition(Record::Vacant, ask("owner"), NONE_OPEN, EARLY);
    assert_eq!(step.storage, StorageOp::Keep);
}

/// The key belongs to another shard since `shards` was changed: it is fenced there, and given away here.
#[test]
fn a_fence_follows_its_key_to_another_shard() {
    let given_away = |now: UnixMillis| Record::Moved {
        until: now.plus(WINDOW).plus(FENCE_MARGIN).plus(FENCE_MARGIN),
    };
    for (record, now) in free() {
        let expected = (given_away(now), StorageOp::Put, Action::ConfirmMove);
        check((record, NONE_OPEN, now), fence_for("owner", true), expected);
    }
    let moved = given_away(EARLY);
    let expected = (moved.clone(), StorageOp::Keep, Action::ConfirmMove);
    check((moved.clone(), NONE_OPEN, EARLY), fence_for("owner", true), expected);
    let expected = (moved.clone(), StorageOp::Keep, refused(Refusal::Moved));
    check((moved, NONE_OPEN, EARLY), fence("owner"), expected);
}

#[test]
fn an_operator_may_forget_a_fence_and_resolves_none() {
    let expected = (Record::Forgotten { until: None }, StorageOp::Put, Action::DropCopy);
    check((fenced(END), NONE_OPEN, EARLY), Event::Forget, expected);
    let resolve = Event::Resolve { claim: claim_id(CLAIM), resolution: Resolution::NotProcessed };
    let refusal = Action::RefuseAdmin(AdminRefusal::NotUnknown);
    check((fenced(END), NONE_OPEN, EARLY), resolve, (fenced(END), StorageOp::Keep, refusal));
}
