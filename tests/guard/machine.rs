//! The life of a key: every event in every state, then what time, concurrency and lateness do.

mod alarm;
mod fence;
mod lateness;
mod lingering;
mod moved;
mod operator;
mod places;
mod probe;
mod refusals;
mod streams;
mod submissions;
mod table;
mod time;

use crate::fixtures::{
    CLAIMED_AT, DEADLINE, NONE_OPEN, SINCE, WINDOW, answer, claim, claim_id, credential,
    fingerprint, submission,
};
use onlyonce::guard::machine::{
    Action, AdminRefusal, Event, InMemoryState, Place, QUARANTINE, Refusal, Resolution, StorageOp,
    Submission, Transition, transition,
};
use onlyonce::guard::origin::OriginVerdict;
use onlyonce::guard::record::{Answer, Claim, Outcome, Reason, Record};
use onlyonce::guard::time::{Millis, UnixMillis};

/// Ten seconds into the claim: before its deadline.
const EARLY: UnixMillis = CLAIMED_AT.plus(Millis::seconds(10));
/// The claim that the states below are made of.
const CLAIM: &str = "c1";
/// The claim that a submission brings along.
const FRESH: &str = "c2";

// The states.

fn in_flight() -> Record {
    Record::InFlight { claim: claim(CLAIM), previous: None }
}

/// The second attempt of a claim whose first one was answered 500.
fn resending() -> Record {
    Record::InFlight { claim: second(), previous: Some(server_error()) }
}

fn done() -> Record {
    done_with(answer(201, "created"))
}

fn done_with(answer: Answer) -> Record {
    Record::Done { claim: claim(CLAIM), answer }
}

fn unknown(reason: Reason) -> Record {
    Record::Unknown { claim: claim(CLAIM), outcome: Outcome::new(reason, None, SINCE) }
}

/// Unknown, with the 5xx that the origin gave.
fn held() -> Record {
    Record::Unknown { claim: claim(CLAIM), outcome: server_error() }
}

/// Unknown after a second attempt.
fn unknown_again(reason: Reason) -> Record {
    Record::Unknown { claim: second(), outcome: Outcome::new(reason, None, SINCE) }
}

fn server_error() -> Outcome {
    Outcome::new(Reason::ServerError, Some(answer(500, "oops")), SINCE)
}

/// The claim in its second attempt, which was sent at [`EARLY`].
fn second() -> Claim {
    Claim { attempt: 2, deadline_at: EARLY.plus(DEADLINE), ..claim(CLAIM) }
}

// The submissions.

/// The same request under the same credential.
fn owner() -> Submission {
    submission(FRESH)
}

/// The same request under another credential.
fn stranger() -> Submission {
    Submission { credential: credential("stranger"), ..owner() }
}

fn other_request(from: Submission) -> Submission {
    Submission { fingerprint: fingerprint("other order"), ..from }
}

fn rejecting(from: Submission) -> Submission {
    Submission { reject_in_flight: true, ..from }
}

fn resend(from: Submission) -> Submission {
    Submission { may_resend: true, ..from }
}

/// The same request once it was sent, or once its body is gone.
fn spent(from: Submission) -> Submission {
    Submission { can_send: false, ..from }
}

/// What a vacant key becomes at `now`.
fn claimed(by: Submission, now: UnixMillis) -> Record {
    let claim = Claim {
        fingerprint: by.fingerprint,
        credential: by.credential,
        claimed_at: now,
        deadline_at: now.plus(by.deadline),
        window_ends_at: now.plus(by.retry_window),
        derived_ttl: by.derived_ttl,
        raw_key: by.raw_key,
        ..claim(FRESH)
    };
    Record::InFlight { claim, previous: None }
}

// The origin's events.

fn says(attempt: u32, verdict: OriginVerdict, answer: Answer) -> Event {
    Event::Answered { claim: claim_id(CLAIM), attempt, verdict, answer }
}

fn finally(attempt: u32) -> Event {
    says(attempt, OriginVerdict::Final, answer(201, "created"))
}

fn conflict(attempt: u32) -> Event {
    says(attempt, OriginVerdict::Final, answer(409, "busy"))
}

fn fails_with_503(attempt: u32) -> Event {
    says(attempt, OriginVerdict::MayHaveActed, answer(503, "late"))
}

fn released(attempt: u32) -> Event {
    says(attempt, OriginVerdict::NotProcessed, answer(429, "later"))
}

fn breaks(attempt: u32) -> Event {
    Event::Failed { claim: claim_id(CLAIM), attempt }
}

/// Answered with a status that no response can be made of.
fn answers_999(attempt: u32) -> Event {
    Event::AnsweredNoSuchStatus { claim: claim_id(CLAIM), attempt, status: 999 }
}

fn not_sent(attempt: u32) -> Event {
    Event::NotSent { claim: claim_id(CLAIM), attempt }
}

/// Every event that the origin's side can bring for one attempt.
fn every_report(attempt: u32) -> [Event; 7] {
    [
        finally(attempt),
        conflict(attempt),
        fails_with_503(attempt),
        released(attempt),
        breaks(attempt),
        answers_999(attempt),
        not_sent(attempt),
    ]
}

/// The same report about a claim that the key no longer has.
fn of_another_claim(event: Event) -> Event {
    let id = claim_id("c0");
    match event {
        Event::Answered { attempt, verdict, answer, .. } => {
            Event::Answered { claim: id, attempt, verdict, answer }
        }
        Event::Failed { attempt, .. } => Event::Failed { claim: id, attempt },
        Event::AnsweredNoSuchStatus { attempt, status, .. } => {
            Event::AnsweredNoSuchStatus { claim: id, attempt, status }
        }
        Event::NotSent { attempt, .. } => Event::NotSent { claim: id, attempt },
        other => other,
    }
}

/// The attempts that a state can have open, all of them.
const ALL_OPEN: InMemoryState = InMemoryState { open_calls: &[1, 2], ..NONE_OPEN };

fn open(calls: &[u32]) -> InMemoryState<'_> {
    InMemoryState { open_calls: calls, ..NONE_OPEN }
}

/// One row: in this state, this happens; the record becomes `after`, with this change to storage,
/// and the one who submitted is told this.
#[track_caller]
fn check(
    (before, live, now): (Record, InMemoryState, UnixMillis),
    event: Event,
    (record, storage, action): (Record, StorageOp, Action),
) {
    let row = format!("{before:?}\n{event:?}");
    let transition = transition(before, event, live, now);
    let transition = Transition { record: with_pinned_since(transition.record), ..transition };
    assert_eq!(transition, Transition { record, storage, action }, "{row}");
}

/// The record as the tables write it: since when its outcome is unknown is another table's.
fn with_pinned_since(record: Record) -> Record {
    let pinned = |outcome| Outcome { since: SINCE, ..outcome };
    match record {
        Record::Unknown { claim, outcome } => Record::Unknown { claim, outcome: pinned(outcome) },
        Record::InFlight { claim, previous } => {
            Record::InFlight { claim, previous: previous.map(pinned) }
        }
        other => other,
    }
}

/// One row in which nothing changes and nobody is told anything.
#[track_caller]
fn ignored(before: Record, live: InMemoryState, now: UnixMillis, event: Event) {
    check((before.clone(), live, now), event, (before, StorageOp::Keep, Action::Nothing));
}
