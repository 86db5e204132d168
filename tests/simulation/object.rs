//! What a shard has of one key, as `edge::object` has it, with the timers that the model checker leaves
//! to chance.

use crate::bugs::{self, Bug};
use crate::reference::{Asker, RequestOutcome};
use crate::shard::shard_of;
use crate::system::{System, linger_of, number_of};
use onlyonce::guard::hex::Hex;
use onlyonce::guard::machine::{
    self, Action, Event, InMemoryState, Place, Refusal, StorageOp, Transition, binding_claim,
};
use onlyonce::guard::record::{Claim, ClaimId, Record};
use onlyonce::guard::shard::places::Urgency;
use onlyonce::guard::shard::retention::{Bucket, Stagger};
use onlyonce::guard::time::{Millis, UnixMillis};
use std::rc::Rc;

/// As in `edge::object::submission`.
const TIMER_SLACK: u64 = 10;

#[derive(Default)]
pub struct Object {
    stored: Option<Vec<u8>>,
    /// Where the record stands.
    pub bucket: Option<Bucket>,
    pub calls: Vec<Call>,
    pub waiting: Vec<Waiter>,
    pub copies: Vec<Rc<[u8]>>,
    pub deleting: bool,
}

/// A call to the origin, and the request that it was made for, as long as somebody waits for it.
pub struct Call {
    pub claim: ClaimId,
    pub attempt: u32,
    /// Until its answer's headers are there.
    pub has_place: bool,
    /// Whether its answer is coming in, piece by piece.
    pub streams: bool,
    pub leader: Option<(Submission, u64)>,
}

#[derive(Clone, Debug)]
pub struct Submission {
    pub asker: Asker,
    pub isolate: usize,
    pub arrived_at: u64,
    pub pass: Pass,
    /// Whether it has waited for a place in vain.
    pub is_denied: bool,
    pub attempt: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    First,
    Waited,
    Led,
}

/// What those who wait are woken with.
pub enum Wakeup<'a> {
    LookAgain,
    Released { claim: &'a Claim, number: u32 },
}

impl Object {
    pub fn record(&self) -> Record {
        let decoded =
            |bytes: &Vec<u8>| Record::decode(bytes).expect("what the codec wrote, it reads");
        self.stored.as_ref().map_or(Record::Vacant, decoded)
    }

    /// The attempts whose answers are coming in.
    pub fn streaming(&self) -> Vec<u32> {
        self.calls.iter().filter(|call| call.streams).map(|call| call.attempt).collect()
    }

    /// When the next of its timers goes off.
    pub fn next_timer(&self) -> Option<u64> {
        let leaders = self.calls.iter().filter_map(|call| Some(call.leader.as_ref()?.1));
        let waiters = self.waiting.iter().map(Waiter::timer);
        leaders.chain(waiters).min()
    }

    /// A record that must not go yet moves to a later bucket.
    pub fn postpone(&mut self, now: u64) {
        let ended = self.bucket.filter(|bucket| bucket.has_ended(UnixMillis(now)));
        if ended.is_some() {
            self.bucket =
                Some(Bucket::of_record(&self.record(), ended, UnixMillis(now), Stagger::default()));
        }
    }

    /// What is in memory is gone.
    pub fn dies(&mut self) {
        let Self { stored, bucket, .. } = std::mem::take(self);
        *self = Self { stored, bucket, ..Self::default() };
    }
}

/// A duplicate that waits, and the deadline of the call that it waits for.
pub struct Waiter {
    pub submission: Submission,
    deadline_at: u64,
    /// Whether it shows the claim's credential.
    pub is_owner: bool,
}

impl Waiter {
    /// When it is told to come again, or looks again, whichever is sooner.
    fn timer(&self) -> u64 {
        self.submission.patience_ends_at().min(self.deadline_at + TIMER_SLACK)
    }
}

impl Submission {
    fn having_waited(self) -> Self {
        let pass = if self.pass == Pass::First { Pass::Waited } else { self.pass };
        Self { pass, ..self }
    }

    fn patience_ends_at(&self) -> u64 {
        self.arrived_at + crate::request::POLICIES[self.asker.policy].wait.0
    }
}

impl System {
    pub fn on_submission(&mut self, submission: Submission) {
        self.decides(submission, false);
    }

    /// `Handling::run`, from one await to the next. A place that is free is taken on trial.
    pub fn decides(&mut self, submission: Submission, held: bool) {
        let key = submission.asker.key;
        let has_place = held || self.shards[shard_of(key)].places.take(Urgency::Call);
        let place = match (has_place || self.has(Bug::PlacesIgnored), submission.is_denied) {
            (true, _) => Place::Taken,
            (false, true) => Place::Denied,
            (false, false) => Place::Wanted,
        };
        self.claims += 1;
        let fresh = ClaimId(Hex(u128::from(self.claims).to_be_bytes()));
        let step = self.step(key, |system, claim| system.event(&submission, place, fresh, claim));
        let told = outcome_of(&step);
        if told == RequestOutcome::AwaitsPlace {
            return self.awaits_place(submission);
        }
        let is_denied = place == Place::Denied;
        // Who has no place is told what one is told that may not be sent again.
        let asker = Asker { is_retry: submission.asker.is_retry && !is_denied, ..submission.asker };
        self.judge(&asker, told);
        match (told, step.record) {
            (RequestOutcome::Sent, Record::InFlight { claim, .. }) => self.leads(submission, claim),
            (RequestOutcome::Waits, record) => self.joins(submission, &record),
            (RequestOutcome::Shown(_), record) => self.remembers(submission.isolate, key, &record),
            _ => {}
        }
        if has_place && told != RequestOutcome::Sent {
            self.give_back(shard_of(key));
        }
    }

    /// `IncomingSubmission::submission`; nothing where it takes a body that is gone.
    fn event(&self, by: &Submission, place: Place, fresh: ClaimId, claim: Option<&Claim>) -> Event {
        let (asker, policy) = (&by.asker, self.policy_of(&by.asker));
        let claim = claim.filter(|_| !self.has(Bug::NewPolicyCounts));
        let sources =
            claim.map_or_else(|| policy.sources(), |claim| claim.credential.sources.clone());
        let method =
            claim.map_or_else(|| policy.method(), |claim| claim.fingerprint.method.clone());
        if !asker.has_body && method != policy.method() {
            return Event::Look;
        }
        let first = by.pass == Pass::First;
        Event::Submitted(machine::Submission {
            fresh,
            fingerprint: asker.request.fingerprint(&method),
            credential: asker.request.credential(&sources, asker.key),
            under_policy: Some(Box::new((
                asker.request.fingerprint(&policy.method()),
                asker.request.credential(&policy.sources(), asker.key),
            ))),
            retry_window: policy.retry_window,
            deadline: policy.deadline,
            derived_ttl: linger_of(asker).map(Millis),
            reject_in_flight: policy.rejects,
            may_resend: policy.resends && first && asker.is_retry,
            settles: false,
            asked_as: Vec::new(),
            may_probe: false,
            can_send: asker.has_body && by.pass != Pass::Led,
            place,
            known_only: false,
            raw_key: None,
            method: String::new(),
            route: String::new(),
        })
    }

    /// `ObjectContext::step`, without the waking.
    pub fn step(
        &mut self,
        key: usize,
        event: impl FnOnce(&Self, Option<&Claim>) -> Event,
    ) -> Transition {
        let now = UnixMillis(self.now);
        let object = self.object(key);
        let record = object.record();
        let open: Vec<u32> = object.calls.iter().map(|call| call.attempt).collect();
        let streaming = object.streaming();
        let live = InMemoryState {
            open_calls: &open,
            streaming: &streaming,
            waiting: object.waiting.len(),
            others_waiting: object.waiting.iter().filter(|waiter| !waiter.is_owner).count(),
            copying: !object.copies.is_empty(),
            reading: false,
            probing: &[],
        };
        let event = event(self, binding_claim(&record, live, now));
        let step = bugs::transition(self.bug, record, event, live, now);
        self.apply(key, &step);
        self.sets_alarm(key, &step);
        step
    }

    /// `RecordStore::apply`.
    fn apply(&mut self, key: usize, step: &Transition) {
        let now = UnixMillis(self.now);
        let object = self.object(key);
        match step.storage {
            StorageOp::Keep => {}
            StorageOp::Erase => (object.stored, object.bucket) = (None, None),
            StorageOp::Put => {
                object.bucket =
                    Some(Bucket::of_record(&step.record, object.bucket, now, Stagger::default()));
                object.stored = step.record.encode().ok();
            }
        }
    }

    /// Those who wait go on where a step changed something.
    pub fn wake(&mut self, key: usize, step: &Transition, news: Wakeup) {
        if step.storage == StorageOp::Keep
            || step.action == Action::Forward
            || self.has(Bug::WaitersSleep)
        {
            return;
        }
        let woken = std::mem::take(&mut self.object(key).waiting);
        woken.iter().for_each(|waiter| self.reference.stops_waiting(key, waiter.is_owner));
        for Waiter { submission, .. } in woken {
            let submission = submission.having_waited();
            match (&news, step.storage) {
                (Wakeup::Released { claim, number }, StorageOp::Erase)
                    if shows(&submission, claim) =>
                {
                    self.shares(&submission, *number);
                }
                _ => self.on_submission(submission),
            }
        }
    }

    /// `Handling::lead`.
    fn leads(&mut self, mut submission: Submission, claim: Claim) {
        let asker = &mut submission.asker;
        asker.was_sent = true;
        self.reference.sent(asker, linger_of(asker), claim.attempt, self.now);
        let patience = self.now + self.policy_of(&submission.asker).deadline.0 + TIMER_SLACK;
        submission.attempt = claim.attempt;
        submission.pass = Pass::Led;
        let (key, attempt) = (submission.asker.key, claim.attempt);
        let leader = Some((submission, patience));
        let call = Call { claim: claim.id, attempt, has_place: true, streams: false, leader };
        self.object(key).calls.push(call);
    }

    /// `Handling::join`.
    fn joins(&mut self, mut submission: Submission, record: &Record) {
        let owns = record.claim().is_some_and(|claim| shows(&submission, claim));
        let keeps = submission.asker.has_body && !owns;
        self.reference.waits(&mut submission.asker);
        if submission.asker.has_body != keeps {
            self.complain(format!("{submission:?} waits, and its body is not where it should be"));
        }
        if submission.patience_ends_at() > self.now {
            let key = submission.asker.key;
            let streaming = self.object(key).streaming();
            let deadline = record.claim().filter(|claim| {
                !self.has(Bug::DeadlineUnheard) && !streaming.contains(&claim.attempt)
            });
            let deadline_at = deadline.map_or(u64::MAX / 2, |claim| claim.deadline_at.0);
            let waiter = Waiter { submission, deadline_at, is_owner: owns };
            return self.object(key).waiting.push(waiter);
        }
        self.reference.stops_waiting(submission.asker.key, owns);
    }

    /// One who waited shares a refusal.
    fn shares(&mut self, submission: &Submission, number: u32) {
        self.count("shared a refusal");
        if submission.asker.has_body {
            self.complain(format!("{submission:?} kept its body and shared refusal {number}"));
        }
    }

    /// The first timer of an object that is due.
    pub fn goes_off(&mut self, key: usize) {
        let now = self.now;
        let object = self.object(key);
        if let Some(call) =
            object.calls.iter_mut().find(|call| matches!(call.leader, Some((_, at)) if at <= now))
        {
            let leader = call.leader.take();
            return leader.into_iter().for_each(|(leader, _)| self.on_submission(leader));
        }
        if let Some(place) = object.waiting.iter().position(|one| one.timer() <= now) {
            let waiter = object.waiting.remove(place);
            self.stops_waiting(waiter);
        }
    }

    /// The time that one waits is over: it is told to come again, or the deadline has come and it
    /// looks again. Had the call ended before, it would have been woken.
    fn stops_waiting(&mut self, waiter: Waiter) {
        let (at, is_owner, submission) = (waiter.timer(), waiter.is_owner, waiter.submission);
        let key = submission.asker.key;
        self.reference.stops_waiting(key, is_owner);
        if !self.reference.is_busy(key, at - TIMER_SLACK - 1) {
            self.complain(format!("{submission:?} waited for nothing"));
        }
        if at < submission.patience_ends_at() {
            self.count("looked again at the deadline");
            self.on_submission(submission.having_waited());
        }
    }
}

fn shows(submission: &Submission, claim: &Claim) -> bool {
    let Asker { request, key, .. } = submission.asker;
    request.credential(&claim.credential.sources, key) == claim.credential
}

fn outcome_of(step: &Transition) -> RequestOutcome {
    match step.action {
        Action::Forward => RequestOutcome::Sent,
        Action::Join => RequestOutcome::Waits,
        Action::Replay => RequestOutcome::Shown(number_of(&step.record).unwrap_or_default()),
        Action::Refuse(Refusal::KeyReused) => RequestOutcome::KeyReused,
        Action::Refuse(Refusal::CredentialChanged) => RequestOutcome::CredentialChanged,
        Action::Refuse(Refusal::ResponseNotKept { .. }) => RequestOutcome::NotKept,
        Action::Refuse(Refusal::OutcomeUnknown(_)) => RequestOutcome::OutcomeUnknown,
        Action::Refuse(Refusal::OriginBusy) => RequestOutcome::OriginBusy,
        Action::AwaitPlace => RequestOutcome::AwaitsPlace,
        // `shards` does not change here, so nothing moves; nobody gives a key up, and new keys are not limited.
        Action::Refuse(
            Refusal::InProgress { .. } | Refusal::Moved | Refusal::KeyFenced | Refusal::TooManyKeys,
        ) => RequestOutcome::InProgress,
        Action::Nothing
        | Action::ConfirmMove
        | Action::Tell
        | Action::Probe
        | Action::DropCopy
        | Action::EndCalls
        | Action::RefuseAdmin(_) => RequestOutcome::InProgress,
    }
}
