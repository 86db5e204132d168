//! What the handling of a key needs: its record's place in storage, who waits for it, the shard's
//! places, and what was counted.

use super::super::config;
use super::super::platform::bindings::Bindings;
use super::super::platform::{log, now, promise_of};
use super::counters::{Copied, Counters};
use super::in_memory::{InMemory, Wakeup};
use super::places::PlaceQueue;
use super::probe::next_look;
use super::record_store::RecordStore;
use super::unknown_outcomes::{UnknownOutcomes, send_messages, tell};
use crate::guard::machine::{Action, Event, StorageOp, Transition, binding_claim, transition};
use crate::guard::record::{Claim, Record};
use crate::guard::scope::RecordId;
use crate::guard::shard::alarm::{Agenda, WATCH};
use crate::guard::shard::places::PLACES;
use crate::guard::shard::retention::{Bucket, Stagger};
use crate::guard::time::{Millis, UnixMillis};
use crate::guard::unknown_outcome::{Cause, OpenClaim, OutcomeChange};
use js_sys::Promise;
use std::cell::Cell;
use std::fmt::Write;
use std::future::Future;
use std::rc::{Rc, Weak};
use wasm_bindgen::JsValue;
use worker::{Env, State};

/// One shard's object.
pub struct ObjectContext {
    pub store: RecordStore,
    pub memory: Rc<InMemory>,
    pub counters: Counters,
    pub copied: Copied,
    pub places: PlaceQueue,
    pub unknown_outcomes: UnknownOutcomes,
    pub bindings: Rc<Bindings>,
    pub env: Env,
    state: State,
    /// For work that goes on behind a step.
    itself: Weak<Self>,
    /// How long a dead call may go unnoticed.
    watch: Millis,
    /// The alarm that this instance has set and that has not rung.
    alarm_at: Cell<Option<UnixMillis>>,
    /// Whether the alarm could not do all when it rang last.
    unfinished: Cell<bool>,
    /// When the first of the unknown outcomes that can be settled is to be looked at.
    next_probe: Cell<Option<UnixMillis>>,
}

impl ObjectContext {
    pub fn new(state: State, env: Env) -> Rc<Self> {
        let config = config::config(&env);
        let (calls, watch) = config.map_or((PLACES, WATCH), |config| {
            (config.policy.sharding.calls, config.policy.sharding.watch)
        });
        Rc::new_cyclic(|itself| Self {
            store: RecordStore::new(state.storage(), stagger_of(&state)),
            memory: Rc::default(),
            counters: Counters::default(),
            copied: Copied::default(),
            places: PlaceQueue::new(calls),
            unknown_outcomes: UnknownOutcomes::new(&state.storage()),
            bindings: Bindings::of(&env),
            env,
            state,
            itself: itself.clone(),
            watch,
            alarm_at: Cell::default(),
            unfinished: Cell::default(),
            next_probe: Cell::default(),
        })
    }

    /// Loads, decides, applies; where the record changed, those who wait for the key are woken with what
    /// its new state is worth to them.
    ///
    /// Not `async`, and it must stay so. The platform runs one thread for an object and JavaScript to its
    /// end (Durable Objects, "What are Durable Objects?"), and storage is read and written synchronously
    /// here, so from the reading to the writing nothing else of this object runs. An await in between would
    /// let a second request of the same key read `Vacant` before the first has written its claim, and both
    /// would be sent: the input gate holds other requests back only while storage is awaited.
    ///
    /// What is sent after this returns leaves the object only once the writes are durable (Durable Objects,
    /// "Output gates"): a request never reaches the origin whose claim a crash could undo.
    ///
    /// # Errors
    ///
    /// The record cannot be read or written, or its alarm cannot be set; nothing has changed but perhaps
    /// the alarm, and nothing is known of the origin.
    pub fn step(
        &self,
        id: &RecordId,
        event: &mut dyn FnMut(Option<&Claim>) -> Event,
        wakeup: &dyn Fn(&Record) -> Wakeup,
    ) -> Result<Transition, String> {
        let now = now();
        let (record, place) = self.store.load(id)?;
        let claim = record.claim().map(|claim| claim.id);
        let open = OpenClaim::of(&record);
        let (cause, transition) = self.memory.with_state(id, |state| {
            let event = event(binding_claim(&record, state, now));
            (Cause::of(&event), transition(record, event, state, now))
        });
        let changes = open.map(|open| open.changes(cause, &transition)).unwrap_or_default();
        let is_sent = !changes.is_empty() && self.bindings.outcomes.is_some();
        let look = next_look(self, id, &transition, now);
        self.next_probe.set([self.next_probe.get(), look].into_iter().flatten().min());
        if transition.storage == StorageOp::Put || is_sent {
            self.set_alarm_before(&transition, place, is_sent, now)?;
        }
        self.unknown_outcomes
            .note(id, &changes, is_sent, now)
            .and_then(|()| self.store.apply(id, &transition, place, claim.as_ref(), now))
            .map_err(|_| "the record could not be written".to_owned())?;
        self.tell(id, &changes, is_sent, now);
        match (transition.storage, &transition.action) {
            (StorageOp::Keep, _) | (_, Action::Forward) => {}
            (StorageOp::Erase | StorageOp::Put, _) => {
                self.memory.wake(id, &wakeup(&transition.record));
            }
        }
        Ok(transition)
    }

    fn tell(&self, id: &RecordId, changes: &[OutcomeChange], is_sent: bool, now: UnixMillis) {
        tell(id, changes, &self.bindings, now);
        if is_sent && let Some(itself) = self.itself.upgrade() {
            self.in_background(send_messages(itself));
        }
    }

    /// The same for an event that is what it is whatever claim there is; those who wait look again.
    pub fn on_event(&self, id: &RecordId, event: Event) -> Result<Transition, String> {
        let mut event = Some(event);
        self.step(id, &mut |_| event.take().unwrap_or(Event::Look), &Wakeup::look_again)
    }

    /// The alarm for a record that is about to be written, in the same turn, so that neither becomes
    /// durable without the other. The alarm first: should the record not be written, one that rings for
    /// nothing does no harm, but a claim without an alarm ahead of it would never be looked at again.
    fn set_alarm_before(
        &self,
        transition: &Transition,
        place: Option<Bucket>,
        has_messages: bool,
        now: UnixMillis,
    ) -> Result<(), String> {
        let agenda = self.agenda()?;
        let is_put = transition.storage == StorageOp::Put;
        let bucket =
            is_put.then(|| Bucket::of_record(&transition.record, place, now, self.store.stagger));
        let bucket = bucket.filter(|bucket| *bucket != Bucket::WATCHED);
        self.set_alarm_for(&Agenda {
            next_bucket: [agenda.next_bucket, bucket].into_iter().flatten().min(),
            in_flight: transition.action == Action::Forward || agenda.in_flight,
            unfinished: transition.action == Action::DropCopy || has_messages || agenda.unfinished,
            ..agenda
        })
    }

    /// What the shard waits for, as far as storage and calls tell.
    pub fn agenda(&self) -> Result<Agenda, String> {
        Ok(Agenda {
            next_bucket: self.store.next_bucket()?,
            in_flight: self.memory.has_open_calls(),
            watch: self.watch,
            orphaned: self.store.has_orphans()?,
            unfinished: self.unfinished.get(),
            next_probe: self.next_probe.get(),
        })
    }

    /// Sets the alarm that an agenda asks for, where the one that is set will not do.
    pub fn set_alarm_for(&self, agenda: &Agenda) -> Result<(), String> {
        match agenda.alarm_to_set(self.alarm_at.get(), now()) {
            Some(at) => self.set_alarm(at),
            None => Ok(()),
        }
    }

    /// The alarm has rung, which uses it up; it looks at every outcome that can be settled.
    pub fn forget_alarm(&self) {
        self.alarm_at.set(None);
        self.next_probe.set(None);
    }

    pub fn set_unfinished(&self, unfinished: bool) {
        self.unfinished.set(unfinished);
    }

    /// Takes effect at once, in the place of the alarm that was set before.
    fn set_alarm(&self, at: UnixMillis) -> Result<(), String> {
        self.store.set_alarm(at).map_err(|_| "the alarm could not be set".to_owned())?;
        self.alarm_at.set(Some(at));
        Ok(())
    }

    /// The end of a call: what it says is stored before anybody hears of it. Returns `None` if storage
    /// failed, which leaves the record in flight without a call: unknown.
    pub fn finish_origin_request(
        &self,
        id: &RecordId,
        attempt: u32,
        event: Event,
        wakeup: &dyn Fn(&Record) -> Wakeup,
    ) -> Option<Transition> {
        let mut event = Some(event);
        let transition = self.step(id, &mut |_| event.take().unwrap_or(Event::Look), wakeup);
        self.memory.end_call(id, attempt);
        // Together with the end of the call: those who joined cost no write of their own.
        self.counters.write(&self.store, id);
        transition
            .map_err(|why| log::error(&format!("onlyonce: a call's end was not stored: {why}")))
            .ok()
    }

    /// Goes on with some work whatever becomes of the request that started it.
    pub fn in_background(&self, work: impl Future<Output = ()> + 'static) {
        drop(self.kept_alive(work));
    }

    /// The same, for one who waits for it as well.
    pub fn kept_alive(&self, work: impl Future<Output = ()> + 'static) -> Promise {
        let promise = promise_of(async {
            work.await;
            Ok(JsValue::UNDEFINED)
        });
        if self.state.as_raw().wait_until(&promise).is_err() {
            log::warning("onlyonce: waitUntil was refused; the call goes on without it");
        }
        promise
    }
}

fn stagger_of(state: &State) -> Stagger {
    let mut id = String::new();
    // An id that cannot be read has its shard purge when others do, and nothing else.
    let _ = write!(id, "{}", state.id());
    Stagger::of_object(&id)
}
