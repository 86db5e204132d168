//! The Durable Object that serialises one key.
//!
//! 1. Load, transition, apply is one synchronous function, [`KeyObject::step`]: with nothing awaited
//!    between reading a record and writing it, no other request of this object can come between
//!    (Durable Objects run one thread per object, and JavaScript runs to completion).
//! 2. What is sent after a claim was written is held back by the output gate until the claim is
//!    durable, so a request never reaches the origin without its claim.

use super::answers;
use super::arrival::Arrival;
use super::config::config;
use super::instance::{Instance, News};
use super::js::{self, ObjectState, Said};
use super::oneshot;
use super::origin_call::{self, Order};
use super::responses;
use super::store::Store;
use super::tally::Counters;
use super::tasks;
use super::timer::{sleep, within};
use super::wish;
use crate::guard::machine::{
    ASK_AGAIN, Action, Event, Refusal, StorageOp, Transition, binding_claim, transition,
};
use crate::guard::policy::KvWrite;
use crate::guard::record::{Claim, ClaimId, Record};
use crate::guard::rpc::{Delivery, DryRun, SubmitRequest};
use crate::guard::seen::DuplicateKind;
use crate::guard::time::{Millis, UnixMillis};
use js_sys::Promise;
use std::cell::Cell;
use std::future::Future;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{AbortController, Headers, Request};

/// The class that `wrangler.toml` binds as `GUARD`.
#[wasm_bindgen]
pub struct IdempotencyGuard(Rc<KeyObject>);

#[wasm_bindgen]
impl IdempotencyGuard {
    #[wasm_bindgen(constructor)]
    pub fn new(state: ObjectState, env: JsValue) -> Self {
        Self(Rc::new(KeyObject {
            store: Store::new(state.storage()),
            state,
            env,
            instance: Instance::default(),
            tally: Counters::default(),
            copied: Cell::default(),
        }))
    }

    /// A client's request: what the Worker says of it, the client's headers, and the body as bytes
    /// or as a stream. Gives a [`Said`], or the promise of one.
    pub fn submit(&self, message: &[u8], headers: Headers, body: JsValue) -> JsValue {
        tasks::answer(self.0.clone().submitted(SubmitRequest::decode(message), headers, body))
    }

    /// An operator's question, whose token the Worker has seen. Gives a response, or the promise of
    /// one.
    pub fn fetch(&self, request: Request) -> JsValue {
        let object = self.0.clone();
        tasks::answer(async move { wish::answer(&object, &request).await })
    }

    pub fn alarm(&self) -> JsValue {
        let object = self.0.clone();
        tasks::answer(async { object.woken().map(|()| JsValue::UNDEFINED) })
    }
}

/// Timers and the clock round differently: a caller that looked at its deadline a moment too
/// early would see a call that is still in time.
const TIMER_SLACK: Millis = Millis(10);

/// A policy that only watches has its caller wait as it would without a guard: to the end. This is
/// the longest time that a timer holds, in milliseconds.
const NO_LIMIT: Millis = Millis(i32::MAX as u64);

const NOT_DELETED: &str =
    "onlyonce: a forgotten key's copy could not be deleted from KV; it is tried again in a minute";

const COME_AGAIN: Refusal = Refusal::InProgress { retry_after: ASK_AGAIN };

/// One key's object.
pub struct KeyObject {
    pub store: Store,
    state: ObjectState,
    pub env: JsValue,
    pub instance: Instance,
    pub tally: Counters,
    /// When the claim was made whose copy this instance has written, as `kv_write = "on_replay"`
    /// asks for.
    copied: Cell<Option<UnixMillis>>,
}

/// Whether a request looks at the record for the first time, after it has waited, or after it was
/// sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    First,
    Waited,
    Led,
}

impl KeyObject {
    async fn submitted(
        self: Rc<Self>,
        submit: Option<SubmitRequest>,
        headers: Headers,
        body: JsValue,
    ) -> Result<Said, JsValue> {
        let config = match config(&self.env) {
            Ok(config) => config,
            Err(misconfigured) => return Ok(answers::unavailable(&misconfigured.detail)),
        };
        let arrival = match Arrival::read(submit, headers, body, config).await {
            Ok(arrival) => arrival,
            Err(detail) => return Ok(answers::unavailable(detail)),
        };
        let mut turn = Turn::First;
        loop {
            let step = match self.take(&arrival, turn) {
                Ok(step) => step,
                Err(detail) => return Ok(answers::unavailable(&detail)),
            };
            let led = turn == Turn::Led || step.then == Action::Forward;
            if let Some(answer) = self.follow(&arrival, step, turn).await {
                return answer;
            }
            turn = if led { Turn::Led } else { Turn::Waited };
        }
    }

    /// Does what a step says; nothing where the record has to be looked at again.
    async fn follow(
        self: &Rc<Self>,
        arrival: &Arrival,
        step: Transition,
        turn: Turn,
    ) -> Option<Result<Said, JsValue>> {
        let watched = turn == Turn::First && arrival.is_watched();
        if turn == Turn::First && !watched {
            self.note(&step);
        }
        match (step.then, step.record) {
            (Action::Forward, Record::InFlight { claim, .. }) => self.lead(arrival, claim).await,
            (Action::Join, record) if watched => {
                Some(Ok(answers::duplicate(DryRun::Join, &record)))
            }
            (Action::Join, record) => self.join(arrival, &record).await,
            (Action::Refuse(refusal), record) if watched => {
                Some(Ok(answers::duplicate(DryRun::Refuse(refusal), &record)))
            }
            (Action::Refuse(refusal), record) => Some(Ok(answers::refused(refusal, &record))),
            (
                Action::Nothing | Action::DropCopy | Action::EndCalls | Action::RefuseAdmin(_),
                record,
            ) => Some(Ok(answers::refused(COME_AGAIN, &record))),
            (_, record) if watched => Some(Ok(answers::duplicate(DryRun::Replay, &record))),
            (_, record) => Some(self.replay(arrival, &record, turn)),
        }
    }

    fn replay(
        self: &Rc<Self>,
        arrival: &Arrival,
        record: &Record,
        turn: Turn,
    ) -> Result<Said, JsValue> {
        if arrival.settings.kv_write == KvWrite::OnReplay
            && let Record::Done { claim, .. } = record
            && self.copied.replace(Some(claim.claimed_at)) != Some(claim.claimed_at)
        {
            let id = arrival.submit.record.clone();
            self.background(responses::write_copy(self.clone(), id, record.clone()));
        }
        let shown = match turn {
            Turn::First => Delivery::Replayed,
            Turn::Waited | Turn::Led => Delivery::Collapsed,
        };
        answers::stored(self, record, shown)
    }

    /// Counts what becomes of a duplicate. Counts are written once its answer has left: they are not
    /// worth holding it back.
    fn note(self: &Rc<Self>, step: &Transition) {
        let sight = match step.then {
            Action::Join => DuplicateKind::Collapsed,
            Action::Replay => DuplicateKind::Replayed,
            Action::Refuse(_) => DuplicateKind::Refused,
            _ => return,
        };
        if self.tally.count(&self.store, &step.record, sight) {
            let object = self.clone();
            self.background(async move {
                sleep(Millis(1)).await;
                object.tally.write(&object.store);
            });
        }
    }

    /// Claims the key for a request, or learns what became of an earlier one.
    fn take(&self, arrival: &Arrival, turn: Turn) -> Result<Transition, String> {
        let fresh = random_claim()?;
        let event = |claim: Option<&Claim>| match arrival.submission(fresh, claim, turn) {
            Some(submission) => Event::Submitted(submission),
            None => Event::Look,
        };
        self.step(event, &News::LookAgain)
    }

    /// Loads, decides, applies; those who wait hear the news where the key was freed, and look at
    /// the record after any other change. Not `async`, and it must stay so: an await between the reading
    /// and the writing would let a second request claim the same key.
    pub fn step(
        &self,
        event: impl FnOnce(Option<&Claim>) -> Event,
        news: &News,
    ) -> Result<Transition, String> {
        let now = js::now();
        let record = self.store.load()?;
        let step = self.instance.with_live(|live| {
            let event = event(binding_claim(&record, live, now));
            transition(record, event, live, now)
        });
        self.store.apply(&step).map_err(|_| "the record could not be written".to_owned())?;
        match (step.change, &step.then) {
            (StorageOp::Keep, _) | (_, Action::Forward) => {}
            (StorageOp::Erase, _) => self.instance.wake(news),
            (StorageOp::Put, _) => self.instance.wake(&News::LookAgain),
        }
        Ok(step)
    }

    /// Sends the request that owns the claim, and waits for what comes of it; nothing where the
    /// record says it.
    async fn lead(
        self: &Rc<Self>,
        arrival: &Arrival,
        claim: Claim,
    ) -> Option<Result<Said, JsValue>> {
        let (caller, news) = oneshot::channel();
        let deadline = Millis(arrival.settings.deadline.0.saturating_add(TIMER_SLACK.0));
        let patience = if arrival.is_watched() { NO_LIMIT } else { deadline };
        let abort = match AbortController::new() {
            Ok(abort) => abort,
            Err(error) => return Some(Err(error)),
        };
        let order = Order::send(arrival, claim, &abort, &self.env);
        let attempt = order.claim.attempt;
        self.instance.begin_call(attempt, abort);
        // The call belongs to the object: its caller may hang up.
        self.background(origin_call::run(self.clone(), order, caller));
        within(patience, news).await.flatten()
    }

    /// Waits for the open call; nothing where the record says what came of it. It does so at the
    /// call's deadline, too: no alarm rings then, and who leads may have hung up, timer and all.
    async fn join(&self, arrival: &Arrival, record: &Record) -> Option<Result<Said, JsValue>> {
        // Who shows the claim's credential shares whatever comes of it, and will not be sent.
        if record.claim().is_some_and(|claim| arrival.shows(&claim.credential)) {
            arrival.let_go();
        }
        let news = self.instance.wait();
        let now = js::now();
        let patience = arrival.wait_left(now);
        let deadline =
            record.claim().map_or(patience, |claim| claim.deadline_at.plus(TIMER_SLACK).since(now));
        match within(patience.min(deadline), news).await {
            Some(Some(News::Released(released))) if arrival.shows(&released.credential) => {
                Some(Ok(answers::released(&released, true)))
            }
            Some(_) => None,
            None if deadline < patience => None,
            None => Some(Ok(answers::refused(COME_AGAIN, record))),
        }
    }

    /// The alarm, which is used up: a record that goes on living gets another.
    fn woken(self: Rc<Self>) -> Result<(), JsValue> {
        let now = js::now();
        // The end of the window deletes the rows that an answer is being read from.
        if self.instance.is_read() {
            return self.store.set_alarm(now.plus(Millis::seconds(10)));
        }
        let step = match self.step(|_| Event::Alarm, &News::LookAgain) {
            Ok(step) => step,
            Err(detail) => {
                js::log_error(&["onlyonce: a record could not be looked at: ", &detail].concat());
                // The next version of the guard may be able to read it.
                return self.store.set_alarm(now.plus(Millis::hours(1)));
            }
        };
        match step.then {
            Action::DropCopy => self.drop_copy().map(drop),
            Action::EndCalls => {
                self.instance.abort_calls();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Deletes the copy of a forgotten key's answer. Until that is confirmed the key stays shut, and
    /// the alarm tries it again.
    pub fn drop_copy(self: &Rc<Self>) -> Result<Promise, JsValue> {
        let (object, id) = (self.clone(), self.store.name()?);
        Ok(self.kept_alive(async move {
            if responses::delete_copy(&object, &id).await.is_err() {
                return js::log_warning(NOT_DELETED);
            }
            if let Err(detail) = object.step(|_| Event::CopyDeleted, &News::LookAgain) {
                js::log_error(&["onlyonce: a deletion was not written down: ", &detail].concat());
            }
        }))
    }

    /// The end of a call: what it says is stored before anybody hears of it. Nothing where storage
    /// failed, which leaves the record in flight without a call: unknown.
    pub fn conclude(&self, attempt: u32, event: Event, news: &News) -> Option<Transition> {
        let step = self.step(|_| event, news);
        self.instance.end_call(attempt);
        // Together with the end of the call: those who joined cost no write of their own.
        self.tally.write(&self.store);
        step.map_err(|why| {
            js::log_error(&["onlyonce: a call's end was not stored: ", &why].concat())
        })
        .ok()
    }

    /// Goes on with some work whatever becomes of the request that started it.
    pub fn background(&self, work: impl Future<Output = ()> + 'static) {
        drop(self.kept_alive(work));
    }

    /// The same, for one who waits for it as well.
    fn kept_alive(&self, work: impl Future<Output = ()> + 'static) -> Promise {
        let promise = tasks::spawn(work);
        if self.state.wait_until(&promise).is_err() {
            js::log_warning("onlyonce: waitUntil was refused; the call goes on without it");
        }
        promise
    }
}

fn random_claim() -> Result<ClaimId, String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| "the platform gave no random bits".to_owned())?;
    Ok(ClaimId(crate::guard::digest::hex(&bytes)))
}
