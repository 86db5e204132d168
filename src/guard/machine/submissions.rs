//! What a submission finds: a free key, a call that is open, an answer, or nothing that is known.

use super::{ASK_AGAIN, Live, MAX_WAITING, QUARANTINE, Refusal, Step, Submission, Then};
use crate::guard::record::{Answer, Body, Claim, Outcome, Record};
use crate::guard::time::UnixMillis;

pub(super) fn submitted(
    record: Record,
    submission: Submission,
    live: Live,
    now: UnixMillis,
) -> Step {
    if let Record::Forgotten { until } = record {
        return shut(until, now);
    }
    let Some(claim) = record.claim() else { return vacant(submission, now) };
    if claim.fingerprint != submission.fingerprint {
        return Step::refuse(record, Refusal::KeyReused);
    }
    let is_owner = claim.credential == submission.credential;
    match record {
        Record::InFlight { .. } => in_flight(record, &submission, live),
        Record::Done { .. } if !is_owner => Step::refuse(record, Refusal::CredentialChanged),
        Record::Done { answer: Answer { body: Body::Not, .. }, .. } => {
            Step::refuse(record, Refusal::ResponseNotKept)
        }
        Record::Unknown { claim, outcome }
            if is_owner && submission.may_resend && submission.can_send =>
        {
            resent(claim, outcome, &submission, now)
        }
        Record::Unknown { ref outcome, .. } if !is_owner || !is_kept(outcome) => {
            let reason = outcome.reason;
            Step::refuse(record, Refusal::OutcomeUnknown(reason))
        }
        Record::Done { .. } | Record::Unknown { .. } => Step::keep(record, Then::Replay),
        Record::Vacant | Record::Forgotten { .. } => vacant(submission, now),
    }
}

/// A key that was forgotten a moment ago: a copy of its answer may still be around.
fn shut(until: Option<UnixMillis>, now: UnixMillis) -> Step {
    let retry_after = until.map_or(QUARANTINE, |until| until.since(now));
    Step::refuse(Record::Forgotten { until }, Refusal::InProgress { retry_after })
}

/// A free key. A request that only waited is told to come again: its body is gone.
fn vacant(submission: Submission, now: UnixMillis) -> Step {
    if submission.can_send {
        return claimed(submission, now);
    }
    Step::refuse(Record::Vacant, Refusal::InProgress { retry_after: ASK_AGAIN })
}

fn is_kept(outcome: &Outcome) -> bool {
    outcome.answer.as_ref().is_some_and(|answer| answer.body != Body::Not)
}

fn claimed(submission: Submission, now: UnixMillis) -> Step {
    let claim = Claim {
        id: submission.fresh,
        attempt: 1,
        fingerprint: submission.fingerprint,
        credential: submission.credential,
        claimed_at: now,
        deadline_at: now.plus(submission.deadline),
        window_ends_at: now.plus(submission.retry_window),
        linger: submission.linger,
        ended_at: None,
        spelling: submission.spelling,
    };
    Step::put(Record::InFlight { claim, before: None }, Then::Forward)
}

fn resent(mut claim: Claim, outcome: Outcome, submission: &Submission, now: UnixMillis) -> Step {
    claim.attempt = claim.attempt.saturating_add(1);
    claim.ended_at = None;
    claim.deadline_at = now.plus(submission.deadline);
    Step::put(Record::InFlight { claim, before: Some(outcome) }, Then::Forward)
}

fn in_flight(record: Record, submission: &Submission, live: Live) -> Step {
    if submission.reject_in_flight || live.waiting >= MAX_WAITING {
        return Step::refuse(record, Refusal::InProgress { retry_after: ASK_AGAIN });
    }
    Step::keep(record, Then::Join)
}
