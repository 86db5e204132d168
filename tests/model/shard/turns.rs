//! What the shard does in one turn, as `edge::object` has it: a submission from one wait to the next, the
//! places, the end of a call.

use super::bugs::Bug;
use super::ledger::Promise;
use super::setting::Setting;
use super::state::{Call, Row, Stage, State, Submission as Sent, Waiter};
use crate::ledger::{claim_id, number};
use crate::origin::answer_of;
use crate::setting::{DEADLINE, TICK, client};
use crate::state::encode;
use onlyonce::guard::machine::{
    self, Action, Event, InMemoryState, Place, StorageOp, Submission, Transition,
};
use onlyonce::guard::origin::OriginVerdict;
use onlyonce::guard::record::{Claim, Record};
use onlyonce::guard::shard::places::{PATIENCE, Urgency};
use onlyonce::guard::shard::retention::{Bucket, Stagger};
use onlyonce::guard::time::{Millis, UnixMillis};

/// A state on its way to the next.
pub struct World<'a> {
    pub setting: &'a Setting,
    pub state: State,
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Report {
    Answers,
    Refuses,
    Breaks,
}

impl World<'_> {
    pub fn has(&self, bug: Bug) -> bool {
        self.setting.bug == Some(bug)
    }

    /// `Handling::run`, from one wait to the next.
    pub fn decides(&mut self, one: usize, held: bool) {
        let tries = !self.has(Bug::PlaceNotTried);
        let has_place = held || (tries && self.state.instance.places.take(Urgency::Call));
        let place = match has_place || self.believes_in_a_place() {
            true => Place::Taken,
            false => self.state.submissions[one].place(),
        };
        let key = self.state.submissions[one].key;
        let event = Event::Submitted(self.submission(one, place));
        let transition = self.step(key, event);
        match (transition.action, transition.record) {
            (Action::AwaitPlace, _) => self.awaits_place(one),
            (Action::Forward, Record::InFlight { claim, .. }) => {
                self.leads(one, &claim, has_place);
            }
            (action, record) => {
                if has_place && !self.has(Bug::PlaceKeptByReplay) {
                    self.give_back(Urgency::Call);
                }
                let deadline = record.claim().map_or(0, |claim| claim.deadline_at.0);
                self.state.submissions[one].stage = match action {
                    Action::Join => Stage::Joined { deadline },
                    _ => Stage::Answered,
                };
            }
        }
    }

    fn believes_in_a_place(&self) -> bool {
        self.has(Bug::PlacesIgnored) || self.has(Bug::PlaceTakenAfterClaim)
    }

    fn submission(&self, one: usize, place: Place) -> Submission {
        let (_, credential) = self.setting.submissions[one];
        let client = client(credential, "order", 1);
        Submission {
            fresh: claim_id(self.state.ledger.next_claim(self.state.submissions[one].key)),
            fingerprint: client.fingerprint(),
            credential: client.credential(),
            under_policy: None,
            retry_window: Millis(self.setting.window * TICK.0),
            deadline: DEADLINE,
            derived_ttl: None,
            reject_in_flight: false,
            may_resend: false,
            settles: false,
            asked_as: Vec::new(),
            may_probe: false,
            can_send: !self.state.submissions[one].was_sent,
            place,
            known_only: false,
            raw_key: None,
            method: String::new(),
            route: String::new(),
        }
    }

    fn awaits_place(&mut self, one: usize) {
        let has_room = self.state.instance.places.wait(Urgency::Call, Waiter::Submission(one));
        assert!(has_room, "few wait here");
        let until = self.state.now + PATIENCE.0;
        self.state.submissions[one].stage = Stage::AwaitsPlace { until };
    }

    fn leads(&mut self, one: usize, claim: &Claim, has_place: bool) {
        let key = self.state.submissions[one].key;
        self.state.ledger.claimed(key, claim, self.state.now);
        if !has_place && self.has(Bug::PlaceTakenAfterClaim) {
            return self.awaits_place(one);
        }
        let (claim, deadline) = (number(claim), claim.deadline_at.0);
        self.state.instance.calls.push(Call { key, claim, has_place: true });
        self.state.submissions[one].was_sent = true;
        self.state.submissions[one].stage = Stage::Leading { claim, deadline };
    }

    /// `PlaceQueue::give_back`.
    pub fn give_back(&mut self, mut urgency: Urgency) {
        while let Some((wanted, next)) = self.state.instance.places.give_back(urgency) {
            urgency = wanted;
            match next {
                Waiter::Copy(key) => {
                    let mut copies = self.state.instance.copies.iter_mut();
                    let copy = copies.find(|(of, has_place)| *of == key && !has_place);
                    return copy.expect("a copy does not give up").1 = true;
                }
                Waiter::Submission(one) => {
                    let stage = &mut self.state.submissions[one].stage;
                    if matches!(stage, Stage::AwaitsPlace { .. }) {
                        return *stage = Stage::HasPlace;
                    }
                    if self.has(Bug::PlaceHandedToTheGone) {
                        return;
                    }
                }
            }
        }
    }

    /// The patience of one who waits for a place is over, perhaps in the moment in which it is handed one.
    pub fn gives_up(&mut self, one: usize) {
        let submission = &mut self.state.submissions[one];
        let had_place = submission.stage == Stage::HasPlace;
        submission.is_denied = true;
        submission.stage = Stage::Woken;
        if had_place && !self.has(Bug::PlaceKeptByWhoGaveUp) {
            self.give_back(Urgency::Call);
        }
        self.decides(one, false);
    }

    /// The answer's headers are there.
    pub fn headers_come(&mut self, call: &Call) {
        let mut calls = self.state.instance.calls.iter_mut();
        calls.find(|open| *open == call).expect("an open call").has_place = false;
        self.give_back(Urgency::Call);
    }

    /// A call ends, before its headers or after them.
    pub fn ends(&mut self, call: &Call, report: Report) {
        if call.has_place && !(report == Report::Breaks && self.has(Bug::PlaceKeptByFailure)) {
            self.headers_come(call);
        }
        let (claim, attempt) = (claim_id(call.claim.into()), 1);
        let (status, verdict) = match report {
            Report::Answers => (201, OriginVerdict::Final),
            Report::Refuses => (429, OriginVerdict::NotProcessed),
            Report::Breaks => (0, OriginVerdict::Final),
        };
        let event = match report {
            Report::Breaks => Event::Failed { claim, attempt },
            _ => {
                let answer = answer_of(&claim, attempt, status);
                Event::Answered { claim, attempt, verdict, answer }
            }
        };
        if report == Report::Refuses {
            self.state.ledger.freed(call.key);
        }
        let transition = self.step(call.key, event);
        self.state.instance.calls.retain(|open| open.claim != call.claim);
        self.tells_leader(call, report);
        if transition.storage == StorageOp::Put && report == Report::Answers && self.setting.copies
        {
            self.copies(call.key);
        }
    }

    /// The one whose call it was has its answer; after a lost connection it looks at the record.
    fn tells_leader(&mut self, call: &Call, report: Report) {
        let leads = |stage| matches!(stage, Stage::Leading { claim, .. } if claim == call.claim);
        for one in self.state.submissions.iter_mut().filter(|one| leads(one.stage)) {
            one.stage = if report == Report::Breaks { Stage::Woken } else { Stage::Answered };
        }
    }

    /// A copy of the answer needs a connection, too; calls go before it.
    fn copies(&mut self, key: usize) {
        let has_place = self.state.instance.places.take(Urgency::Background);
        if !has_place {
            let has_room = self.state.instance.places.wait(Urgency::Background, Waiter::Copy(key));
            assert!(has_room, "few wait here");
        }
        self.state.instance.copies.push((key, has_place));
    }

    pub fn copy_ends(&mut self, key: usize) {
        let copies = &mut self.state.instance.copies;
        let place = copies.iter().position(|copy| *copy == (key, true)).expect("a copy");
        copies.remove(place);
        self.give_back(Urgency::Background);
    }

    /// `ObjectContext::step`: load, decide, apply, set the alarm, wake.
    pub fn step(&mut self, key: usize, event: Event) -> Transition {
        let now = self.state.clock();
        let record = self.state.record(key);
        let is_ring = matches!(event, Event::Alarm { settle: None });
        let calls = &self.state.instance.calls;
        let is_open = calls.iter().any(|call| call.key == key);
        let sees_calls = !is_ring || !self.has(Bug::PurgeIgnoresOpenCalls);
        let open_calls: &[u32] = if is_open && sees_calls { &[1] } else { &[] };
        let waits = |one: &&Sent| one.key == key && matches!(one.stage, Stage::Joined { .. });
        let live = InMemoryState {
            open_calls,
            waiting: self.state.submissions.iter().filter(waits).count(),
            others_waiting: 0,
            copying: self.state.instance.copies.iter().any(|(of, _)| *of == key),
            ..InMemoryState::default()
        };
        let in_flight = matches!(record, Record::InFlight { .. });
        let is_mistaken = in_flight
            && ((is_ring && self.has(Bug::PurgeDeletesInFlight))
                || (!is_open && self.has(Bug::DeadCallSentAgain)));
        let record = if is_mistaken { Record::Vacant } else { record };
        let mut transition = machine::transition(record, event, live, now);
        if is_mistaken && transition.storage == StorageOp::Keep {
            transition.storage = StorageOp::Erase;
        }
        if is_ring && transition.storage == StorageOp::Erase {
            self.state.ledger.hold(Promise::KeptWhileOpen, !is_open);
        }
        self.apply(key, &transition);
        if transition.storage == StorageOp::Put {
            self.set_alarm(&transition.action);
        }
        if transition.storage != StorageOp::Keep && transition.action != Action::Forward {
            self.wake(key);
        }
        transition
    }

    fn apply(&mut self, key: usize, transition: &Transition) {
        match transition.storage {
            StorageOp::Keep => {}
            StorageOp::Erase => self.state.rows[key] = None,
            StorageOp::Put => {
                let current = self.state.rows[key].as_ref();
                let current = current.map(|row| Bucket(UnixMillis(row.bucket)));
                let bucket = Bucket::of_record(
                    &transition.record,
                    current,
                    self.state.clock(),
                    Stagger::default(),
                );
                let record = encode(&transition.record).expect("a record that is put");
                self.state.rows[key] = Some(Row { record, bucket: bucket.ends_at().0 });
            }
        }
    }

    fn wake(&mut self, key: usize) {
        for one in self.state.submissions.iter_mut().filter(|one| one.key == key) {
            if matches!(one.stage, Stage::Joined { .. }) {
                one.stage = Stage::Woken;
            }
        }
    }
}
