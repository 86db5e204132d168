//! The life of a key, as one function of what is stored, what happens, and when.
//!
//! 1. A claim is stored before its request is sent, and one claim sends one request.
//! 2. Only an answer that means "not processed" or the end of the retry window frees a key; only
//!    `resend` sends a claim's request a second time.
//! 3. A record in flight without a call in memory is unknown. So is one past its deadline, but its
//!    call goes on, and a late answer still becomes the stored one. Whoever looks finds that out.
//! 4. An answer or a failure that belongs to another claim changes nothing.
//! 5. Another request under the key is refused, whatever else is true of it.
//! 6. An answer is shown only to the credential that caused it.
//! 7. Nothing is forgotten while a call is open.
//! 8. A key that an operator forgets stays shut until no copy of its answer can be left: until two
//!    minutes after its copy is known to be deleted.
//! 9. An operator who knows what became of an unknown outcome says so about one claim, and only
//!    while it is unknown; an open call may still tell, so it keeps the key from being freed.

mod alarm;
mod operator;
mod reports;
mod submissions;

use super::fingerprint::Fingerprint;
use super::origin::OriginVerdict;
use super::record::{Answer, Claim, ClaimId, Outcome, Reason, Record};
use super::scope::Credential;
use super::time::{Millis, UnixMillis};
use operator::{copy_deleted, forget, on_alarm, on_look, resolve};
use reports::{answered, failed, on_not_processed};
use submissions::submitted;

/// The most duplicates that wait for one answer; each holds a connection and some memory.
pub const MAX_WAITING: usize = 100;

/// Something that happened to a key.
#[derive(Clone, Debug)]
pub enum Event {
    /// A client's request arrived, complete.
    Submitted(Submission),
    /// The origin answered one attempt of a claim, to the last byte that is kept.
    Answered { claim: ClaimId, attempt: u32, verdict: OriginVerdict, answer: Answer },
    /// The call of an attempt failed after it may have reached the origin.
    Failed { claim: ClaimId, attempt: u32 },
    /// The call of an attempt failed before anything was sent.
    NotSent { claim: ClaimId, attempt: u32 },
    /// Somebody looks at what time has done.
    Look,
    /// The alarm rang, which uses it up.
    Alarm,
    /// An operator wants the key to be free, whatever became of it.
    Forget,
    /// The copy of a forgotten key's answer is deleted.
    CopyDeleted,
    /// An operator found out what became of a claim.
    Resolve { claim: ClaimId, resolution: Resolution },
}

/// What an operator found out.
#[derive(Clone, Debug)]
pub enum Resolution {
    /// The origin did not act.
    NotProcessed,
    /// The origin acted, and this is what retries are to be told.
    Answered(Answer),
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
    pub derived_ttl: Option<Millis>,
    /// `in_flight = "reject"`.
    pub reject_in_flight: bool,
    /// Whether this request may cause a second sending: it is a client's retry under
    /// `unknown = "resend"`, not a waiter that looks again or a stub call made twice.
    pub may_resend: bool,
    /// Whether this request may be sent: it has not been sent already, and its body is still there.
    pub can_send: bool,
    /// The key's header value, to be kept for a second sending.
    pub raw_key: Option<String>,
}

/// What only the living instance knows.
#[derive(Clone, Copy, Debug, Default)]
pub struct InMemoryState<'a> {
    /// The attempts whose calls are open.
    pub open_calls: &'a [u32],
    /// How many duplicates wait.
    pub waiting: usize,
    /// Whether a copy of the answer is on its way to KV.
    pub copying: bool,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    pub record: Record,
    pub change: StorageOp,
    /// The alarm that has to be set; nothing where the one that is set will do.
    pub alarm: Option<UnixMillis>,
    pub then: Action,
}

/// What happens to storage. A change also wakes those who wait: they look again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageOp {
    Keep,
    /// Store the record.
    Put,
    /// Delete everything, the alarm included.
    Erase,
}

/// What the one who submitted does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    Nothing,
    /// Send it to the origin; this caller owns the claim.
    Forward,
    /// Wait for the call that is open.
    Join,
    /// Show the record's answer.
    Replay,
    Refuse(Refusal),
    /// Delete the copy in KV, and say so with [`Event::CopyDeleted`].
    DropCopy,
    /// End the calls that are open: they outlast the retry window, and an origin that never answers
    /// would keep the object in memory, and the record, for ever. They end as calls that failed, so
    /// nothing is unlocked before its time.
    EndCalls,
    /// Tell the operator why nothing was done.
    RefuseAdmin(AdminRefusal),
}

/// Why an operator's wish is not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdminRefusal {
    /// There is no record.
    Vacant,
    /// A call is open, or a copy is being written.
    CallOpen,
    /// The record is not unknown under that claim.
    NotUnknown,
}

/// Why there is no answer to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    KeyReused,
    CredentialChanged,
    InProgress {
        retry_after: Millis,
    },
    ResponseNotKept,
    OutcomeUnknown(Reason),
    /// The shard's calls to the origin are all waiting.
    OriginBusy,
}

/// How soon a duplicate that did not wait to the end may ask again.
pub const ASK_AGAIN: Millis = Millis::seconds(2);

/// How long a forgotten key stays shut once its copy is deleted: KV may show a deleted value for a
/// minute (Workers KV, "How KV works"), and an isolate remembers what it has seen for another.
pub const QUARANTINE: Millis = Millis::seconds(120);

/// Decides what an event does to a record.
pub fn transition(
    record: Record,
    event: Event,
    live: InMemoryState,
    now: UnixMillis,
) -> Transition {
    // An alarm that rang has told; whatever is left asks anew.
    let asked = if matches!(event, Event::Alarm) { None } else { record.alarm_at() };
    let (record, settled) = apply_time(record, live, now);
    let step = match event {
        Event::Look => on_look(record),
        Event::Alarm => on_alarm(record, now),
        Event::Forget => forget(record, live),
        Event::CopyDeleted => copy_deleted(record, now),
        Event::Resolve { claim, resolution } => resolve(record, &claim, resolution, live, now),
        Event::Submitted(submission) => submitted(record, submission, live, now),
        Event::Answered { claim, attempt, verdict, answer } => match verdict {
            OriginVerdict::NotProcessed => on_not_processed(record, &claim, attempt, now),
            OriginVerdict::Final => answered(record, &claim, attempt, answer, now),
            OriginVerdict::MayHaveActed => {
                let outcome = Outcome { reason: Reason::ServerError, answer: Some(answer) };
                failed(record, &claim, attempt, outcome, now)
            }
        },
        Event::Failed { claim, attempt } => {
            let outcome = Outcome { reason: Reason::ConnectionLost, answer: None };
            failed(record, &claim, attempt, outcome, now)
        }
        Event::NotSent { claim, attempt } => on_not_processed(record, &claim, attempt, now),
    };
    Transition {
        change: if step.change == StorageOp::Keep { settled } else { step.change },
        alarm: alarm::needed(asked, &step.record, now),
        ..step
    }
}

/// What time alone has done to a record.
fn apply_time(record: Record, live: InMemoryState, now: UnixMillis) -> (Record, StorageOp) {
    let (record, change) = match record {
        Record::InFlight { claim, previous } if !live.open_calls.contains(&claim.attempt) => {
            let call_ended_at = now.min(claim.deadline_at);
            (unknown(claim.ended(call_ended_at), previous, Reason::Restarted), StorageOp::Put)
        }
        Record::InFlight { claim, previous } if now >= claim.deadline_at => {
            let call_ended_at = claim.deadline_at;
            (unknown(claim.ended(call_ended_at), previous, Reason::DeadlinePassed), StorageOp::Put)
        }
        Record::Forgotten { until: Some(until) } if now >= until => return ERASED,
        Record::Forgotten { .. } | Record::Vacant => return (record, StorageOp::Keep),
        other => (other, StorageOp::Keep),
    };
    match binding_claim(&record, live, now) {
        Some(_) => (record, change),
        None => ERASED,
    }
}

const ERASED: (Record, StorageOp) = (Record::Vacant, StorageOp::Erase);

/// The claim that still binds: its window has not ended, or a call of it is open.
pub fn binding_claim<'a>(
    record: &'a Record,
    live: InMemoryState,
    now: UnixMillis,
) -> Option<&'a Claim> {
    record.claim().filter(|claim| now < claim.expires_at() || !live.open_calls.is_empty())
}

/// A call that will not be waited for any longer. What an earlier attempt left behind says more
/// than a reason does.
fn unknown(claim: Claim, previous: Option<Outcome>, reason: Reason) -> Record {
    Record::Unknown { claim, outcome: previous.unwrap_or(Outcome { reason, answer: None }) }
}

impl Transition {
    const ERASE: Self = Self {
        record: Record::Vacant,
        change: StorageOp::Erase,
        alarm: None,
        then: Action::Nothing,
    };

    fn keep(record: Record, then: Action) -> Self {
        Self { record, change: StorageOp::Keep, alarm: None, then }
    }

    fn put(record: Record, then: Action) -> Self {
        Self { record, change: StorageOp::Put, alarm: None, then }
    }

    fn refuse(record: Record, refusal: Refusal) -> Self {
        Self::keep(record, Action::Refuse(refusal))
    }
}
