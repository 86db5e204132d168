//! What a shard has of one key, as `edge::object` has it
//! around the shipped rules: what is one synchronous turn there is one function here.

use crate::bugs::{self, Bug};
use crate::ledger::{Promise, Reader, claim_id, number};
use crate::probe::settle;
use crate::setting::{DEADLINE, Setting};
use crate::state::{Bytes, Call, Object, Pass, Stage, State, Submission, Wakeup, decode, encode};
use onlyonce::guard::machine::{self, Action, Event, InMemoryState, Place, StorageOp, Transition};
use onlyonce::guard::record::{Claim, ClaimId, Record};
use onlyonce::guard::shard::retention::{Bucket, Stagger};
use onlyonce::guard::time::UnixMillis;
use onlyonce::guard::unknown_outcome::{Cause, OpenClaim};

/// A state on its way to the next.
pub struct World<'a> {
    pub setting: &'a Setting,
    pub state: State,
    /// The record as a request found it before something came in between, which takes a bug.
    pub found: Option<Option<Bytes>>,
}

impl World<'_> {
    pub fn has(&self, bug: Bug) -> bool {
        self.setting.bug == Some(bug)
    }

    /// `Handling::run`, from one await to the next.
    pub fn on_submission(&mut self, mut submission: Submission) {
        let event = Event::Submitted(self.submission(&submission));
        let step = self.step(event, Wakeup::LookAgain);
        self.began(&step, &submission);
        if let Action::Refuse(refusal) = step.action {
            self.state.ledger.refused(self.reader(&submission), refusal);
        }
        let led = submission.pass == Pass::Led || step.action == Action::Forward;
        match (step.action, step.record) {
            (Action::Forward, Record::InFlight { claim, .. }) => {
                let (claim, attempt, deadline) =
                    (number(&claim), claim.attempt, claim.deadline_at.0);
                let call = Call { claim, attempt, sent: false, streams: false, sealing: None };
                self.state.object.calls.push(call);
                submission.stage = Stage::Leading { claim, attempt, deadline };
            }
            (Action::Join, record) => {
                let lets_go = self.shows(&submission, &record) && !self.has(Bug::WaitersResend);
                submission.has_body &= !lets_go;
                // A stream is waited for to its end.
                let is_awaited = |claim: &&Claim| !self.streaming().contains(&claim.attempt);
                let is_open = matches!(record, Record::InFlight { .. });
                let deadline = record.claim().filter(|_| is_open).filter(is_awaited);
                let deadline = deadline.map_or(u64::MAX, |claim| claim.deadline_at.0);
                submission.stage = Stage::Joined { deadline };
            }
            (Action::Probe, record) => {
                self.state.left.probes -= 1;
                self.probes(&record);
                submission.stage = Stage::Asking;
            }
            (Action::Replay, record) => return self.shown(submission, &record),
            _ => return self.answered(&submission),
        }
        submission.pass = if led { Pass::Led } else { Pass::Waited };
        self.state.submissions.push(submission);
    }

    /// What the ledger learns from a submission's step.
    fn began(&mut self, step: &Transition, by: &Submission) {
        let Record::InFlight { claim, .. } = &step.record else { return };
        if step.action != Action::Forward {
            return;
        }
        if claim.attempt == 1 {
            let reader = self.setting.clients[by.client].reader();
            return self.state.ledger.claimed(claim, reader, self.state.now);
        }
        let by_resend = self.setting.resends && by.pass == Pass::First && !by.redelivered;
        self.state.ledger.resent(claim, by_resend);
    }

    fn shows(&self, submission: &Submission, record: &Record) -> bool {
        let credential = self.setting.clients[submission.client].credential();
        record.claim().is_some_and(|claim| claim.credential == credential)
    }

    /// `IncomingSubmission::submission`.
    fn submission(&self, by: &Submission) -> machine::Submission {
        let client = &self.setting.clients[by.client];
        let leads_again = self.has(Bug::LeaderSendsAgain) && by.pass == Pass::Led;
        let waits_again = self.has(Bug::WaitersResend) && by.pass == Pass::Waited;
        let first = by.pass == Pass::First || leads_again || waits_again;
        let redelivered = by.redelivered && !self.has(Bug::StubRetryResends);
        machine::Submission {
            fresh: self.state.ledger.next_claim(),
            fingerprint: client.fingerprint(),
            credential: client.credential(),
            under_policy: None,
            retry_window: self.setting.retry_window(),
            deadline: DEADLINE,
            derived_ttl: self.setting.derived_ttl,
            reject_in_flight: self.setting.rejects,
            may_resend: self.setting.resends && first && !redelivered,
            can_send: by.has_body && (by.pass != Pass::Led || leads_again),
            // Places are another model's: `shard`.
            place: Place::Taken,
            known_only: false,
            raw_key: None,
            settles: self.setting.probes > 0,
            asked_as: Vec::new(),
            may_probe: self.state.probes_left() && by.pass == Pass::First,
            method: String::new(),
            route: String::new(),
        }
    }

    /// `ObjectContext::step`: load, decide, apply, wake.
    pub fn step(&mut self, event: Event, news: Wakeup) -> Transition {
        let now = self.state.clock();
        let record = decode(&self.found.take().unwrap_or_else(|| self.state.object.stored.clone()));
        let open: Vec<u32> = self.state.object.calls.iter().map(|call| call.attempt).collect();
        let copying = self.state.object.copying.is_some();
        let (waiting, streaming) = (self.waiting(), self.streaming());
        let probing = self.probing();
        let live = InMemoryState {
            open_calls: &open,
            streaming: &streaming,
            waiting,
            others_waiting: 0,
            copying,
            reading: false,
            probing: if self.has(Bug::TwoProbes) { &[] } else { &probing },
        };
        let comes_in =
            matches!(&record, Record::InFlight { claim, .. } if streaming.contains(&claim.attempt));
        let (open_claim, cause, before) =
            (OpenClaim::of(&record), Cause::of(&event), record.clone());
        let looks = matches!(event, Event::Look | Event::Alarm { .. } | Event::Submitted(_));
        let step = bugs::transition(self.setting.bug, record, event, live, now);
        let is_doubted = comes_in && looks && matches!(step.record, Record::Unknown { .. });
        self.state.ledger.hold(Promise::NoneDoubted, !is_doubted);
        self.tells(&before, open_claim, cause, &step);
        self.apply(&step);
        self.set_alarm(step.action == Action::Forward);
        if let Record::Done { claim, answer } = &step.record {
            self.state.ledger.settled(number(claim), answer, now.0);
        }
        match (step.storage, &step.action) {
            (StorageOp::Keep, _) | (_, Action::Forward) => {}
            (StorageOp::Erase, _) => self.wake(news),
            (StorageOp::Put, _) => self.wake(Wakeup::LookAgain),
        }
        step
    }

    /// `unknown_outcomes::tell`, in the same turn.
    fn tells(&mut self, before: &Record, open: Option<OpenClaim>, cause: Cause, step: &Transition) {
        let is_silent = self.has(Bug::ErasedUntold) && step.storage == StorageOp::Erase;
        let open = open.filter(|_| !is_silent);
        let changes = open.map(|open| open.changes(cause, step)).unwrap_or_default();
        let after = match step.storage {
            StorageOp::Keep => before,
            StorageOp::Put => &step.record,
            StorageOp::Erase => &Record::Vacant,
        };
        self.state.ledger.told(before, &changes, after);
    }

    /// The attempts whose answers are coming in.
    fn streaming(&self) -> Vec<u32> {
        let calls = self.state.object.calls.iter();
        calls.filter(|call| call.streams).map(|call| call.attempt).collect()
    }

    /// The claims that the origin is being asked about.
    fn probing(&self) -> Vec<ClaimId> {
        self.state.object.probes.iter().map(|probe| claim_id(probe.claim.into())).collect()
    }

    fn waiting(&self) -> usize {
        self.state.submissions.iter().filter(|one| one.waits()).count()
    }

    /// `RecordStore::apply`.
    fn apply(&mut self, step: &Transition) {
        let object = &mut self.state.object;
        let before = object.stored.clone();
        match step.storage {
            StorageOp::Keep => return,
            StorageOp::Erase => (object.stored, object.bucket) = (None, None),
            StorageOp::Put => {
                object.stored = encode(&step.record);
                object.bucket = Some(bucket_of(&step.record, object.bucket, self.state.now));
            }
        }
        if self.has(Bug::SentBeforeDurable) {
            self.state.undurable = (step.action == Action::Forward).then_some(before);
        }
    }

    /// Sets the shard's alarm where the one there is would ring too late.
    fn set_alarm(&mut self, claims: bool) {
        let is_set = self.state.object.alarm.map(UnixMillis);
        let wanted = self.state.agenda().alarm_to_set(is_set, self.state.clock());
        let is_silent = match self.setting.bug {
            Some(Bug::NoAlarm) => true,
            Some(Bug::AlarmNotMoved) => !claims,
            _ => false,
        };
        if let Some(at) = wanted.filter(|_| !is_silent) {
            self.state.object.alarm = Some(at.0);
        }
    }

    fn wake(&mut self, news: Wakeup) {
        if self.has(Bug::WaitersSleep) {
            return;
        }
        for one in self.state.submissions.iter_mut().filter(|one| one.waits()) {
            one.stage = Stage::Woken(news);
        }
    }

    /// The shard's alarm, which is used up: it looks at what is watched, and at what a bucket that
    /// has ended holds. Calls that it ends may fail at any time anyway.
    pub fn rings(&mut self) -> Action {
        let action = if self.is_due() {
            let settle = self.state.probes_left().then(settle);
            let step = self.step(Event::Alarm { settle }, Wakeup::LookAgain);
            if step.action == Action::Probe {
                self.state.left.probes -= 1;
                self.probes(&step.record);
            }
            step.action
        } else {
            Action::Nothing
        };
        if action == Action::DropCopy {
            self.state.object.deleting = true;
        }
        self.state.object.alarm = None;
        self.postpone();
        if !self.has(Bug::NoSecondAlarm) {
            self.set_alarm(true);
        }
        action
    }

    fn is_due(&self) -> bool {
        let Object { bucket, .. } = &self.state.object;
        bucket.is_some_and(|at| at <= self.state.now)
    }

    /// A record that must not go yet moves to a later bucket.
    fn postpone(&mut self) {
        let now = self.state.now;
        let object = &mut self.state.object;
        if let Some(at) = object.bucket.filter(|at| *at <= now) {
            object.bucket = Some(bucket_of(&decode(&object.stored), Some(at), now));
        }
    }

    /// One who waited is woken: the end of `Handling::join`.
    pub fn on_wakeup(&mut self, submission: Submission, news: Wakeup) {
        if let Wakeup::Released { claim } = news {
            let client = self.setting.clients[submission.client];
            let owner = self.state.ledger.credential(claim) == client.credential;
            if owner || self.has(Bug::ReleaseSharedWithAll) {
                self.state.ledger.shown(claim, self.reader(&submission));
                return self.answered(&submission);
            }
        }
        self.on_submission(submission);
    }

    /// A record's answer goes to the Worker, which shows it and remembers it.
    pub fn shown(&mut self, submission: Submission, record: &Record) {
        let Some((claim, answer)) = record.claim().zip(record.answer()) else {
            return self.state.ledger.hold(Promise::AllAnswered, false);
        };
        self.state.ledger.shown(number(claim), self.reader(&submission));
        if matches!(record, Record::Done { .. }) {
            self.state.ledger.final_shown(number(claim), answer);
            self.remembers(submission.isolate, record);
        }
        self.answered(&submission);
    }

    pub fn reader(&self, submission: &Submission) -> Reader {
        self.setting.clients[submission.client].reader()
    }

    pub fn answered(&mut self, submission: &Submission) {
        if submission.is_read {
            self.state.clients[submission.client].waits = false;
        }
    }
}

/// The bucket of a record that is written now, where it stands in that one.
fn bucket_of(record: &Record, current: Option<u64>, now: u64) -> u64 {
    let current = current.map(|at| Bucket(UnixMillis(at)));
    Bucket::of_record(record, current, UnixMillis(now), Stagger::default()).ends_at().0
}
