//! A client's request at its key's shard, from its arrival to the reply.
//!
//! 1. It takes a place before it claims: what is claimed is sent in the same turn.
//!    Where new keys are limited, it asks before that whether its caller may have another one.
//! 2. Who finds a call open waits for it in memory, and is woken by it; nobody polls.

use super::super::config::config;
use super::super::object_client::RpcReply;
use super::super::platform::timeout::{sleep, within};
use super::super::platform::{log, now, random_bits};
use super::context::ObjectContext;
use super::copy_writer::write_copy;
use super::in_memory::{Answered, Wakeup};
use super::incoming_submission::{IncomingSubmission, Pass};
use super::origin_request::OriginRequest;
use super::origin_response::receive;
use super::places::HeldPlace;
use super::probe::probe_for;
use super::reply;
use crate::guard::hex::Hex;
use crate::guard::machine::{ASK_AGAIN, Action, Event, Place, Refusal, Transition};
use crate::guard::policy::KvWrite;
use crate::guard::record::{Answer, AnswerSource, Claim, ClaimId, Record};
use crate::guard::rpc::{Delivery, DryRun, KeySource, SubmitRequest};
use crate::guard::seen::DuplicateKind;
use crate::guard::time::Millis;
use futures_channel::oneshot;
use std::rc::Rc;
use wasm_bindgen::JsValue;
use web_sys::{AbortController, Headers};

/// Timers and the clock round differently: a caller that looked at its deadline a moment too
/// early would see a call that is still in time.
const TIMER_SLACK: Millis = Millis(10);

/// A policy that only watches has its caller wait as it would without a guard: to the end. This is
/// the longest time that a timer holds, in milliseconds.
const NO_LIMIT: Millis = Millis(i32::MAX as u64);

const COME_AGAIN: Refusal = Refusal::InProgress { retry_after: ASK_AGAIN };

const NO_PLACE: &str = "the shard's calls to the origin are all waiting";

type Reply = Result<RpcReply, JsValue>;

/// Answers a client's request.
pub async fn handle_submit(
    context: &Rc<ObjectContext>,
    message: &[u8],
    headers: Headers,
    body: JsValue,
) -> Reply {
    let config = match config(&context.env) {
        Ok(config) => config,
        Err(misconfigured) => return Ok(reply::unavailable(&*misconfigured.detail)),
    };
    let request = match SubmitRequest::decode(message) {
        Ok(request) => request,
        Err(error) => return Ok(reply::unavailable(error.to_string())),
    };
    let submission = match IncomingSubmission::read(request, headers, body, config).await {
        Ok(submission) => submission,
        Err(detail) => return Ok(reply::unavailable(detail)),
    };
    Handling {
        context,
        submission: &submission,
        pass: Pass::First,
        place: Place::Wanted,
        is_limited: is_limited(context, &submission),
        answered: None,
    }
    .run()
    .await
}

/// Whether its caller's new keys are counted. A queue's messages are its team's own, and who only watches
/// refuses nothing.
fn is_limited(context: &ObjectContext, submission: &IncomingSubmission) -> bool {
    context.bindings.new_keys.is_some()
        && submission.request.key != KeySource::Queue
        && !submission.is_observed()
}

fn is_unknown(record: &Record) -> bool {
    matches!(record, Record::Unknown { .. })
}

/// Counts a new key of its caller's. A limiter that fails or takes its time keeps no request back.
async fn may_claim(context: &ObjectContext, submission: &IncomingSubmission) -> bool {
    let Some(limiter) = &context.bindings.new_keys else { return true };
    let Some(caller) = submission.caller(&context.bindings.pepper) else { return true };
    match within(LIMITER_PATIENCE, limiter.limit(caller)).await {
        Some(Ok(outcome)) => outcome.success,
        Some(Err(error)) => {
            log::warning(&format!("onlyonce: NEW_KEYS could not be asked: {error}"));
            true
        }
        None => true,
    }
}

/// How long a request waits for the limiter's word.
const LIMITER_PATIENCE: Millis = Millis(500);

/// One request on its way through its key's states.
struct Handling<'a> {
    context: &'a Rc<ObjectContext>,
    submission: &'a IncomingSubmission,
    pass: Pass,
    place: Place,
    /// Whether nobody has said yet that its caller may claim another key.
    is_limited: bool,
    /// The answer that it has waited for, as it came.
    answered: Option<Rc<Answered>>,
}

impl Handling<'_> {
    async fn run(mut self) -> Reply {
        let mut held = None;
        loop {
            // A place that is free is taken on trial, and given back in this turn where it is not needed:
            // that spares the claim, which is the usual case, a second look at its record.
            let place = held.take().or_else(|| self.place_on_trial());
            let transition = match self.try_claim(place.is_some()) {
                Ok(transition) => transition,
                Err(reply) => return Ok(reply),
            };
            match (transition.action, place) {
                (Action::AwaitPlace, _) if self.submission.is_observed() => {
                    return Ok(reply::unavailable(NO_PLACE));
                }
                // Nothing has been claimed, and the record is read again after this: another request may
                // claim the key meanwhile, and is found then.
                (Action::AwaitPlace, _) if self.is_limited && !is_unknown(&transition.record) => {
                    self.is_limited = false;
                    if !may_claim(self.context, self.submission).await {
                        self.place = Place::OverLimit;
                    }
                }
                (Action::AwaitPlace, _) => {
                    held = self.context.places.wait_for_call().await;
                    if held.is_none() {
                        self.place = Place::Denied;
                    }
                }
                (Action::Forward, Some(place)) => {
                    let Record::InFlight { claim, .. } = transition.record else {
                        return Ok(reply::refused(COME_AGAIN, &transition.record));
                    };
                    if let Some(reply) = self.lead(claim, place).await {
                        return reply;
                    }
                    self.pass = Pass::Led;
                }
                (Action::Probe, Some(place)) => {
                    probe_for(self.context, self.submission, &transition.record, place).await;
                    self.pass = Pass::Waited;
                }
                (action, place) => {
                    drop(place);
                    let transition = Transition { action, ..transition };
                    if let Some(reply) = self.act_on(transition).await {
                        return reply;
                    }
                    self.pass = if self.pass == Pass::Led { Pass::Led } else { Pass::Waited };
                }
            }
        }
    }

    /// A place, for a request that would claim as soon as it has one.
    fn place_on_trial(&self) -> Option<HeldPlace> {
        match self.is_limited || self.place == Place::OverLimit {
            true => None,
            false => self.context.places.take_for_call(),
        }
    }

    /// Claims the key for a request that has a place, or learns what became of an earlier one.
    ///
    /// # Errors
    ///
    /// What to reply: the record cannot be used, or the request not compared with it.
    fn try_claim(&self, has_place: bool) -> Result<Transition, RpcReply> {
        let fresh = random_bits().ok_or("the platform gave no random bits");
        let fresh = ClaimId(Hex(fresh.map_err(reply::unavailable)?));
        let place = if has_place { Place::Taken } else { self.place };
        let mut unreadable = None;
        let mut event = |claim: Option<&Claim>| match self
            .submission
            .submission(fresh, claim, self.pass, place)
        {
            Ok(Some(submission)) => Event::Submitted(submission),
            Ok(None) => Event::Look,
            Err(error) => {
                unreadable = Some(error);
                Event::Look
            }
        };
        let id = self.submission.record();
        let transition = self.context.step(id, &mut event, &Wakeup::look_again);
        match unreadable {
            Some(error) => Err(reply::unreadable(&error)),
            None => transition.map_err(reply::unavailable),
        }
    }

    /// Does what a transition says, but for sending. Returns `None` if the record has to be looked at
    /// again.
    async fn act_on(&mut self, transition: Transition) -> Option<Reply> {
        let observed = self.pass == Pass::First && self.submission.is_observed();
        if self.pass == Pass::First && !observed {
            self.count(&transition);
        }
        let Transition { action, record, .. } = transition;
        let dry_run = |would| Some(Ok(reply::duplicate(would, &record)));
        match action {
            Action::ConfirmMove => Some(Ok(reply::moved())),
            Action::Join if observed => dry_run(DryRun::Join),
            Action::Join => self.join(&record).await,
            Action::Refuse(refusal) if observed => dry_run(DryRun::Refuse(refusal)),
            Action::Refuse(refusal) => Some(Ok(reply::refused(refusal, &record))),
            Action::Replay if observed => dry_run(DryRun::Replay),
            Action::Replay => Some(self.replay(&record)),
            Action::Nothing
            | Action::Forward
            | Action::AwaitPlace
            | Action::Probe
            | Action::Tell
            | Action::DropCopy
            | Action::EndCalls
            | Action::RefuseAdmin(_) => Some(Ok(reply::refused(COME_AGAIN, &record))),
        }
    }

    fn replay(&self, record: &Record) -> Reply {
        let (context, id) = (self.context, self.submission.record());
        if self.submission.settings.kv_write == KvWrite::OnReplay
            && let Record::Done { claim, .. } = record
            && context.copied.is_first(id, claim)
        {
            context.in_background(write_copy(context.clone(), *id, claim.id));
        }
        let is_origins = |answer: &Answer| answer.source == AnswerSource::Origin;
        let delivery = match self.pass {
            Pass::Waited | Pass::Led if record.answer().is_some_and(is_origins) => {
                Delivery::Collapsed
            }
            _ => Delivery::Replayed,
        };
        let claim = record.claim().map(|claim| claim.id);
        let answered = self.answered.as_ref().filter(|answered| Some(answered.claim) == claim);
        reply::stored(context, id, record, delivery, answered.map(|answered| &answered.head))
    }

    /// Counts what becomes of a duplicate. Counts are written once its answer has left: they are not
    /// worth holding it back.
    fn count(&self, transition: &Transition) {
        let kind = match transition.action {
            Action::Join => DuplicateKind::Collapsed,
            Action::Replay => DuplicateKind::Replayed,
            Action::Refuse(_) => DuplicateKind::Refused,
            _ => return,
        };
        let (context, id) = (self.context.clone(), *self.submission.record());
        if context.counters.count(&context.store, &id, &transition.record, kind) {
            self.context.in_background(async move {
                sleep(Millis(1)).await;
                context.counters.write(&context.store, &id);
            });
        }
    }

    /// Sends the request that owns the claim, and waits for what comes of it. Returns `None` if the
    /// record says it.
    ///
    /// Not a single await lies between the claim and the sending: an `async fn` runs to its first await
    /// when it is polled, and `run` polls this one in the turn in which it claimed.
    async fn lead(&self, claim: Claim, place: HeldPlace) -> Option<Reply> {
        let (context, submission) = (self.context, self.submission);
        let (leader, answer) = oneshot::channel();
        let deadline = Millis(submission.settings.deadline.0.saturating_add(TIMER_SLACK.0));
        let patience = if submission.is_observed() { NO_LIMIT } else { deadline };
        let abort = match AbortController::new() {
            Ok(abort) => abort,
            Err(error) => return Some(Err(error)),
        };
        let request = OriginRequest::send(submission, claim, place, &abort, &context.bindings);
        context.memory.begin_call(submission.record(), &request.claim, abort);
        // The call belongs to the object: its caller may hang up.
        context.in_background(receive(context.clone(), request, leader));
        within(patience, answer).await?.ok()
    }

    /// Waits for the open call. Returns `None` if the record says what came of it. It does so at the
    /// call's deadline, too: the alarm may ring later, and who leads may have hung up, timer and all.
    async fn join(&mut self, record: &Record) -> Option<Reply> {
        let submission = self.submission;
        // Who shows the claim's credential shares whatever comes of it, and will not be sent.
        let is_owner = record.claim().is_some_and(|claim| submission.shows(&claim.credential));
        if is_owner {
            submission.drop_body();
        }
        let wakeup = self.context.memory.wait(submission.record(), is_owner);
        let now = now();
        let patience = submission.wait_left(now);
        let deadline = match record {
            // A stream is waited for to its end, and so is what the origin says when it is asked.
            Record::InFlight { claim, .. }
                if !self.context.memory.streams(submission.record(), claim.attempt) =>
            {
                claim.deadline_at.plus(TIMER_SLACK).since(now)
            }
            _ => patience,
        };
        match within(patience.min(deadline), wakeup).await {
            Some(Ok(Wakeup::Released(released))) if submission.shows(&released.credential) => {
                Some(Ok(reply::released(&released, true)))
            }
            Some(Ok(Wakeup::Answered(answered))) => {
                self.answered = Some(answered);
                None
            }
            Some(_) => None,
            None if deadline < patience => None,
            None => Some(Ok(reply::refused(COME_AGAIN, record))),
        }
    }
}
