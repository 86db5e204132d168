//! The Worker's half of a guarded request, from its headers to its answer.
//!
//! 1. What a request is guarded by is decided by its headers; its body is read only where it is guarded.
//! 2. A copy is asked for beside the object, and whichever proves a replay first answers: a replay
//!    never waits for a cold object, and a first request never waits for a miss.

use super::client_response::{ResponseContext, ResponseWriter};
use super::copies::{self, Copy};
use super::guarded_request::GuardedRequest;
use super::object_client::{Call, ObjectUnreachable, submit};
use super::pass_through::{BypassReason, pass_body, pass_buffered, pass_keyless};
use super::platform::body::{BodyError, read_request};
use super::platform::body_budget::{BodyReservation, NO_ROOM};
use super::platform::streams::{Pipe, ReadAhead};
use super::platform::{now, random_bits};
use crate::guard::digest::hex;
use crate::guard::fingerprint::{Fingerprint, Method};
use crate::guard::key::IdempotencyKey;
use crate::guard::log::{ClaimRef, FingerprintTag, RequestOutcome};
use crate::guard::machine::Refusal;
use crate::guard::policy::{KeyMode, OnGuardFailure};
use crate::guard::problem::{Code, Problem};
use crate::guard::record::Record;
use crate::guard::replay::{CacheStatus, for_retries, is_less_for_retries, may_replay};
use crate::guard::request_head::RequestHead;
use crate::guard::rpc::{Delivery, DryRun, KeySource, SubmitReply, SubmitResult};
use crate::guard::scope::{Credential, RecordId};
use crate::guard::time::{Millis, UnixMillis};
use futures_util::future::{Either, select};
use js_sys::Uint8Array;
use std::pin::pin;
use std::rc::Rc;
use wasm_bindgen::JsValue;
use web_sys::Response;

/// What a request is guarded by.
enum KeyDecision {
    Key(IdempotencyKey, KeySource),
    /// A key is made from credential and fingerprint.
    Derive,
    /// It goes straight through.
    NotGuarded,
}

/// A complete request that has a record, and what the rules compare of it.
struct IdentifiedRequest<'a> {
    guarded: &'a GuardedRequest,
    writer: &'a ResponseWriter<'a>,
    source: KeySource,
    body: Uint8Array,
    fingerprint: Fingerprint,
}

/// Answers a request, and tells of it: in the log, and to whoever counts.
pub async fn answer(guarded: &GuardedRequest) -> Result<Response, JsValue> {
    let started = now();
    let response = answer_unlogged(guarded, started).await?;
    guarded.write_log(started, response.status());
    Ok(response)
}

/// Answers a request, without a word in the log.
pub async fn answer_unlogged(
    guarded: &GuardedRequest,
    started: UnixMillis,
) -> Result<Response, JsValue> {
    let (incoming, settings) = (&guarded.incoming, &guarded.settings);
    let context = ResponseContext::of(&incoming.head, settings);
    let decision = match key_decision(guarded) {
        Ok(decision) => decision,
        Err(problem) => return refuse(guarded, &context, &problem),
    };
    let is_observed_and_too_large = guarded.observes() && guarded.promises_too_much();
    if matches!(decision, KeyDecision::NotGuarded) || is_observed_and_too_large {
        guarded.log.set_outcome(RequestOutcome::of("bypass"));
        return pass_keyless(incoming).await;
    }
    if guarded.promises_too_much() {
        return refuse(guarded, &context, &guarded.too_large());
    }
    let mut reservation = BodyReservation::default();
    let promised = incoming.head.content_length();
    let limit = settings.max_request_body;
    let body = match read_request(&incoming.request, promised, limit, &mut reservation).await {
        Ok(body) => body,
        Err(BodyError::TooLarge(read)) if guarded.observes() => {
            return pass_on(guarded, read).await;
        }
        Err(error) => return refuse(guarded, &context, &unreadable(guarded, &error)),
    };
    let fingerprint = Fingerprint::of(&incoming.head, &body.to_vec(), &settings.fingerprint);
    let (key, source) = match decision {
        KeyDecision::Key(key, source) => (Some(key), source),
        _ => (None, KeySource::Derived),
    };
    let Some(record) = record_of(guarded, key.as_ref(), &fingerprint) else {
        guarded.log.set_outcome(RequestOutcome::of("bypass"));
        return pass_buffered(incoming, &body, BypassReason::Keyless).await;
    };
    let tag = FingerprintTag::of(&guarded.realm, &fingerprint.digest.to_string());
    guarded.log.set_identity(record, tag, source);
    let writer = ResponseWriter {
        incoming,
        context: &context,
        key: key.as_ref(),
        record: &record,
        detail: if guarded.observes() { Some("observe") } else { source.name() },
        started,
    };
    IdentifiedRequest { guarded, writer: &writer, source, body, fingerprint }.answer().await
}

fn refuse(
    guarded: &GuardedRequest,
    context: &ResponseContext,
    problem: &Problem,
) -> Result<Response, JsValue> {
    guarded.log.refused(problem);
    context.problem(problem)
}

fn key_decision(guarded: &GuardedRequest) -> Result<KeyDecision, Problem> {
    let Some(header) = guarded.incoming.head.header("idempotency-key") else {
        return without_key(guarded);
    };
    let source = if guarded.queue.is_some() { KeySource::Queue } else { KeySource::Client };
    match IdempotencyKey::parse(&header) {
        Ok(key) => Ok(KeyDecision::Key(key, source)),
        Err(_) if guarded.observes() => Ok(KeyDecision::NotGuarded),
        Err(error) => Err(Problem::new(Code::KeyInvalid, error.describe(&header))),
    }
}

fn without_key(guarded: &GuardedRequest) -> Result<KeyDecision, Problem> {
    match guarded.settings.key {
        _ if guarded.observes() => Ok(KeyDecision::NotGuarded),
        KeyMode::Optional | KeyMode::Off => Ok(KeyDecision::NotGuarded),
        KeyMode::Required => Err(Problem::new(Code::KeyMissing, KEY_MISSING)),
        KeyMode::Derive if guarded.promises_too_much() => Ok(KeyDecision::NotGuarded),
        KeyMode::Derive => Ok(KeyDecision::Derive),
        KeyMode::Generate => match random_key() {
            Some(key) => Ok(KeyDecision::Key(key, KeySource::Generated)),
            None => Err(Problem::new(Code::GuardUnavailable, NO_RANDOM_BITS)),
        },
    }
}

/// 128 random bits as hex digits.
fn random_key() -> Option<IdempotencyKey> {
    IdempotencyKey::parse(&hex(&random_bits()?)).ok()
}

/// The record's name. Returns `None` if a key should be derived and no credential is there.
fn record_of(
    guarded: &GuardedRequest,
    key: Option<&IdempotencyKey>,
    fingerprint: &Fingerprint,
) -> Option<RecordId> {
    let GuardedRequest { incoming, settings, realm, .. } = guarded;
    let head = &incoming.head;
    let scope = settings.scope.values(head);
    match key {
        Some(key) => Some(RecordId::new(realm, &scope, key)),
        None => RecordId::derived(realm, &scope, &settings.credential, head, &fingerprint.digest),
    }
}

fn unreadable(guarded: &GuardedRequest, error: &BodyError) -> Problem {
    match error {
        BodyError::TooLarge(_) => guarded.too_large(),
        BodyError::NoRoom => Problem::new(Code::GuardUnavailable, NO_ROOM),
        // Nobody is left to read this.
        BodyError::BrokeOff => Problem::new(Code::GuardUnavailable, BROKE_OFF),
    }
}

/// A body that turned out too large for a policy that only watches: it goes on as it comes.
async fn pass_on(guarded: &GuardedRequest, read: ReadAhead) -> Result<Response, JsValue> {
    guarded.log.set_outcome(RequestOutcome::of("bypass"));
    let pipe = Pipe::of_any_length()?;
    let body = pipe.readable.clone();
    guarded.incoming.in_background(pipe.pass_on(read))?;
    pass_body(&guarded.incoming, &body, BypassReason::Observe).await
}

const KEY_MISSING: &str = "the request has no Idempotency-Key, which this route requires; send one of 1 to 255 characters, such as a new UUID, and keep it for every retry";
const NO_RANDOM_BITS: &str =
    "the platform gave no random bits for a key; send the same request again";
const BROKE_OFF: &str = "the request body broke off; send the same request with the same key again";
const ANSWER_BROKE_OFF: &str =
    "the object's answer broke off; send the same request with the same key again";

impl IdentifiedRequest<'_> {
    async fn answer(&self) -> Result<Response, JsValue> {
        if self.guarded.observes() {
            return self.reply(submit(&self.call()).await).await;
        }
        let record = self.writer.record;
        if let Some(recent) = copies::in_isolate(record).filter(|copy| self.is_proven_by(copy)) {
            self.log_delivery(&recent, Delivery::Replayed, Millis(0));
            return self.writer.copy(Copy { record: recent, body: None });
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
            generated: self.writer.key.filter(|_| self.source == KeySource::Generated),
            observe: self.guarded.observes(),
        }
    }

    /// Whether a copy may be shown for this request.
    fn is_proven_by(&self, copy: &Record) -> bool {
        let head = &self.guarded.incoming.head;
        let fingerprint = |method: &Method| match *method == self.fingerprint.method {
            true => self.fingerprint.clone(),
            false => Fingerprint::of(head, &self.body.to_vec(), method),
        };
        let credential = |sources: &[_]| Credential::of(head, sources, self.writer.record);
        may_replay(copy, fingerprint, credential, now())
    }

    /// The copy in KV, where it proves a replay.
    async fn copy(&self) -> Option<Copy> {
        let namespace = self.guarded.incoming.bindings.responses.as_ref()?;
        let copy = copies::read(namespace, self.writer.record).await?;
        self.is_proven_by(&copy.record).then_some(copy)
    }

    fn replay(&self, copy: Copy) -> Result<Response, JsValue> {
        copies::remember(self.writer.record, &copy.record);
        self.log_delivery(&copy.record, Delivery::Replayed, Millis(0));
        self.writer.copy(copy)
    }

    async fn reply(
        &self,
        reply: Result<(SubmitReply, JsValue), ObjectUnreachable>,
    ) -> Result<Response, JsValue> {
        let (reply, body) = match reply {
            Ok(reply) => reply,
            Err(unreachable) => return self.unreachable(unreachable).await,
        };
        let (log, writer) = (&self.guarded.log, self.writer);
        let SubmitReply { result, expires_at, origin_time: origin, claim } = reply;
        log.set_claim(claim);
        match result {
            SubmitResult::Stored { delivery, record } => {
                self.stored(&record, body, delivery, origin)
            }
            SubmitResult::Released { shared, head } => {
                log.set_outcome(RequestOutcome { origin, ..RequestOutcome::of("released") });
                let status = CacheStatus::Released { shared };
                writer.handed_on(head, &body, status, None, origin)
            }
            SubmitResult::NotKept { head } => {
                log.set_outcome(RequestOutcome { origin, ..RequestOutcome::of("not-kept") });
                writer.handed_on(head, &body, CacheStatus::NotKept, expires_at, origin)
            }
            SubmitResult::Refused { refusal } => self.refuse(refusal),
            SubmitResult::Duplicate { would } => self.dry_run(would).await,
            SubmitResult::Unavailable { .. } if self.guarded.observes() => {
                self.pass(BypassReason::Observe, RequestOutcome::of("observed")).await
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
        self.guarded.log.set_outcome(RequestOutcome { origin, ..RequestOutcome::of(outcome) });
    }

    fn refuse(&self, refusal: Refusal) -> Result<Response, JsValue> {
        self.problem(&Problem::refused(refusal, self.writer.key, self.writer.record))
    }

    fn problem(&self, problem: &Problem) -> Result<Response, JsValue> {
        self.guarded.log.refused(problem);
        self.writer.problem(problem)
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

    fn stored(
        &self,
        record: &[u8],
        body: JsValue,
        delivery: Delivery,
        origin: Millis,
    ) -> Result<Response, JsValue> {
        let Ok(record) = Record::decode(record).map(Rc::new) else {
            return self.unavailable(ANSWER_BROKE_OFF.into());
        };
        self.remember(&record, delivery);
        self.log_delivery(&record, delivery, origin);
        self.writer.stored(&record, body, delivery, origin)
    }

    /// The object said nothing. It is passed by only where the policy says so, and where no call
    /// of this request can have reached it. A queue's message can wait.
    async fn unreachable(&self, unreachable: ObjectUnreachable) -> Result<Response, JsValue> {
        let open = self.guarded.settings.on_guard_failure == OnGuardFailure::Open
            && self.source != KeySource::Queue;
        if self.guarded.observes() {
            return self.pass(BypassReason::Observe, RequestOutcome::of("observed")).await;
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
        pass_buffered(&self.guarded.incoming, &self.body, reason).await
    }

    fn unavailable(&self, detail: String) -> Result<Response, JsValue> {
        let mut problem = Problem::new(Code::GuardUnavailable, detail);
        problem.record = Some(*self.writer.record);
        self.problem(&problem)
    }

    /// The first caller's answer holds its cookies, which a retry only sees where the policy says.
    fn remember(&self, record: &Rc<Record>, delivery: Delivery) {
        let cookies = self.guarded.settings.replay_set_cookie;
        match record.answer().filter(|_| delivery == Delivery::First) {
            Some(answer) if is_less_for_retries(answer, cookies) => {
                let answer = for_retries(answer.clone(), cookies);
                let record = Rc::new(Record::clone(record).with_answer(answer));
                copies::remember(self.writer.record, &record);
            }
            _ => copies::remember(self.writer.record, record),
        }
    }
}
