//! What a submission finds: a free key, a call that is open, an answer, or nothing that is known.

use super::{
    ASK_AGAIN, Action, FENCE_MARGIN, InMemoryState, MAX_OTHERS_WAITING, MAX_WAITING, Place,
    QUARANTINE, Refusal, Submission, Transition,
};
use crate::guard::record::{Answer, Body, Claim, Outcome, Record};
use crate::guard::time::{Millis, UnixMillis};

pub(super) fn submitted(
    record: Record,
    submission: Submission,
    live: InMemoryState,
    now: UnixMillis,
) -> Transition {
    match record {
        Record::Forgotten { until } => return quarantined(until, now),
        Record::Moved { until } => return at_another_shard(until, &submission, now),
        Record::Fenced { .. } => return Transition::refuse(record, Refusal::KeyFenced),
        _ => {}
    }
    let Some(claim) = record.claim() else { return vacant(submission, now) };
    if claim.credential != submission.credential {
        return of_another_credential(record, submission, live, now);
    }
    if claim.fingerprint != submission.fingerprint {
        return Transition::refuse(record, Refusal::KeyReused);
    }
    match record {
        Record::InFlight { .. } => in_flight(record, &submission, true, live),
        Record::Done { answer: Answer { body: Body::NotKept, status, .. }, .. } => {
            Transition::refuse(record, Refusal::ResponseNotKept { status })
        }
        // Who waited for a place in vain is told what is known, as if nothing could be sent again: the
        // first attempt may have acted.
        Record::Unknown { claim, outcome }
            if submission.may_resend
                && submission.can_send
                && submission.place != Place::Denied =>
        {
            match submission.place {
                Place::Taken => resent(claim, outcome, &submission, now),
                _ => Transition::keep(Record::Unknown { claim, outcome }, Action::AwaitPlace),
            }
        }
        // One who comes while the origin is being asked waits for what it says.
        Record::Unknown { ref claim, .. }
            if submission.may_probe && live.probing.contains(&claim.id) =>
        {
            match live.waiting < MAX_WAITING {
                true => Transition::keep(record, Action::Join),
                false => told(record),
            }
        }
        Record::Unknown { .. } if submission.may_probe && submission.place != Place::Denied => {
            let has_place = submission.place == Place::Taken;
            Transition::keep(record, if has_place { Action::Probe } else { Action::AwaitPlace })
        }
        Record::Unknown { .. } => told(record),
        Record::Done { .. } => Transition::keep(record, Action::Replay),
        Record::Vacant
        | Record::Forgotten { .. }
        | Record::Moved { .. }
        | Record::Fenced { .. } => vacant(submission, now),
    }
}

/// Another credential of the scope, whose request is never compared with the first one: what it is told
/// must not depend on that. Nor may it be kept from the key by having been refused: what the origin has
/// refused for good, it has not done, and that binds only who was refused.
fn of_another_credential(
    record: Record,
    submission: Submission,
    live: InMemoryState,
    now: UnixMillis,
) -> Transition {
    match record {
        Record::InFlight { .. } => in_flight(record, &submission, false, live),
        // A call of the claim that is still open would be taken for one of the next claim's.
        Record::Done { ref answer, .. } if answer.is_refusal() && !live.open_calls.is_empty() => {
            come_again(record)
        }
        Record::Done { answer, claim } if answer.is_refusal() => {
            free(Record::Done { answer, claim }, submission, now)
        }
        Record::Unknown { ref outcome, .. } => {
            let reason = outcome.reason;
            Transition::refuse(record, Refusal::OutcomeUnknown(reason))
        }
        _ => Transition::refuse(record, Refusal::CredentialChanged),
    }
}

/// A key that was forgotten a moment ago: a copy of its answer may still be around.
fn quarantined(until: Option<UnixMillis>, now: UnixMillis) -> Transition {
    let retry_after = until.map_or(QUARANTINE, |until| until.since(now));
    Transition::refuse(Record::Forgotten { until }, Refusal::InProgress { retry_after })
}

/// A key that another shard has.
fn at_another_shard(until: UnixMillis, submission: &Submission, now: UnixMillis) -> Transition {
    let record = Record::Moved { until };
    match submission.known_only {
        false => Transition::refuse(record, Refusal::Moved),
        true if !submission.can_send => come_again(record),
        true => moved(Some(until), submission.retry_window, now),
    }
}

/// Gives a key away to the shard that has it now. A fence that could end before a claim that is made
/// there is written anew. One that is written stands longer than it has to, so that the next request finds
/// it long enough.
pub(super) fn moved(
    until: Option<UnixMillis>,
    retry_window: Millis,
    now: UnixMillis,
) -> Transition {
    let needed_until = now.plus(retry_window).plus(FENCE_MARGIN);
    match until {
        Some(until) if until >= needed_until => {
            Transition::keep(Record::Moved { until }, Action::ConfirmMove)
        }
        _ => {
            let until = needed_until.plus(FENCE_MARGIN);
            Transition::put(Record::Moved { until }, Action::ConfirmMove)
        }
    }
}

fn vacant(submission: Submission, now: UnixMillis) -> Transition {
    match submission.known_only && submission.can_send {
        true => moved(None, submission.retry_window, now),
        false => free(Record::Vacant, submission, now),
    }
}

/// A key that this request may claim. One that was sent already, or only waited, is told to come again:
/// its body is gone, and it is not sent to another shard either.
fn free(record: Record, submission: Submission, now: UnixMillis) -> Transition {
    match submission.place {
        _ if !submission.can_send => come_again(record),
        Place::Taken => claimed(submission, now),
        Place::Wanted => Transition::keep(record, Action::AwaitPlace),
        Place::Denied => Transition::refuse(record, Refusal::OriginBusy),
        Place::OverLimit => Transition::refuse(record, Refusal::TooManyKeys),
    }
}

pub(super) fn come_again(record: Record) -> Transition {
    Transition::refuse(record, Refusal::InProgress { retry_after: ASK_AGAIN })
}

/// What is known of an outcome that nobody knows: the origin's 5xx, or why.
fn told(record: Record) -> Transition {
    match &record {
        Record::Unknown { outcome, .. } if !is_kept(outcome) => {
            let reason = outcome.reason;
            Transition::refuse(record, Refusal::OutcomeUnknown(reason))
        }
        _ => Transition::keep(record, Action::Replay),
    }
}

fn is_kept(outcome: &Outcome) -> bool {
    outcome.answer.as_ref().is_some_and(|answer| answer.body != Body::NotKept)
}

fn claimed(submission: Submission, now: UnixMillis) -> Transition {
    let compared = (submission.fingerprint, submission.credential);
    let (fingerprint, credential) = submission.under_policy.map_or(compared, |own| *own);
    let claim = Claim {
        id: submission.fresh,
        attempt: 1,
        fingerprint,
        credential,
        claimed_at: now,
        deadline_at: now.plus(submission.deadline),
        window_ends_at: now.plus(submission.retry_window),
        derived_ttl: submission.derived_ttl,
        answered_at: None,
        raw_key: submission.raw_key,
        settles: submission.settles,
        asked_as: submission.asked_as,
        method: submission.method,
        route: submission.route,
    };
    Transition::put(Record::InFlight { claim, previous: None }, Action::Forward)
}

fn resent(
    mut claim: Claim,
    outcome: Outcome,
    submission: &Submission,
    now: UnixMillis,
) -> Transition {
    claim.attempt = claim.attempt.saturating_add(1);
    claim.deadline_at = now.plus(submission.deadline);
    Transition::put(Record::InFlight { claim, previous: Some(outcome) }, Action::Forward)
}

fn in_flight(
    record: Record,
    submission: &Submission,
    is_owner: bool,
    live: InMemoryState,
) -> Transition {
    let is_full =
        live.waiting >= MAX_WAITING || !is_owner && live.others_waiting >= MAX_OTHERS_WAITING;
    if submission.reject_in_flight || is_full {
        return come_again(record);
    }
    Transition::keep(record, Action::Join)
}
