//! Mistakes that a guard could make, each of which breaks one promise. They are planted around the
//! shipped rules, or in the model's copy of the edge's steps; [`Bug::breaks`] says which promise
//! the checker has to find broken.

use crate::ledger::Promise;
use crate::other_credential::{Mistake, misjudged};
use onlyonce::guard::machine::{
    self, Action, Event, InMemoryState, QUARANTINE, StorageOp, Submission, Transition,
};
use onlyonce::guard::origin::OriginVerdict::{Final, NotProcessed};
use onlyonce::guard::record::{Claim, Record};
use onlyonce::guard::time::UnixMillis;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// Something is awaited between reading the record and writing the claim.
    ClaimAfterAwait,
    /// The request leaves before its claim is durable.
    SentBeforeDurable,
    /// A key whose call takes too long is free.
    TimeOutFrees,
    /// A key whose call died with the runtime is free.
    CrashFrees,
    /// A key whose call failed is free.
    LostConnectionFrees,
    /// The alarm deletes whatever it finds.
    AlarmErases,
    /// "Not processed", said to a second sending, frees the key.
    ReleasedResendFrees,
    /// A call that failed is made again.
    OriginRetried,
    /// The one whose request was sent sends it again when its patience ends.
    LeaderSendsAgain,
    /// A retry sends again under `hold`.
    ResendOnHold,
    /// The Worker's own second call counts as a client's retry.
    StubRetryResends,
    /// Whoever waited and finds the outcome unknown sends its request.
    WaitersResend,
    /// The last answer counts, not the first.
    LateAnswerOverwrites,
    /// The first caller sees its answer even where another is stored.
    ShownWithoutStored,
    CredentialIgnored,
    /// Who waits shares an answer that frees the key, whoever it is.
    ReleaseSharedWithAll,
    FingerprintIgnored,
    /// What one credential was refused binds every other one.
    RefusalBindsAll,
    /// Another credential supersedes whatever the origin said.
    SuccessSuperseded,
    /// Another credential hears that its request is another one.
    RequestTold,
    /// A refusal is copied, though another credential may supersede it.
    RefusalCopied,
    /// KV is believed.
    CopyUnchecked,
    /// A copy is shown until its record's last moment.
    CopyWithoutMargin,
    IsolateNeverForgets,
    /// A forgotten key is free at once.
    ForgetWithoutQuarantine,
    /// The quarantine begins with the command, and not with the deletion.
    ForgetUnconfirmed,
    /// A key is forgotten while its copy is on its way to KV.
    ForgetBesideCopying,
    /// An operator frees a key beside an open call, and an answer counts whatever claim it is for.
    AnyAnswerCounts,
    NoAlarm,
    /// An alarm that rang, perhaps too soon, is the last.
    NoSecondAlarm,
    /// An alarm is set with the claim alone.
    AlarmNotMoved,
    /// Calls that outlast the window are let be.
    CallsNotEnded,
    /// A derived key's late answer is remembered from the deadline on.
    LateAnswerAgedEarly,
    /// A derived key is forgotten soon after its call though nobody knows what became of it.
    DoubtForgotten,
    /// Who waits does not look at the deadline.
    DeadlineUnheard,
    /// An answer that is coming in is called unknown at its deadline.
    StreamDoubted,
    /// A stream that outlasts the window is let be.
    StreamNeverEnded,
    /// What an answer does to its record is decided when it comes, and done once it is sealed.
    DecidedBeforeSealing,
    /// The first caller sees its answer while it is being sealed.
    ShownBeforeSealed,
    /// A deletion that failed is not tried again.
    DeletionTriedOnce,
    /// The end of an unknown outcome is told where a record says it, and not where the key is free.
    ErasedUntold,
    /// A submission takes no notice of a fence.
    FenceIgnored,
    /// A caller is told of a fence while its request is on its way.
    FenceClaimed,
    /// The origin is believed that it knows nothing, however soon it is asked.
    AbsenceBelieved,
    /// An absence is judged by when the answer came, and not by when the question was asked.
    AbsenceByItsAnswer,
    /// An absence frees the key beside a call that may still act.
    AbsenceBesideCall,
    /// What the origin says of one claim settles whatever claim there is.
    ProbeOfAnyClaim,
    /// The origin is asked while it is being asked.
    TwoProbes,

    // What the platform is trusted not to do.
    /// What was durable is gone.
    StorageForgets,
    /// A value that was deleted is shown for more than a minute.
    KvStaleForLong,
    /// What a dead instance was writing to KV arrives long after.
    WriteOutlivesInstance,
    /// Who waits is not told of a change.
    WaitersSleep,
    /// The one whose request was sent has no deadline, and is not told of a failure.
    LeaderSleeps,
}

impl Bug {
    pub fn breaks(self) -> Promise {
        match self {
            Self::ClaimAfterAwait
            | Self::SentBeforeDurable
            | Self::TimeOutFrees
            | Self::CrashFrees
            | Self::LostConnectionFrees
            | Self::AlarmErases
            | Self::StorageForgets
            | Self::LateAnswerAgedEarly
            | Self::DoubtForgotten
            | Self::SuccessSuperseded
            | Self::AbsenceBelieved
            | Self::AbsenceByItsAnswer
            | Self::AbsenceBesideCall
            | Self::ReleasedResendFrees => Promise::ClaimOnly,
            Self::OriginRetried => Promise::OneSending,
            Self::LeaderSendsAgain
            | Self::ResendOnHold
            | Self::StubRetryResends
            | Self::WaitersResend => Promise::ResendOnly,
            Self::LateAnswerOverwrites
            | Self::ShownWithoutStored
            | Self::DecidedBeforeSealing
            | Self::ShownBeforeSealed
            | Self::AnyAnswerCounts
            | Self::ProbeOfAnyClaim => Promise::OneAnswer,
            Self::TwoProbes => Promise::OneProbe,
            Self::CredentialIgnored | Self::ReleaseSharedWithAll => Promise::OwnCredential,
            Self::FingerprintIgnored => Promise::OwnRequest,
            Self::RefusalBindsAll => Promise::OwnRefusal,
            Self::RequestTold => Promise::NothingTold,
            Self::CopyUnchecked
            | Self::RefusalCopied
            | Self::CopyWithoutMargin
            | Self::IsolateNeverForgets
            | Self::ForgetWithoutQuarantine
            | Self::ForgetUnconfirmed
            | Self::ForgetBesideCopying
            | Self::KvStaleForLong
            | Self::WriteOutlivesInstance => Promise::NoOldCopy,
            Self::NoAlarm | Self::StreamNeverEnded => Promise::NoneInFlight,
            Self::StreamDoubted => Promise::NoneDoubted,
            Self::ErasedUntold => Promise::ToldOnce,
            Self::FenceIgnored | Self::FenceClaimed => Promise::NoneAfterFence,
            Self::DeletionTriedOnce | Self::NoSecondAlarm | Self::CallsNotEnded => {
                Promise::AllForgotten
            }
            Self::AlarmNotMoved => Promise::AllWatched,
            Self::WaitersSleep | Self::LeaderSleeps | Self::DeadlineUnheard => Promise::AllAnswered,
        }
    }
}

/// The shipped rules, or the shipped rules with a mistake around them.
pub fn transition(
    bug: Option<Bug>,
    record: Record,
    event: Event,
    live: InMemoryState,
    now: UnixMillis,
) -> Transition {
    let Some(bug) = bug else { return machine::transition(record, event, live, now) };
    if is_unlocked(bug, &record, &event, live, now) {
        let step = machine::transition(Record::Vacant, event, live, now);
        let is_kept = step.storage == StorageOp::Keep;
        let storage = if is_kept { StorageOp::Erase } else { step.storage };
        return Transition { storage, ..step };
    }
    let about_others = match bug {
        Bug::RefusalBindsAll => Some(Mistake::RefusalBindsAll),
        Bug::RequestTold => Some(Mistake::RequestTold),
        _ => None,
    };
    if let Some(refusal) = about_others.and_then(|bug| misjudged(bug, &record, &event)) {
        return Transition { record, storage: StorageOp::Keep, action: Action::Refuse(refusal) };
    }
    if let Some(record) = overwritten(bug, &record, &event) {
        return Transition { record, storage: StorageOp::Put, action: Action::Nothing };
    }
    let live = blind(bug, &event, live);
    let event = mistaken(bug, &record, event);
    aged(bug, hasty(bug, machine::transition(record, event, live, now), now))
}

/// Whether a mistake takes the record for vacant.
fn is_unlocked(
    bug: Bug,
    record: &Record,
    event: &Event,
    live: InMemoryState,
    now: UnixMillis,
) -> bool {
    if let (Record::Done { claim, .. }, Event::Submitted(submission)) = (record, event) {
        return bug == Bug::SuccessSuperseded && claim.credential != submission.credential;
    }
    if let (Record::Fenced { .. }, Event::Submitted(_)) = (record, event) {
        return bug == Bug::FenceIgnored;
    }
    if let Record::Unknown { claim, .. } = record {
        let soon = claim.derived_ttl.map(|ttl| claim.deadline_at.plus(ttl));
        let is_soon_over = soon.is_some_and(|soon| now >= soon) && live.open_calls.is_empty();
        return bug == Bug::DoubtForgotten && is_soon_over;
    }
    let Record::InFlight { claim, previous } = record else { return false };
    match bug {
        Bug::TimeOutFrees => now >= claim.deadline_at,
        Bug::CrashFrees => !live.open_calls.contains(&claim.attempt),
        Bug::AlarmErases => matches!(event, Event::Alarm { .. }),
        Bug::ReleasedResendFrees => {
            previous.is_some() && matches!(event, Event::Answered { verdict: NotProcessed, .. })
        }
        _ => false,
    }
}

/// An answer that a mistake puts into the place of another.
fn overwritten(bug: Bug, record: &Record, event: &Event) -> Option<Record> {
    let Record::Done { claim, .. } = record else { return None };
    let Event::Answered { verdict: Final, answer, .. } = event else { return None };
    let record = Record::Done { claim: claim.clone(), answer: answer.clone() };
    (bug == Bug::LateAnswerOverwrites).then_some(record)
}

/// What a mistake leaves out of sight.
fn blind<'a>(bug: Bug, event: &Event, live: InMemoryState<'a>) -> InMemoryState<'a> {
    match (bug, event) {
        (Bug::ForgetBesideCopying, Event::Forget) => InMemoryState { copying: false, ..live },
        (Bug::AnyAnswerCounts, Event::Resolve { .. }) => InMemoryState { open_calls: &[], ..live },
        (Bug::AbsenceBesideCall, Event::Probed(_)) => InMemoryState { open_calls: &[], ..live },
        (Bug::StreamDoubted, _) => InMemoryState { streaming: &[], ..live },
        _ => live,
    }
}

/// An event as a mistake understands it.
fn mistaken(bug: Bug, record: &Record, event: Event) -> Event {
    match (bug, event, record.claim()) {
        (Bug::LostConnectionFrees, Event::Failed { claim, attempt }, _) => {
            Event::NotSent { claim, attempt }
        }
        (Bug::AnyAnswerCounts, Event::Answered { attempt, verdict, answer, .. }, Some(claim)) => {
            Event::Answered { claim: claim.id, attempt, verdict, answer }
        }
        (bug, Event::Submitted(submission), claim) => {
            Event::Submitted(misread(bug, submission, claim))
        }
        (_, event, _) => event,
    }
}

fn misread(bug: Bug, mut submission: Submission, claim: Option<&Claim>) -> Submission {
    match (bug, claim) {
        (Bug::CredentialIgnored, Some(claim)) => submission.credential = claim.credential.clone(),
        (Bug::FingerprintIgnored, Some(claim)) => {
            submission.fingerprint = claim.fingerprint.clone();
        }
        (Bug::ResendOnHold, _) => submission.may_resend = true,
        _ => {}
    }
    submission
}

/// A step whose answer is older than it should be.
fn aged(bug: Bug, mut step: Transition) -> Transition {
    if let Record::Done { claim, .. } = &mut step.record
        && bug == Bug::LateAnswerAgedEarly
    {
        claim.answered_at = claim.answered_at.map(|answered_at| answered_at.min(claim.deadline_at));
    }
    step
}

/// A step that a mistake takes too soon, or not at all.
fn hasty(bug: Bug, step: Transition, now: UnixMillis) -> Transition {
    let until = match step.record {
        Record::Forgotten { until } => until,
        Record::InFlight { .. } if bug == Bug::StreamNeverEnded => {
            let action = match step.action {
                Action::EndCalls => Action::Nothing,
                action => action,
            };
            return Transition { action, ..step };
        }
        _ => return step,
    };
    match (bug, until, step.storage) {
        (Bug::ForgetWithoutQuarantine, Some(_), _) => {
            Transition { record: Record::Vacant, storage: StorageOp::Erase, ..step }
        }
        (Bug::ForgetUnconfirmed, None, StorageOp::Put) => {
            Transition { record: Record::Forgotten { until: Some(now.plus(QUARANTINE)) }, ..step }
        }
        (Bug::DeletionTriedOnce, None, StorageOp::Keep) => {
            Transition { action: Action::Nothing, ..step }
        }
        _ => step,
    }
}
