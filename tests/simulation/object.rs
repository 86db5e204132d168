//! One key's object, as `edge::key_object`, `edge::origin_call` and `edge::reception` have it, with
//! the timers that the model checker leaves to chance.

use crate::alarm;
use crate::bugs::{self, Bug};
use crate::reference::{Asker, Told};
use crate::system::{System, linger_of, number_of};
use onlyonce::guard::hex::Hex;
use onlyonce::guard::machine::{
    self, Action, Event, InMemoryState, Refusal, StorageOp, Transition, binding_claim,
};
use onlyonce::guard::record::{Claim, ClaimId, Record};
use onlyonce::guard::time::{Millis, UnixMillis};
use std::rc::Rc;

/// As in `edge::key_object`.
const TIMER_SLACK: u64 = 10;

#[derive(Default)]
pub struct Object {
    stored: Option<Vec<u8>>,
    alarm: Option<u64>,
    pub calls: Vec<Call>,
    pub waiting: Vec<Waiter>,
    pub copies: Vec<Rc<[u8]>>,
    pub deleting: bool,
}

/// A call to the origin, and the request that it was made for, as long as somebody waits for it.
pub struct Call {
    pub claim: ClaimId,
    pub attempt: u32,
    pub leader: Option<(Submission, u64)>,
}

#[derive(Clone, Debug)]
pub struct Submission {
    pub asker: Asker,
    pub isolate: usize,
    pub arrived_at: u64,
    pub turn: Turn,
    pub attempt: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    First,
    Waited,
    Led,
}

/// What those who wait are woken with.
pub enum News<'a> {
    LookAgain,
    Released { claim: &'a Claim, number: u32 },
}

impl Object {
    pub fn record(&self) -> Record {
        let decoded =
            |bytes: &Vec<u8>| Record::decode(bytes).expect("what the codec wrote, it reads");
        self.stored.as_ref().map_or(Record::Vacant, decoded)
    }

    /// When the next of its timers goes off.
    pub fn next_timer(&self, late: u64) -> Option<u64> {
        let leaders = self.calls.iter().filter_map(|call| Some(call.leader.as_ref()?.1));
        let waiters = self.waiting.iter().map(Waiter::timer);
        leaders.chain(waiters).chain(self.alarm.map(|at| at + late)).min()
    }

    /// Whether an alarm is set for the record's end; within a minute where that is over.
    fn is_watched(&self, now: u64) -> bool {
        let due = alarm::due(&self.record(), UnixMillis(now));
        due.is_none_or(|due| self.alarm.is_some_and(|at| at <= due.0))
    }
}

/// A duplicate that waits, and the deadline of the call that it waits for.
pub struct Waiter {
    pub submission: Submission,
    deadline_at: u64,
}

impl Waiter {
    /// When it is told to come again, or looks again, whichever is sooner.
    fn timer(&self) -> u64 {
        self.submission.patience_ends_at().min(self.deadline_at + TIMER_SLACK)
    }
}

impl Submission {
    fn having_waited(self) -> Self {
        let turn = if self.turn == Turn::First { Turn::Waited } else { self.turn };
        Self { turn, ..self }
    }

    fn patience_ends_at(&self) -> u64 {
        self.arrived_at + crate::request::POLICIES[self.asker.policy].wait.0
    }
}

impl System {
    /// `KeyObject::submitted`, from one await to the next.
    pub fn takes(&mut self, submission: Submission) {
        let key = submission.asker.key;
        self.claims += 1;
        let fresh = ClaimId(Hex(u128::from(self.claims).to_be_bytes()));
        let step = self.step(key, |system, claim| system.event(&submission, fresh, claim));
        let told = told(&step);
        self.judge(&submission.asker, told);
        match (told, step.record) {
            (Told::Sent, Record::InFlight { claim, .. }) => self.leads(submission, claim),
            (Told::Waits, record) => self.joins(submission, &record),
            (Told::Shown(_), record) => self.remembers(submission.isolate, key, &record),
            _ => {}
        }
    }

    /// `Arrival::submission`; nothing where it takes a body that is gone.
    fn event(&self, by: &Submission, fresh: ClaimId, claim: Option<&Claim>) -> Event {
        let (asker, policy) = (&by.asker, self.policy_of(&by.asker));
        let claim = claim.filter(|_| !self.has(Bug::NewPolicyCounts));
        let sources =
            claim.map_or_else(|| policy.sources(), |claim| claim.credential.sources.clone());
        let method =
            claim.map_or_else(|| policy.method(), |claim| claim.fingerprint.method.clone());
        if !asker.has_body && method != policy.method() {
            return Event::Look;
        }
        let first = by.turn == Turn::First;
        Event::Submitted(machine::Submission {
            fresh,
            fingerprint: asker.request.fingerprint(&method),
            credential: asker.request.credential(&sources, asker.key),
            retry_window: policy.retry_window,
            deadline: policy.deadline,
            derived_ttl: linger_of(asker).map(Millis),
            reject_in_flight: policy.rejects,
            may_resend: policy.resends && first && asker.is_retry,
            can_send: asker.has_body && by.turn != Turn::Led,
            place: machine::Place::Taken,
            known_only: false,
            raw_key: None,
        })
    }

    /// `KeyObject::step`, without the waking.
    pub fn step(
        &mut self,
        key: usize,
        event: impl FnOnce(&Self, Option<&Claim>) -> Event,
    ) -> Transition {
        let now = UnixMillis(self.now);
        let object = self.object(key);
        let record = object.record();
        let open: Vec<u32> = object.calls.iter().map(|call| call.attempt).collect();
        let (waiting, copying) = (object.waiting.len(), !object.copies.is_empty());
        let live = InMemoryState { open_calls: &open, waiting, copying, reading: false };
        let event = event(self, binding_claim(&record, live, now));
        let rang = matches!(event, Event::Alarm);
        let step = bugs::transition(self.bug, record, event, live, now);
        self.apply(key, &step, rang);
        if !self.object(key).is_watched(now.0) {
            self.complain(format!("after {step:?} no alarm is set for the end of key {key}"));
        }
        step
    }

    /// `Store::apply`.
    fn apply(&mut self, key: usize, step: &Transition, rang: bool) {
        let now = UnixMillis(self.now);
        let is_silent = bugs::sets_no_alarm(self.bug, rang, step);
        let object = self.object(key);
        if !is_silent {
            object.alarm = alarm::after(step, rang, object.alarm, now);
        }
        match step.storage {
            StorageOp::Keep => {}
            StorageOp::Erase => (object.stored, object.alarm) = (None, None),
            StorageOp::Put => object.stored = step.record.encode().ok(),
        }
    }

    /// Those who wait go on where a step changed something.
    pub fn wake(&mut self, key: usize, step: &Transition, news: News) {
        if step.storage == StorageOp::Keep
            || step.action == Action::Forward
            || self.has(Bug::WaitersSleep)
        {
            return;
        }
        let woken = std::mem::take(&mut self.object(key).waiting);
        self.reference.stops_waiting(key, woken.len());
        for Waiter { submission, .. } in woken {
            let submission = submission.having_waited();
            match (&news, step.storage) {
                (News::Released { claim, number }, StorageOp::Erase)
                    if shows(&submission, claim) =>
                {
                    self.shares(&submission, *number);
                }
                _ => self.takes(submission),
            }
        }
    }

    /// `KeyObject::lead`.
    fn leads(&mut self, mut submission: Submission, claim: Claim) {
        let asker = &mut submission.asker;
        asker.was_sent = true;
        self.reference.sent(asker, linger_of(asker), claim.attempt, self.now);
        let patience = self.now + self.policy_of(&submission.asker).deadline.0 + TIMER_SLACK;
        submission.attempt = claim.attempt;
        submission.turn = Turn::Led;
        let (key, attempt) = (submission.asker.key, claim.attempt);
        let leader = Some((submission, patience));
        self.object(key).calls.push(Call { claim: claim.id, attempt, leader });
    }

    /// `KeyObject::join`.
    fn joins(&mut self, mut submission: Submission, record: &Record) {
        let owns = record.claim().is_some_and(|claim| shows(&submission, claim));
        let keeps = submission.asker.has_body && !owns;
        self.reference.waits(&mut submission.asker);
        if submission.asker.has_body != keeps {
            self.complain(format!("{submission:?} waits, and its body is not where it should be"));
        }
        if submission.patience_ends_at() > self.now {
            let deadline = record.claim().filter(|_| !self.has(Bug::DeadlineUnheard));
            let deadline_at = deadline.map_or(u64::MAX / 2, |claim| claim.deadline_at.0);
            let key = submission.asker.key;
            return self.object(key).waiting.push(Waiter { submission, deadline_at });
        }
        self.reference.stops_waiting(submission.asker.key, 1);
    }

    /// One who waited shares a refusal.
    fn shares(&mut self, submission: &Submission, number: u32) {
        self.count("shared a refusal");
        if submission.asker.has_body {
            self.complain(format!("{submission:?} kept its body and shared refusal {number}"));
        }
    }

    /// The first timer of an object that is due.
    pub fn goes_off(&mut self, key: usize, late: u64) {
        let now = self.now;
        let object = self.object(key);
        if let Some(call) =
            object.calls.iter_mut().find(|call| matches!(call.leader, Some((_, at)) if at <= now))
        {
            let leader = call.leader.take();
            return leader.into_iter().for_each(|(leader, _)| self.takes(leader));
        }
        if let Some(place) = object.waiting.iter().position(|one| one.timer() <= now) {
            let waiter = object.waiting.remove(place);
            return self.stops_waiting(waiter);
        }
        if object.alarm.is_some_and(|at| at + late <= now) {
            self.rings(key);
        }
    }

    /// The time that one waits is over: it is told to come again, or the deadline has come and it
    /// looks again. Had the call ended before, it would have been woken.
    fn stops_waiting(&mut self, waiter: Waiter) {
        let (at, submission) = (waiter.timer(), waiter.submission);
        let key = submission.asker.key;
        self.reference.stops_waiting(key, 1);
        if !self.reference.is_busy(key, at - TIMER_SLACK - 1) {
            self.complain(format!("{submission:?} waited for nothing"));
        }
        if at < submission.patience_ends_at() {
            self.count("looked again at the deadline");
            self.takes(submission.having_waited());
        }
    }

    /// `KeyObject::woken`, by an alarm, which is used up.
    pub fn rings(&mut self, key: usize) {
        self.object(key).alarm = None;
        let step = self.step(key, |_, _| Event::Alarm);
        self.object(key).deleting |= step.action == Action::DropCopy;
        self.wake(key, &step, News::LookAgain);
        if step.action == Action::EndCalls {
            self.ends_calls(key);
        }
    }

    pub fn dies(&mut self, key: usize) {
        let object = self.object(key);
        object.calls.clear();
        object.waiting.clear();
        object.copies.clear();
        object.deleting = false;
        self.reference.died(key, self.now);
    }
}

fn shows(submission: &Submission, claim: &Claim) -> bool {
    let Asker { request, key, .. } = submission.asker;
    request.credential(&claim.credential.sources, key) == claim.credential
}

fn told(step: &Transition) -> Told {
    match step.action {
        Action::Forward => Told::Sent,
        Action::Join => Told::Waits,
        Action::Replay => Told::Shown(number_of(&step.record).unwrap_or_default()),
        Action::Refuse(Refusal::KeyReused) => Told::KeyReused,
        Action::Refuse(Refusal::CredentialChanged) => Told::CredentialChanged,
        Action::Refuse(Refusal::ResponseNotKept) => Told::NotKept,
        Action::Refuse(Refusal::OutcomeUnknown(_)) => Told::OutcomeUnknown,
        // The simulation has one shard with room for every call, so the last two do not come up.
        Action::Refuse(Refusal::InProgress { .. } | Refusal::OriginBusy | Refusal::Moved) => {
            Told::InProgress
        }
        Action::Nothing
        | Action::AwaitPlace
        | Action::ConfirmMove
        | Action::DropCopy
        | Action::EndCalls
        | Action::RefuseAdmin(_) => Told::InProgress,
    }
}
