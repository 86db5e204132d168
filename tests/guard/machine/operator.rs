//! What an operator may do to a key, and when the key is free after that.

use super::*;

const COPYING: InMemoryState = InMemoryState { copying: true, ..NONE_OPEN };

fn forgotten(until: Option<UnixMillis>) -> Record {
    Record::Forgotten { until }
}

fn resolved(resolution: Resolution) -> Event {
    Event::Resolve { claim: claim_id(CLAIM), resolution }
}

fn answered() -> Event {
    resolved(Resolution::Answered(answer(201, "found by hand")))
}

#[track_caller]
fn denied(before: Record, live: InMemoryState, event: Event, denial: AdminRefusal) {
    check(
        (before.clone(), live, EARLY),
        event,
        (before, StorageOp::Keep, Action::RefuseAdmin(denial)),
    );
}

fn settled() -> [Record; 4] {
    [done(), done_with(crate::fixtures::not_kept(200)), unknown(Reason::Restarted), held()]
}

#[test]
fn a_settled_key_is_forgotten_once_its_copy_is_deleted() {
    for before in settled() {
        let after = (forgotten(None), StorageOp::Put, Action::DropCopy);
        check((before, NONE_OPEN, EARLY), Event::Forget, after);
    }
    let until = forgotten(Some(EARLY.plus(QUARANTINE)));
    let after = (until.clone(), StorageOp::Put, Action::Nothing);
    check((forgotten(None), NONE_OPEN, EARLY), Event::CopyDeleted, after);
    // Twice changes nothing.
    check(
        (forgotten(None), NONE_OPEN, EARLY),
        Event::Forget,
        (forgotten(None), StorageOp::Keep, Action::DropCopy),
    );
    ignored(until.clone(), NONE_OPEN, EARLY, Event::Forget);
    ignored(until, NONE_OPEN, EARLY.plus(Millis(1)), Event::CopyDeleted);
}

#[test]
fn nothing_is_forgotten_that_is_not_there_or_is_being_worked_on() {
    denied(Record::Vacant, NONE_OPEN, Event::Forget, AdminRefusal::Vacant);
    let moved = Record::Moved { until: EARLY.plus(Millis(1)) };
    denied(moved, NONE_OPEN, Event::Forget, AdminRefusal::Vacant);
    denied(in_flight(), open(&[1]), Event::Forget, AdminRefusal::CallOpen);
    for before in settled() {
        denied(before.clone(), open(&[1]), Event::Forget, AdminRefusal::CallOpen);
        denied(before, COPYING, Event::Forget, AdminRefusal::CallOpen);
    }
}

/// A copy that is late to be deleted could be replayed beside a new claim.
#[test]
fn a_forgotten_key_stays_shut_until_its_copies_are_gone() {
    let until = EARLY.plus(QUARANTINE);
    for submission in [owner(), stranger(), other_request(owner()), spent(owner())] {
        for (record, retry_after) in
            [(forgotten(None), QUARANTINE), (forgotten(Some(until)), QUARANTINE)]
        {
            let refused = Action::Refuse(Refusal::InProgress { retry_after });
            let event = Event::Submitted(submission.clone());
            check((record.clone(), NONE_OPEN, EARLY), event, (record, StorageOp::Keep, refused));
        }
    }
    let last = until.minus(Millis(1));
    let refused = Action::Refuse(Refusal::InProgress { retry_after: Millis(1) });
    let after = (forgotten(Some(until)), StorageOp::Keep, refused);
    check((forgotten(Some(until)), NONE_OPEN, last), Event::Submitted(owner()), after);
    let claimed = (claimed(owner(), until), StorageOp::Put, Action::Forward);
    check((forgotten(Some(until)), NONE_OPEN, until), Event::Submitted(owner()), claimed);
}

#[test]
fn the_alarm_tries_the_deletion_again_and_then_frees_the_key() {
    let until = EARLY.plus(QUARANTINE);
    let again = (forgotten(None), StorageOp::Keep, Action::DropCopy);
    check((forgotten(None), NONE_OPEN, EARLY), Event::Look, again);
    let far = EARLY.plus(WINDOW).plus(WINDOW);
    let again = (forgotten(None), StorageOp::Keep, Action::DropCopy);
    check((forgotten(None), NONE_OPEN, far), Event::Look, again);
    ignored(forgotten(Some(until)), NONE_OPEN, until.minus(Millis(1)), Event::Look);
    let free = (Record::Vacant, StorageOp::Erase, Action::Nothing);
    check((forgotten(Some(until)), NONE_OPEN, until), Event::Look, free);
}

/// No call can be open under a forgotten key; should one report all the same, it changes nothing.
#[test]
fn reports_do_not_bring_a_forgotten_key_back() {
    for event in every_report(1) {
        ignored(forgotten(None), NONE_OPEN, EARLY, event.clone());
        ignored(forgotten(Some(EARLY.plus(QUARANTINE))), NONE_OPEN, EARLY, event);
    }
    for record in [Record::Vacant, done(), held()] {
        ignored(record, NONE_OPEN, EARLY, Event::CopyDeleted);
    }
}

#[test]
fn an_unknown_outcome_is_resolved_under_its_claim_alone() {
    let by_hand = done_with(answer(201, "found by hand"));
    let free = (Record::Vacant, StorageOp::Erase, Action::Nothing);
    for before in [unknown(Reason::ConnectionLost), unknown(Reason::Restarted), held()] {
        let after = (by_hand.clone(), StorageOp::Put, Action::Nothing);
        check((before.clone(), NONE_OPEN, EARLY), answered(), after);
        check((before.clone(), NONE_OPEN, EARLY), resolved(Resolution::NotProcessed), free.clone());
        for resolution in [Resolution::NotProcessed, Resolution::Answered(answer(200, ""))] {
            let event = Event::Resolve { claim: claim_id("c0"), resolution };
            denied(before.clone(), NONE_OPEN, event, AdminRefusal::NotUnknown);
        }
    }
}

#[test]
fn what_is_not_unknown_is_not_resolved() {
    for before in [Record::Vacant, done(), forgotten(None)] {
        for event in [answered(), resolved(Resolution::NotProcessed)] {
            denied(before.clone(), NONE_OPEN, event, AdminRefusal::NotUnknown);
        }
    }
    denied(in_flight(), open(&[1]), answered(), AdminRefusal::NotUnknown);
}

/// The call may still act: only its answer, or the operator's, may end what is unknown.
#[test]
fn an_open_call_keeps_an_operator_from_freeing_the_key() {
    let late = unknown(Reason::DeadlinePassed);
    denied(late.clone(), open(&[1]), resolved(Resolution::NotProcessed), AdminRefusal::CallOpen);
    let by_hand = done_with(answer(201, "found by hand"));
    let after = (by_hand.clone(), StorageOp::Put, Action::Nothing);
    check((late, open(&[1]), EARLY), answered(), after);
    for event in every_report(1) {
        ignored(by_hand.clone(), open(&[1]), EARLY, event);
    }
}
