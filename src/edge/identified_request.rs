//! The Worker's half of a guarded request once it has a record: look for a copy, ask the shard.
//!
//! A copy is asked for beside the object, and whichever proves a replay first answers: a replay
//! never waits for a cold object, and a first request never waits for a miss.

use super::client_response::ResponseWriter;
use super::copies::{self, Copy};
use super::guarded_request::GuardedRequest;
use super::object_client::{Attachments, Call, ObjectUnreachable, submit};
use super::pass_through::{BypassReason, pass_buffered};
use super::platform::now;
use super::sealed::{open, open_stored};
use crate::guard::fingerprint::{Fingerprint, Method};
use crate::guard::log::{ClaimRef, RequestOutcome};
use crate::guard::machine::Refusal;
use crate::guard::policy::OnGuardFailure;
use crate::guard::problem::{Code, Problem};
use crate::guard::record::{Reason, Record};
use crate::guard::replay::{CacheStatus, may_replay};
use crate::guard::rpc::{Delivery, DryRun, KeySource, ResponseHead, SubmitReply, SubmitResult};
use crate::guard::scope::{Credential, Namespace, OperationSecret};
use crate::guard::seal::SealKey;
use crate::guard::time::Millis;
use futures_util::future::{Either, select};
use js_sys::Uint8Array;
use std::pin::pin;
use std::rc::Rc;
use wasm_bindgen::JsValue;
use web_sys::Response;

/// A complete request that has a record, and what the rules compare of it.
pub struct IdentifiedRequest<'a> {
    pub guarded: &'a GuardedRequest,
    pub writer: &'a ResponseWriter<'a>,
    pub source: KeySource,
    /// The `Idempotency-Key` header that the origin gets in place of the client's.
    pub key_header: Option<&'a str>,
    pub body: Uint8Array,
    pub fingerprint: Fingerprint,
}

impl IdentifiedRequest<'_> {
    pub async fn answer(&self) -> Result<Response, JsValue> {
        if self.guarded.observes() {
            return self.reply(submit(&self.call()).await).await;
        }
        let record = self.writer.record;
        if let Some(recent) = copies::in_isolate(record).filter(|copy| self.is_proven_by(copy))
            && let Some(copy) = self.opened(Copy { record: recent, body: None }).await
        {
            return self.replay(copy);
        }
        let call = self.call();
        let (object, copy) = (pin!(submit(&call)), pin!(self.copy()));
        match select(copy, object).await {
            Either::Left((Some(copy), _)) => self.replay(copy),
            Either::Left((None, object)) => self.reply(object.await).await,
            Either::Right((Ok(reply), _)) => self.reply(Ok(reply)).await,
            Either::Right((Err(unreachable), copy)) => match copy.await {
                Some(copy) => self.replay(copy),
                None => self.reply(Err(unreachable)).await,
            },
        }
    }

    fn call(&self) -> Call<'_> {
        Call {
            incoming: &self.guarded.incoming,
            record: self.writer.record,
            fingerprint: &self.fingerprint,
            body: &self.body,
            source: self.source,
            key_header: self.key_header,
            observe: self.guarded.observes(),
            seal_key: self.guarded.settings.keeping.seal.then(|| self.seal_key()).flatten(),
        }
    }

    /// What its answer is sealed with: of what its record's name is made of.
    fn seal_key(&self) -> Option<SealKey> {
        let GuardedRequest { incoming, settings, realm, .. } = self.guarded;
        let head = &incoming.head;
        let scope = settings.scope.values(head).ok()?;
        let namespace = Namespace { pepper: &incoming.bindings.pepper, realm, scope: &scope };
        let digest = &self.fingerprint.digest;
        let secret = match self.writer.key {
            Some(key) => OperationSecret::new(namespace, key),
            None => {
                OperationSecret::derived(namespace, &settings.credential, head, digest).ok()??
            }
        };
        Some(SealKey::new(&secret, self.writer.record))
    }

    /// Whether a copy may be shown for this request.
    fn is_proven_by(&self, copy: &Record) -> bool {
        let head = &self.guarded.incoming.head;
        let fingerprint = |method: &Method| match *method == self.fingerprint.method {
            true => Ok(self.fingerprint.clone()),
            false => Fingerprint::of(head, &self.body.to_vec(), method),
        };
        let credential = |sources: &[_]| Credential::of(head, sources, self.writer.record);
        may_replay(copy, fingerprint, credential, now())
    }

    /// The copy in KV, where it proves a replay.
    async fn copy(&self) -> Option<Copy> {
        let namespace = self.guarded.incoming.bindings.responses.as_ref()?;
        let copy = copies::read(namespace, self.writer.record).await?;
        let copy = Some(copy).filter(|copy| self.is_proven_by(&copy.record))?;
        let record = copy.record.clone();
        let opened = self.opened(copy).await?;
        copies::remember(self.writer.record, &record);
        Some(opened)
    }

    /// A copy that can be shown. One that does not open is none: the object has the answer.
    async fn opened(&self, copy: Copy) -> Option<Copy> {
        open(copy, self.writer.record, || self.seal_key()).await
    }

    fn replay(&self, copy: Copy) -> Result<Response, JsValue> {
        self.log_delivery(&copy.record, Delivery::Replayed, Millis(0));
        self.writer.copy(copy)
    }

    async fn reply(
        &self,
        reply: Result<(SubmitReply, Attachments), ObjectUnreachable>,
    ) -> Result<Response, JsValue> {
        let (reply, attachments) = match reply {
            Ok(reply) => reply,
            Err(unreachable) => return self.unreachable(unreachable).await,
        };
        let SubmitReply { result, expires_at, origin_time: origin, claim } = reply;
        self.guarded.log.set_claim(claim);
        let handed_on = |outcome, head: ResponseHead, status| {
            let outcome = RequestOutcome { origin, ..RequestOutcome::of(outcome) };
            self.guarded.log.set_outcome(outcome);
            self.writer.handed_on(&head, &attachments, status, expires_at, origin)
        };
        match result {
            SubmitResult::Stored { delivery, record, reason } => {
                self.stored(&record, reason.as_deref(), attachments, delivery, origin).await
            }
            SubmitResult::Released { shared, head } => {
                handed_on("released", head, CacheStatus::Released { shared })
            }
            SubmitResult::Streamed { head } => handed_on("first", head, CacheStatus::Streamed),
            SubmitResult::Whole { head } => {
                handed_on("first", head, CacheStatus::Delivery(Delivery::First))
            }
            SubmitResult::NotKept { head } => handed_on("not-kept", head, CacheStatus::NotKept),
            SubmitResult::Refused { refusal } => self.refuse(refusal),
            SubmitResult::Duplicate { would } => self.dry_run(would).await,
            SubmitResult::Unavailable { .. } if self.guarded.observes() => {
                self.pass(BypassReason::Observe, RequestOutcome::of("observed")).await
            }
            SubmitResult::Unreadable { .. } if self.guarded.observes() => {
                self.pass(BypassReason::Observe, RequestOutcome::of("observed")).await
            }
            SubmitResult::Unreadable { detail } => {
                self.problem(Problem::new(Code::CredentialUnreadable, detail))
            }
            // `submit` has asked the other shard by then.
            SubmitResult::Moved => self.unavailable(ObjectUnreachable::MOVED.into()),
            SubmitResult::Unavailable { detail } => self.unavailable(detail),
        }
    }

    fn log_delivery(&self, record: &Record, delivery: Delivery, origin: Millis) {
        let outcome = match delivery {
            Delivery::First => "first",
            Delivery::Collapsed => "joined",
            Delivery::Replayed => "replayed",
        };
        self.guarded.log.set_claim(record.claim().map(ClaimRef::of));
        let code = record.answer().and_then(|answer| answer.source.detail());
        self.guarded.log.set_outcome(RequestOutcome {
            code,
            origin,
            ..RequestOutcome::of(outcome)
        });
    }

    fn refuse(&self, refusal: Refusal) -> Result<Response, JsValue> {
        self.problem(Problem::refused(refusal, self.writer.key, self.writer.record))
    }

    fn problem(&self, mut problem: Problem) -> Result<Response, JsValue> {
        problem.is_repeatable = self.source != KeySource::Generated;
        self.guarded.log.refused(&problem);
        self.writer.problem(&problem)
    }

    /// A duplicate under a policy that only watches: the log tells what it was spared.
    async fn dry_run(&self, would: DryRun) -> Result<Response, JsValue> {
        let (would, code) = match would {
            DryRun::Join => ("join", None),
            DryRun::Replay => ("replay", None),
            DryRun::Refuse(refusal) => {
                let code = Problem::refused(refusal, None, self.writer.record).code;
                ("refuse", Some(code.describe().name))
            }
        };
        let outcome = RequestOutcome { would: Some(would), code, ..RequestOutcome::of("observed") };
        self.pass(BypassReason::Observe, outcome).await
    }

    async fn stored(
        &self,
        record: &[u8],
        reason: Option<&str>,
        attachments: Attachments,
        delivery: Delivery,
        origin: Millis,
    ) -> Result<Response, JsValue> {
        let Ok(record) = Record::decode(record).map(Rc::new) else {
            return self.unavailable(ANSWER_BROKE_OFF.into());
        };
        copies::remember(self.writer.record, &record);
        let opened = open_stored(record, attachments, self.writer.record, || self.seal_key()).await;
        let Some((record, attachments)) = opened else {
            return self.unavailable(NOT_OPENED.into());
        };
        self.log_delivery(&record, delivery, origin);
        self.writer.stored(&record, reason, attachments, delivery, origin)
    }

    /// The object said nothing. It is passed by only where the policy says so, and where no call
    /// of this request can have reached it. A queue's message can wait.
    async fn unreachable(&self, unreachable: ObjectUnreachable) -> Result<Response, JsValue> {
        let open = self.guarded.settings.on_guard_failure == OnGuardFailure::Open
            && self.source != KeySource::Queue;
        if self.guarded.observes() {
            // Watching must not be what makes an operation happen twice.
            return match unreachable.surely {
                true => self.pass(BypassReason::Observe, RequestOutcome::of("observed")).await,
                false => self.refuse(Refusal::OutcomeUnknown(Reason::ConnectionLost)),
            };
        }
        if open && unreachable.surely {
            return self.pass(BypassReason::FailOpen, RequestOutcome::of("fail-open")).await;
        }
        self.unavailable(unreachable.detail.into())
    }

    async fn pass(
        &self,
        reason: BypassReason,
        outcome: RequestOutcome,
    ) -> Result<Response, JsValue> {
        self.guarded.log.set_outcome(outcome);
        pass_buffered(&self.guarded.incoming, self.writer.context, &self.body, reason).await
    }

    fn unavailable(&self, detail: String) -> Result<Response, JsValue> {
        let mut problem = Problem::new(Code::GuardUnavailable, detail);
        problem.record = Some(*self.writer.record);
        self.problem(problem)
    }
}

const NOT_OPENED: &str = "the stored answer broke off or cannot be opened; send the same request with the same key again, and look at the guard's record if that does not help";
const ANSWER_BROKE_OFF: &str =
    "the object's answer broke off; send the same request with the same key again";
