//! What a submission finds: a free key, a call that is open, an answer, or nothing that is known.

use super::{
    ASK_AGAIN, Action, FENCE_MARGIN, InMemoryState, MAX_OTHERS_WAITING, MAX_WAITING, Place,
    QUARANTINE, Refusal, Submission, Transition,
};
use crate::guard::record::{Answer, Body, Claim, Outcome, Record};
use crate::guard::time::UnixMillis;

pub(super) fn submitted(
    record: Record,
    submission: Submission,
    live: InMemoryState,
    now: UnixMillis,
) -> Transition {
    match record {
        Record::Forgotten { until } => return quarantined(until, now),
        Record::Moved { until } => return moved(until, &submission, now),
        _ => {}
    }
    let Some(claim) = record.claim() else { return vacant(submission, now) };
    if claim.fingerprint != submission.fingerprint {
        return Transition::refuse(record, Refusal::KeyReused);
    }
    let is_owner = claim.credential == submission.credential;
    match record {
        Record::InFlight { .. } => in_flight(record, &submission, is_owner, live),
        Record::Done { .. } if !is_owner => Transition::refuse(record, Refusal::CredentialChanged),
        Record::Done { answer: Answer { body: Body::NotKept, .. }, .. } => {
            Transition::refuse(record, Refusal::ResponseNotKept)
        }
        // Who waited for a place in vain is told what is known, as if nothing could be sent again: the
        // first attempt may have acted.
        Record::Unknown { claim, outcome }
            if is_owner
                && submission.may_resend
                && submission.can_send
                && submission.place != Place::Denied =>
        {
            match submission.place {
                Place::Taken => resent(claim, outcome, &submission, now),
                _ => Transition::keep(Record::Unknown { claim, outcome }, Action::AwaitPlace),
            }
        }
        Record::Unknown { ref outcome, .. } if !is_owner || !is_kept(outcome) => {
            let reason = outcome.reason;
            Transition::refuse(record, Refusal::OutcomeUnknown(reason))
        }
        Record::Done { .. } | Record::Unknown { .. } => Transition::keep(record, Action::Replay),
        Record::Vacant | Record::Forgotten { .. } | Record::Moved { .. } => vacant(submission, now),
    }
}

/// A key that was forgotten a moment ago: a copy of its answer may still be around.
fn quarantined(until: Option<UnixMillis>, now: UnixMillis) -> Transition {
    let retry_after = until.map_or(QUARANTINE, |until| until.since(now));
    Transition::refuse(Record::Forgotten { until }, Refusal::InProgress { retry_after })
}

/// A key that another shard has. A fence that could end before a claim that is made there for this
/// request is written anew.
fn moved(until: UnixMillis, submission: &Submission, now: UnixMillis) -> Transition {
    let record = Record::Moved { until };
    let needed_until = now.plus(submission.retry_window).plus(FENCE_MARGIN);
    match submission.known_only {
        false => Transition::refuse(record, Refusal::Moved),
        true if !submission.can_send => come_again(record),
        true if until < needed_until => fenced(needed_until),
        true => Transition::keep(record, Action::ConfirmMove),
    }
}

/// One that is written stands longer than it has to, so that the next request finds it long enough.
fn fenced(needed_until: UnixMillis) -> Transition {
    let until = needed_until.plus(FENCE_MARGIN);
    Transition::put(Record::Moved { until }, Action::ConfirmMove)
}

/// A free key. A request that was sent already, or only waited, is told to come again: its body is
/// gone, and it is not sent to another shard either.
fn vacant(submission: Submission, now: UnixMillis) -> Transition {
    match submission.place {
        _ if !submission.can_send => come_again(Record::Vacant),
        _ if submission.known_only => fenced(now.plus(submission.retry_window).plus(FENCE_MARGIN)),
        Place::Taken => claimed(submission, now),
        Place::Wanted => Transition::keep(Record::Vacant, Action::AwaitPlace),
        Place::Denied => Transition::refuse(Record::Vacant, Refusal::OriginBusy),
    }
}

fn come_again(record: Record) -> Transition {
    Transition::refuse(record, Refusal::InProgress { retry_after: ASK_AGAIN })
}

fn is_kept(outcome: &Outcome) -> bool {
    outcome.answer.as_ref().is_some_and(|answer| answer.body != Body::NotKept)
}

fn claimed(submission: Submission, now: UnixMillis) -> Transition {
    let claim = Claim {
        id: submission.fresh,
        attempt: 1,
        fingerprint: submission.fingerprint,
        credential: submission.credential,
        claimed_at: now,
        deadline_at: now.plus(submission.deadline),
        window_ends_at: now.plus(submission.retry_window),
        derived_ttl: submission.derived_ttl,
        call_ended_at: None,
        raw_key: submission.raw_key,
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
    claim.call_ended_at = None;
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
