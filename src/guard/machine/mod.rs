//! The life of a key, as one function of what is stored, what happens, and when.
//!
//! 1. A claim is stored before its request is sent, and one claim sends one request.
//! 2. Only an answer that means "not processed" or the end of the retry window frees a key; a derived key
//!    is free soon after any answer, and for other credentials than the one that got it a final 4xx frees
//!    every key. Only `resend` sends a claim's request a second time.
//! 3. A record in flight without a call in memory is unknown. So is one past its deadline, unless its
//!    answer is coming in, piece by piece; the call goes on, and a late answer still becomes the stored
//!    one. Whoever looks finds that out.
//! 4. An answer or a failure that belongs to another claim changes nothing.
//! 5. Another request under the key is refused, whatever else is true of it.
//! 6. An answer is shown only to the credential that caused it. Any other one is told the same whatever
//!    its request is: nobody learns from a refusal whether a guess at another's request is right.
//! 7. Nothing is forgotten while a call is open.
//! 8. A key that an operator forgets stays shut until no copy of its answer can be left: until two
//!    minutes after its copy is known to be deleted.
//! 9. A claim is made only by a request that has one of the shard's places: what is claimed is sent in
//!    the same turn.
//! 10. A shard that no longer has a key says so once and for all: it writes a fence, and nobody claims
//!     the key there until the fence's end.
//! 11. A caller may fence a key of which nothing is known: from then on nobody claims it until the
//!     fence's end. What is known is told as it is, and stays.
//! 12. What the origin says when it is asked about an unknown outcome counts for the claim that it was
//!     asked about. That there is nothing frees the key only where it was asked late enough, and no call
//!     is open. It is asked by one at a time.
//! 13. A deployment may limit how many keys one caller claims. Whoever is over that limit claims nothing,
//!     and is told all that is known of a key as ever.
//! 14. An operator who knows what became of an unknown outcome says so about one claim, and only
//!     while it is unknown; an open call may still tell, so it keeps the key from being freed.

mod fence;
mod operator;
mod probe;
mod reports;
mod submissions;

use super::fingerprint::Fingerprint;
use super::origin::OriginVerdict;
use super::record::{Answer, Claim, ClaimId, Outcome, Reason, Record};
use super::scope::Credential;
use super::settle::Settle;
use super::time::{Millis, UnixMillis};
pub use fence::Fence;
use fence::{ask, fence};
use operator::{copy_deleted, forget, on_alarm, on_look, resolve};
pub use probe::Probed;
use probe::probed;
use reports::{answered, failed, on_not_processed};
use serde::{Deserialize, Serialize};
use std::rc::Rc;
use submissions::submitted;

/// The most duplicates that wait for one answer; each holds a connection and some memory.
pub const MAX_WAITING: usize = 100;

/// How many of these may wait under another credential than the claim's. Whoever knows a key and its
/// scope could else fill the places of its owner.
pub const MAX_OTHERS_WAITING: usize = 20;

/// Something that happened to a key.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one at a time, and most are submissions")]
pub enum Event {
    /// A client's request arrived, complete.
    Submitted(Submission),
    /// The origin answered one attempt of a claim, to the last byte that is kept.
    Answered { claim: ClaimId, attempt: u32, verdict: OriginVerdict, answer: Answer },
    /// The call of an attempt failed after it may have reached the origin.
    Failed { claim: ClaimId, attempt: u32 },
    /// The origin answered with a status that no response can be made of.
    AnsweredNoSuchStatus { claim: ClaimId, attempt: u32, status: u16 },
    /// The call of an attempt failed before anything was sent.
    NotSent { claim: ClaimId, attempt: u32 },
    /// Somebody looks at what time has done.
    Look,
    /// The alarm rang, which uses it up.
    Alarm {
        /// How the origin can be asked, where it can without a caller.
        settle: Option<Rc<Settle>>,
    },
    /// The origin was asked what became of a claim.
    Probed(Probed),
    /// An operator wants the key to be free, whatever became of it.
    Forget,
    /// The copy of a forgotten key's answer is deleted.
    CopyDeleted,
    /// The caller asks what became of its key.
    Ask { credential: Credential },
    /// The caller says that its key shall never be carried out.
    Fence(Fence),
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
    /// Both in the policy's own ways, where the living record's are others: for a claim that supersedes it.
    pub under_policy: Option<Box<(Fingerprint, Credential)>>,
    pub method: String,
    /// The pattern of its route.
    pub route: String,
    pub retry_window: Millis,
    pub deadline: Millis,
    /// `derive_window`, for a derived key.
    pub derived_ttl: Option<Millis>,
    /// `in_flight = "reject"`.
    pub reject_in_flight: bool,
    /// Whether this request may cause a second sending: it is a client's retry under
    /// `unknown = "resend"`, not a waiter that looks again or a stub call made twice.
    pub may_resend: bool,
    /// Whether the origin can be asked what becomes of the claim that this request makes.
    pub settles: bool,
    /// As of a claim.
    pub asked_as: Vec<(String, String)>,
    /// Whether it may be asked now, with this request's own credentials: it is a retry that looks for the
    /// first time.
    pub may_probe: bool,
    /// Whether this request may be sent: it has not been sent already, and its body is still there.
    pub can_send: bool,
    /// Whether it has one of the shard's places, without which nothing is claimed.
    pub place: Place,
    /// The key belongs to another shard since `shards` was changed: it is carried out here only if it
    /// is known here.
    pub known_only: bool,
    /// The key's header value, to be kept for a second sending, or to ask the origin with.
    pub raw_key: Option<String>,
}

/// Whether a submission has one of its shard's places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Taken,
    /// It has not asked for one.
    Wanted,
    /// It has waited for one in vain.
    Denied,
    /// It gets none for a new key: its caller has had too many. For a known one it may ask.
    OverLimit,
}

/// What only the living instance knows.
#[derive(Clone, Copy, Debug, Default)]
pub struct InMemoryState<'a> {
    /// The attempts whose calls are open.
    pub open_calls: &'a [u32],
    /// Those of them whose answers are coming in as streams.
    pub streaming: &'a [u32],
    /// How many duplicates wait.
    pub waiting: usize,
    /// How many of them show another credential than the claim's.
    pub others_waiting: usize,
    /// Whether a copy of the answer is on its way to KV.
    pub copying: bool,
    /// Whether the answer is being read from its rows.
    pub reading: bool,
    /// The claims of which the origin is being asked what became.
    pub probing: &'a [ClaimId],
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transition {
    pub record: Record,
    pub storage: StorageOp,
    pub action: Action,
}

/// What happens to storage. A change also wakes those who wait: they look again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageOp {
    Keep,
    /// Store the record.
    Put,
    /// Delete all that the key left.
    Erase,
}

/// What the one who submitted does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    Nothing,
    /// Send it to the origin; this caller owns the claim.
    Forward,
    /// Take one of the shard's places, or wait for one, and decide again: the key is free.
    AwaitPlace,
    /// Tell the Worker that the key lives in another shard; nobody claims it here any more.
    ConfirmMove,
    /// Wait for the call, or the question to the origin, that is open.
    Join,
    /// Ask the origin what became of it, and say so with [`Event::Probed`].
    Probe,
    /// Show the record's answer.
    Replay,
    Refuse(Refusal),
    /// Tell the caller the record's state.
    Tell,
    /// Delete the copy in KV, and say so with [`Event::CopyDeleted`].
    DropCopy,
    /// End the calls that are open: they outlast the retry window, and an origin that never answers
    /// would keep the object in memory, and the record, for ever. They end as calls that failed, so
    /// nothing is unlocked before its time.
    EndCalls,
    /// Tell the operator why nothing was done.
    RefuseAdmin(AdminRefusal),
}

/// Why an operator's command is not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdminRefusal {
    #[error("there is no record under this id; nothing is left to do")]
    Vacant,
    /// A call is open, or a copy is being written.
    #[error(
        "a call for this record is open, and may still act or be written down; ask again when the record says \"call_open\": false"
    )]
    CallOpen,
    #[error(
        "the record is not unknown under this claim; look at the record, and send the claim that it shows now"
    )]
    NotUnknown,
}

/// Why there is no answer to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    KeyReused,
    CredentialChanged,
    InProgress {
        retry_after: Millis,
    },
    /// The origin's answer had this status.
    ResponseNotKept {
        status: u16,
    },
    OutcomeUnknown(Reason),
    /// The shard's calls to the origin are all waiting.
    OriginBusy,
    /// The key lives in another shard, which the Worker's policy does not know of.
    Moved,
    /// Its caller has said that it shall never be carried out.
    KeyFenced,
    /// Its caller has claimed more keys than a deployment takes in this time.
    TooManyKeys,
}

/// How soon a duplicate that did not wait to the end may ask again.
pub const ASK_AGAIN: Millis = Millis::seconds(2);

/// How long a forgotten key stays shut once its copy is deleted: KV may show a deleted value for a
/// minute (Workers KV, "How KV works"), and an isolate remembers what it has seen for another.
pub const QUARANTINE: Millis = Millis::seconds(120);

/// How much longer a fence stands than the window of a claim that it was confirmed for. That claim is
/// made some time later, in another shard, and clocks differ: this is longer than a request lives, which
/// waits for two minutes and leads for an hour at most.
pub const FENCE_MARGIN: Millis = Millis::hours(2);

/// Decides what an event does to a record.
pub fn transition(
    record: Record,
    event: Event,
    live: InMemoryState,
    now: UnixMillis,
) -> Transition {
    let (record, by_time) = apply_time(record, live, now);
    let transition = match event {
        Event::Look => on_look(record),
        Event::Alarm { settle } => on_alarm(record, settle.as_deref(), live, now),
        Event::Probed(probe) => probed(record, probe, live, now),
        Event::Forget => forget(record, live),
        Event::CopyDeleted => copy_deleted(record, now),
        Event::Ask { credential } => ask(record, &credential),
        Event::Fence(wanted) => fence(record, &wanted, live, now),
        Event::Resolve { claim, resolution } => resolve(record, &claim, resolution, live, now),
        Event::Submitted(submission) => submitted(record, submission, live, now),
        Event::Answered { claim, attempt, verdict, answer } => match verdict {
            OriginVerdict::NotProcessed => on_not_processed(record, &claim, attempt),
            OriginVerdict::Final => answered(record, &claim, attempt, answer, now),
            OriginVerdict::MayHaveActed => {
                let outcome = Outcome::new(Reason::ServerError, Some(answer), now);
                failed(record, &claim, attempt, outcome)
            }
        },
        Event::Failed { claim, attempt } => {
            let outcome = Outcome::new(Reason::ConnectionLost, None, now);
            failed(record, &claim, attempt, outcome)
        }
        Event::AnsweredNoSuchStatus { claim, attempt, status } => {
            let outcome = Outcome::new(Reason::NoSuchStatus(status), None, now);
            failed(record, &claim, attempt, outcome)
        }
        Event::NotSent { claim, attempt } => on_not_processed(record, &claim, attempt),
    };
    Transition {
        storage: if transition.storage == StorageOp::Keep { by_time } else { transition.storage },
        ..transition
    }
}

/// What time alone has done to a record.
fn apply_time(record: Record, live: InMemoryState, now: UnixMillis) -> (Record, StorageOp) {
    let (record, change) = match record {
        Record::InFlight { claim, previous } if !live.open_calls.contains(&claim.attempt) => {
            (unknown(claim, previous, Reason::Restarted, now), StorageOp::Put)
        }
        Record::InFlight { claim, previous }
            if now >= claim.deadline_at && !live.streaming.contains(&claim.attempt) =>
        {
            (unknown(claim, previous, Reason::DeadlinePassed, now), StorageOp::Put)
        }
        Record::Forgotten { until: Some(until) }
        | Record::Moved { until }
        | Record::Fenced { until }
            if now >= until =>
        {
            return ERASED;
        }
        Record::Forgotten { .. }
        | Record::Moved { .. }
        | Record::Fenced { .. }
        | Record::Vacant => {
            return (record, StorageOp::Keep);
        }
        other => (other, StorageOp::Keep),
    };
    match binding_claim(&record, live, now) {
        Some(_) => (record, change),
        None => ERASED,
    }
}

const ERASED: (Record, StorageOp) = (Record::Vacant, StorageOp::Erase);

/// The claim that still binds: its window has not ended, a call of it is open, or somebody is reading
/// its answer's rows, who reads them to their end.
pub fn binding_claim<'a>(
    record: &'a Record,
    live: InMemoryState,
    now: UnixMillis,
) -> Option<&'a Claim> {
    let is_in_use = live.reading || !live.open_calls.is_empty();
    record.claim().filter(|_| is_in_use || record.expires_at().is_some_and(|end| now < end))
}

/// A call that will not be waited for any longer. What an earlier attempt left behind says more
/// than a reason does.
fn unknown(claim: Claim, previous: Option<Outcome>, reason: Reason, now: UnixMillis) -> Record {
    Record::Unknown { claim, outcome: previous.unwrap_or(Outcome::new(reason, None, now)) }
}

impl Transition {
    const ERASE: Self =
        Self { record: Record::Vacant, storage: StorageOp::Erase, action: Action::Nothing };

    fn keep(record: Record, action: Action) -> Self {
        Self { record, storage: StorageOp::Keep, action }
    }

    fn put(record: Record, action: Action) -> Self {
        Self { record, storage: StorageOp::Put, action }
    }

    fn refuse(record: Record, refusal: Refusal) -> Self {
        Self::keep(record, Action::Refuse(refusal))
    }
}
