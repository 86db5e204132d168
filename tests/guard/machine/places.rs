//! A claim, and a second sending, take one of the shard's places; nothing else does.

use super::*;
use crate::fixtures::not_kept;
use onlyonce::guard::machine::{ASK_AGAIN, MAX_WAITING};

const BUSY: Action = Action::Refuse(Refusal::OriginBusy);

fn with(place: Place, from: Submission) -> Event {
    Event::Submitted(Submission { place, ..from })
}

/// Without a place it changes nothing and is asked to take one; with one it is sent; in vain, it is
/// told something else and has claimed nothing.
#[track_caller]
fn needs_a_place(before: Record, now: UnixMillis, by: Submission, sent: Record, in_vain: Action) {
    let kept = |action| (before.clone(), StorageOp::Keep, action);
    let row = (before.clone(), NONE_OPEN, now);
    check(row.clone(), with(Place::Wanted, by.clone()), kept(Action::AwaitPlace));
    check(row.clone(), with(Place::Denied, by.clone()), kept(in_vain));
    check(row, with(Place::Taken, by), (sent, StorageOp::Put, Action::Forward));
}

#[test]
fn a_claim_needs_one() {
    for by in [owner(), stranger(), other_request(owner()), rejecting(owner()), resend(owner())] {
        needs_a_place(Record::Vacant, EARLY, by.clone(), claimed(by, EARLY), BUSY);
    }
}

/// Whoever has had too many new keys gets none, and learns what became of those that are known.
#[test]
fn over_the_limit_nothing_is_claimed_and_all_is_told() {
    let over = |by| with(Place::OverLimit, by);
    for by in [owner(), stranger(), rejecting(owner()), resend(owner())] {
        let refused = Action::Refuse(Refusal::TooManyKeys);
        let free = (Record::Vacant, StorageOp::Keep, refused);
        check((Record::Vacant, NONE_OPEN, EARLY), over(by), free);
    }
    let replayed = (done(), StorageOp::Keep, Action::Replay);
    check((done(), NONE_OPEN, EARLY), over(owner()), replayed);
    let reused = (done(), StorageOp::Keep, Action::Refuse(Refusal::KeyReused));
    check((done(), NONE_OPEN, EARLY), over(other_request(owner())), reused);
    // What is known may be sent again: the limit is for new keys.
    let again = (held(), StorageOp::Keep, Action::AwaitPlace);
    check((held(), NONE_OPEN, EARLY), over(resend(owner())), again);
}

/// Where it finds none it is not told that nothing was sent: the first sending may have acted.
#[test]
fn a_second_sending_needs_one() {
    let untold = |reason| Action::Refuse(Refusal::OutcomeUnknown(reason));
    for (before, in_vain) in [
        (unknown(Reason::ConnectionLost), untold(Reason::ConnectionLost)),
        (held(), Action::Replay),
        (unknown_again(Reason::Restarted), untold(Reason::Restarted)),
    ] {
        let Record::Unknown { claim, outcome } = before.clone() else { panic!("unknown") };
        let claim =
            Claim { attempt: claim.attempt + 1, deadline_at: EARLY.plus(DEADLINE), ..claim };
        let again = Record::InFlight { claim, previous: Some(outcome) };
        needs_a_place(before, EARLY, resend(owner()), again, in_vain);
    }
}

/// Time goes on while somebody waits for a place: what it has ended is written down all the same.
#[test]
fn what_time_has_done_is_stored_without_one() {
    let over = CLAIMED_AT.plus(WINDOW);
    let untold = Action::Refuse(Refusal::OutcomeUnknown(Reason::Restarted));
    let awaits = || Action::AwaitPlace;
    for (place, if_free, if_dead) in
        [(Place::Wanted, awaits(), awaits()), (Place::Denied, BUSY, untold)]
    {
        let gone = (Record::Vacant, StorageOp::Erase, if_free);
        check((done(), NONE_OPEN, over), with(place, owner()), gone);
        let dead = (unknown(Reason::Restarted), StorageOp::Put, if_dead);
        check((in_flight(), NONE_OPEN, EARLY), with(place, resend(owner())), dead);
    }
}

/// Who decides again finds what has happened meanwhile, not what it found before it waited.
#[test]
fn replays_joins_and_refusals_need_none() {
    let in_progress = |retry_after| Action::Refuse(Refusal::InProgress { retry_after });
    let untold = Action::Refuse(Refusal::OutcomeUnknown(Reason::Restarted));
    let full = InMemoryState { waiting: MAX_WAITING, ..open(&[1]) };
    let end = EARLY.plus(Millis::seconds(7));
    let forgotten = Record::Forgotten { until: Some(end) };
    let rows = [
        (done(), NONE_OPEN, owner(), Action::Replay),
        (done(), NONE_OPEN, stranger(), Action::Refuse(Refusal::CredentialChanged)),
        (done(), NONE_OPEN, other_request(owner()), Action::Refuse(Refusal::KeyReused)),
        (
            done_with(not_kept(200)),
            NONE_OPEN,
            owner(),
            Action::Refuse(Refusal::ResponseNotKept { status: 200 }),
        ),
        (held(), NONE_OPEN, owner(), Action::Replay),
        (unknown(Reason::Restarted), NONE_OPEN, owner(), untold.clone()),
        (unknown(Reason::Restarted), NONE_OPEN, resend(stranger()), untold.clone()),
        (unknown(Reason::Restarted), NONE_OPEN, spent(resend(owner())), untold),
        (in_flight(), open(&[1]), owner(), Action::Join),
        (in_flight(), open(&[1]), stranger(), Action::Join),
        (in_flight(), full, owner(), in_progress(ASK_AGAIN)),
        (in_flight(), open(&[1]), rejecting(owner()), in_progress(ASK_AGAIN)),
        (Record::Vacant, NONE_OPEN, spent(owner()), in_progress(ASK_AGAIN)),
        (forgotten, NONE_OPEN, owner(), in_progress(Millis::seconds(7))),
        (Record::Moved { until: end }, NONE_OPEN, owner(), Action::Refuse(Refusal::Moved)),
    ];
    for (record, live, by, told) in rows {
        for place in [Place::Wanted, Place::Denied, Place::Taken] {
            let kept = (record.clone(), StorageOp::Keep, told.clone());
            check((record.clone(), live, EARLY), with(place, by.clone()), kept);
        }
    }
}
