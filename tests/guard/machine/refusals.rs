//! What the origin has refused for good binds only the credential that it was refused: whoever knows
//! another's key cannot keep it from them by being refused.

use super::{
    EARLY, NONE_OPEN, check, claimed, done_with, open, other_request, owner, rejecting, spent,
    stranger,
};
use crate::fixtures::{CLAIMED_AT, WINDOW, answer, credential, fingerprint, not_kept};
use onlyonce::guard::machine::{ASK_AGAIN, Action, Event, Place, Refusal, StorageOp, Submission};
use onlyonce::guard::record::Record;

const BUSY: Action = Action::Refuse(Refusal::InProgress { retry_after: ASK_AGAIN });

fn refused() -> Record {
    done_with(answer(404, "no such thing"))
}

#[test]
fn another_credential_claims_the_key_anew() {
    for status in [400, 401, 404, 409, 422, 499] {
        for by in [stranger(), other_request(stranger()), rejecting(stranger())] {
            let anew = (claimed(by.clone(), EARLY), StorageOp::Put, Action::Forward);
            check((done_with(answer(status, "")), NONE_OPEN, EARLY), Event::Submitted(by), anew);
        }
    }
    let anew = (claimed(stranger(), EARLY), StorageOp::Put, Action::Forward);
    check((done_with(not_kept(404)), NONE_OPEN, EARLY), Event::Submitted(stranger()), anew);
}

#[test]
fn who_was_refused_gets_the_refusal_again() {
    let again = (refused(), StorageOp::Keep, Action::Replay);
    check((refused(), NONE_OPEN, EARLY), Event::Submitted(owner()), again);
    let reused = (refused(), StorageOp::Keep, Action::Refuse(Refusal::KeyReused));
    check((refused(), NONE_OPEN, EARLY), Event::Submitted(other_request(owner())), reused);
}

/// As for a free key: what is claimed is sent in the same turn.
#[test]
fn it_takes_a_place_and_a_body() {
    let wants = |place| Submission { place, ..stranger() };
    for (by, then) in [
        (wants(Place::Wanted), Action::AwaitPlace),
        (wants(Place::Denied), Action::Refuse(Refusal::OriginBusy)),
        (wants(Place::OverLimit), Action::Refuse(Refusal::TooManyKeys)),
        (spent(stranger()), BUSY),
    ] {
        let stays = (refused(), StorageOp::Keep, then);
        check((refused(), NONE_OPEN, EARLY), Event::Submitted(by), stays);
    }
}

/// What supersedes is claimed in the ways of the policy that holds now, and not in those of what it
/// supersedes.
#[test]
fn it_is_claimed_in_its_own_ways() {
    let own = (fingerprint("as bytes"), credential("by cookie"));
    let by = Submission { under_policy: Some(Box::new(own.clone())), ..stranger() };
    let (fingerprint, credential) = own;
    let claimed = claimed(Submission { fingerprint, credential, ..by.clone() }, EARLY);
    let anew = (claimed, StorageOp::Put, Action::Forward);
    check((refused(), NONE_OPEN, EARLY), Event::Submitted(by), anew);
}

#[test]
fn an_open_call_keeps_the_key() {
    let stays = (refused(), StorageOp::Keep, BUSY);
    check((refused(), open(&[1]), EARLY), Event::Submitted(stranger()), stays);
}

/// A shard that the key has left carries it out where it is known there.
#[test]
fn a_known_key_is_claimed_where_it_is_known() {
    let by = Submission { known_only: true, ..stranger() };
    let anew = (claimed(by.clone(), EARLY), StorageOp::Put, Action::Forward);
    check((refused(), NONE_OPEN, EARLY), Event::Submitted(by), anew);
}

#[test]
fn its_window_ends_as_any_other() {
    let expired = CLAIMED_AT.plus(WINDOW);
    let anew = (claimed(owner(), expired), StorageOp::Put, Action::Forward);
    check((refused(), NONE_OPEN, expired), Event::Submitted(owner()), anew);
}
