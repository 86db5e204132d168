//! The life of a key, as one function of what is stored, what happens, and when.
//!
//! 1. A claim is stored before its request is sent, and one claim sends one request.
//! 2. Only an answer that means "not processed" or the end of the retry window frees a key; only
//!    `resend` sends a claim's request a second time.
//! 3. A record in flight without a call in memory is unknown. So is one past its deadline, but its
//!    call goes on, and a late answer still becomes the stored one.
//! 4. An answer or a failure that belongs to another claim changes nothing.
//! 5. Another request under the key is refused, whatever else is true of it.
//! 6. An answer is shown only to the credential that caused it.
//! 7. Nothing is forgotten while a call is open.

use super::fingerprint::Fingerprint;
use super::origin::Meaning;
use super::record::{Answer, Body, Claim, ClaimId, Outcome, Reason, Record};
use super::scope::Credential;
use super::time::{Millis, UnixMillis};

/// The most duplicates that wait for one answer; each holds a connection and some memory.
pub const MAX_WAITING: usize = 100;

/// Something that happened to a key.
#[derive(Clone, Debug)]
pub enum Event {
    /// A client's request arrived, complete.
    Submitted(Submission),
    /// The origin answered one attempt of a claim, to the last byte that is kept.
    Answered { claim: ClaimId, attempt: u32, meaning: Meaning, answer: Answer },
    /// The call of an attempt failed after it may have reached the origin.
    Failed { claim: ClaimId, attempt: u32 },
    /// The call of an attempt failed before anything was sent.
    NotSent { claim: ClaimId, attempt: u32 },
    /// Time has passed: an alarm, a timer, or a new instance of the object.
    Look,
}

/// A request, as far as the rules look at it.
#[derive(Clone, Debug)]
pub struct Submission {
    /// For the claim, if this request is to make one: random, drawn by the edge.
    pub fresh: ClaimId,
    /// Made by the living record's method where there is one.
    pub fingerprint: Fingerprint,
    /// Read from the living record's sources where there is one.
    pub credential: Credential,
    pub retry_window: Millis,
    pub deadline: Millis,
    /// `derive_window`, for a derived key.
    pub linger: Option<Millis>,
    /// `in_flight = "reject"`.
    pub reject_in_flight: bool,
    /// Whether this request may cause a second sending: it is a client's retry under
    /// `unknown = "resend"`, not a waiter that looks again or a stub call made twice.
    pub may_resend: bool,
    /// Whether this request may be sent: it has not been sent already, and its body is still there.
    pub can_send: bool,
    /// The key's header value, to be kept for a second sending.
    pub spelling: Option<String>,
}

/// What only the living instance knows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Live<'a> {
    /// The attempts whose calls are open.
    pub open_calls: &'a [u32],
    /// How many duplicates wait.
    pub waiting: usize,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub record: Record,
    pub change: Change,
    pub then: Then,
}

/// What happens to storage. A change also wakes those who wait: they look again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Keep,
    /// Store the record and set the alarm that it asks for.
    Put,
    /// Delete everything, the alarm included.
    Erase,
}

/// What the one who submitted does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Then {
    Nothing,
    /// Send it to the origin; this caller owns the claim.
    Forward,
    /// Wait for the call that is open.
    Join,
    /// Show the record's answer.
    Replay,
    Refuse(Refusal),
}

/// Why there is no answer to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    KeyReused,
    CredentialChanged,
    InProgress { retry_after: Millis },
    ResponseNotKept,
    OutcomeUnknown(Reason),
}

/// How soon a duplicate that did not wait to the end may ask again.
pub const ASK_AGAIN: Millis = Millis::seconds(2);

/// Decides what an event does to a record.
pub fn decide(record: Record, event: Event, live: Live, now: UnixMillis) -> Step {
    let (record, settled) = settle(record, live, now);
    let step = match event {
        Event::Look => Step::keep(record, Then::Nothing),
        Event::Submitted(submission) => submitted(record, submission, live, now),
        Event::Answered { claim, attempt, meaning, answer } => match meaning {
            Meaning::NotProcessed => freed(record, &claim, attempt, now),
            Meaning::Final => answered(record, &claim, attempt, answer, now),
            Meaning::MayHaveActed => {
                let outcome = Outcome { reason: Reason::ServerError, answer: Some(answer) };
                failed(record, &claim, attempt, outcome, now)
            }
        },
        Event::Failed { claim, attempt } => {
            let outcome = Outcome { reason: Reason::ConnectionLost, answer: None };
            failed(record, &claim, attempt, outcome, now)
        }
        Event::NotSent { claim, attempt } => freed(record, &claim, attempt, now),
    };
    Step { change: if step.change == Change::Keep { settled } else { step.change }, ..step }
}

/// What time alone has done to a record.
fn settle(record: Record, live: Live, now: UnixMillis) -> (Record, Change) {
    let (record, change) = match record {
        Record::InFlight { claim, before } if !live.open_calls.contains(&claim.attempt) => {
            (unknown(claim.ended(now), before, Reason::Restarted), Change::Put)
        }
        Record::InFlight { claim, before } if now >= claim.deadline_at => {
            (unknown(claim.ended(now), before, Reason::DeadlinePassed), Change::Put)
        }
        other => (other, Change::Keep),
    };
    match binding_claim(&record, live, now) {
        Some(_) => (record, change),
        None if record == Record::Vacant => (record, change),
        None => (Record::Vacant, Change::Erase),
    }
}

/// The claim that still binds: its window has not ended, or a call of it is open.
pub fn binding_claim<'a>(record: &'a Record, live: Live, now: UnixMillis) -> Option<&'a Claim> {
    record.claim().filter(|claim| now < claim.expires_at() || !live.open_calls.is_empty())
}

/// A call that will not be waited for any longer. What an earlier attempt left behind says more
/// than a reason does.
fn unknown(claim: Claim, before: Option<Outcome>, reason: Reason) -> Record {
    Record::Unknown { claim, outcome: before.unwrap_or(Outcome { reason, answer: None }) }
}

fn submitted(record: Record, submission: Submission, live: Live, now: UnixMillis) -> Step {
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
        Record::Vacant => vacant(submission, now),
    }
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

/// A final answer. It counts for every attempt of the claim, also for one that was given up.
fn answered(record: Record, id: &ClaimId, attempt: u32, answer: Answer, now: UnixMillis) -> Step {
    // An origin that honours keys says 409 to one sending while it works on another.
    let sent_twice = record.claim().is_some_and(|claim| claim.attempt > 1);
    if sent_twice && answer.status == 409 {
        return freed(record, id, attempt, now);
    }
    match record {
        Record::InFlight { claim, .. } | Record::Unknown { claim, .. } if claim.id == *id => {
            Step::put(Record::Done { claim: claim.ended(now), answer }, Then::Nothing)
        }
        other => Step::keep(other, Then::Nothing),
    }
}

/// An attempt that may have acted. It counts only while no later attempt is on its way.
fn failed(record: Record, id: &ClaimId, attempt: u32, outcome: Outcome, now: UnixMillis) -> Step {
    match record {
        // What an earlier attempt was answered says more than a broken connection does.
        Record::InFlight { claim, before: Some(before) }
        | Record::Unknown { claim, outcome: before @ Outcome { answer: Some(_), .. } }
            if claim.id == *id
                && claim.attempt == attempt
                && attempt > 1
                && outcome.answer.is_none() =>
        {
            Step::put(Record::Unknown { claim: claim.ended(now), outcome: before }, Then::Nothing)
        }
        Record::InFlight { claim, .. } | Record::Unknown { claim, .. }
            if claim.id == *id && claim.attempt == attempt =>
        {
            Step::put(Record::Unknown { claim: claim.ended(now), outcome }, Then::Nothing)
        }
        other => Step::keep(other, Then::Nothing),
    }
}

/// An attempt that was not processed. The first one frees the key; a later one says nothing of
/// those before it, so what was known before stays true.
fn freed(record: Record, id: &ClaimId, attempt: u32, now: UnixMillis) -> Step {
    let is_current =
        record.claim().is_some_and(|claim| claim.id == *id && claim.attempt == attempt);
    match record {
        Record::InFlight { claim, before: Some(outcome) } if is_current => {
            Step::put(Record::Unknown { claim: claim.ended(now), outcome }, Then::Nothing)
        }
        Record::InFlight { .. } | Record::Unknown { .. } if is_current && attempt == 1 => {
            Step { record: Record::Vacant, change: Change::Erase, then: Then::Nothing }
        }
        other => Step::keep(other, Then::Nothing),
    }
}

impl Step {
    fn keep(record: Record, then: Then) -> Self {
        Self { record, change: Change::Keep, then }
    }

    fn put(record: Record, then: Then) -> Self {
        Self { record, change: Change::Put, then }
    }

    fn refuse(record: Record, refusal: Refusal) -> Self {
        Self::keep(record, Then::Refuse(refusal))
    }
}
