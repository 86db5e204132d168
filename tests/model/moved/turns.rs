//! What a Worker and a shard do in one turn, as far as a move is concerned.

use super::setting::{Bug, Setting, WINDOW};
use super::state::{NEW, OLD, Policy, Stage, State, Submission, Target};
use crate::ledger::{claim_id, number};
use crate::origin::answer_of;
use crate::setting::{DEADLINE, client};
use crate::state::encode;
use onlyonce::guard::machine::{
    self, Action, Event, FENCE_MARGIN, InMemoryState, Place, StorageOp, Transition,
};
use onlyonce::guard::origin::OriginVerdict;
use onlyonce::guard::record::{Claim, Record};

/// A state on its way to the next.
pub struct World<'a> {
    pub setting: &'a Setting,
    pub state: State,
}

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

    /// A Worker takes a request, and asks the shard that its policy names.
    pub fn sends(&mut self, one: usize) {
        let target = match self.state.submissions[one].policy {
            Policy::New if !self.has(Bug::NewShardFirst) => Target { shard: OLD, known_only: true },
            Policy::Old => Target { shard: OLD, known_only: false },
            Policy::New | Policy::Later => Target { shard: NEW, known_only: false },
        };
        self.state.submissions[one].stage = Stage::AtWorker(target);
    }

    /// A submission arrives at its shard, or looks again.
    pub fn decides(&mut self, one: usize, place: Place) {
        let submission = &self.state.submissions[one];
        let Some(target) = submission.target() else { return };
        if submission.policy == Policy::Old {
            self.state.old_until = Some(self.state.now);
        }
        let event = Event::Submitted(self.submission(one, place, target.known_only));
        let transition = self.step(target.shard, event);
        let claim = transition.record.claim();
        if let Some(claim) = claim.filter(|_| transition.action == Action::Forward) {
            self.leads(one, target.shard, claim);
        }
        let deadline = claim.map_or(0, |claim| claim.deadline_at.0);
        if transition.action == Action::ConfirmMove {
            self.state.submissions[one].confirmed_at = Some(self.state.now);
        }
        self.state.submissions[one].stage = match transition.action {
            Action::Forward => Stage::Leading { target, deadline },
            Action::AwaitPlace => Stage::AwaitsPlace(target),
            Action::Join => Stage::Joined { target, deadline },
            // The Worker asks the shard that the key has now.
            Action::ConfirmMove => Stage::AtWorker(Target { shard: NEW, known_only: false }),
            _ => Stage::Answered,
        };
    }

    fn leads(&mut self, one: usize, shard: usize, claim: &Claim) {
        let ledger = &mut self.state.ledger;
        let is_free = ledger.is_released || self.state.now >= ledger.window_ends_at;
        ledger.is_broken |= !is_free;
        ledger.claims += 1;
        ledger.window_ends_at = claim.window_ends_at.0;
        ledger.is_released = false;
        self.state.shards[shard].call = Some(number(claim));
        self.state.submissions[one].was_sent = true;
    }

    fn submission(&self, one: usize, place: Place, known_only: bool) -> machine::Submission {
        let client = client("owner", "order", 1);
        machine::Submission {
            fresh: claim_id(usize::from(self.state.ledger.claims) + 1),
            fingerprint: client.fingerprint(),
            credential: client.credential(),
            under_policy: None,
            retry_window: WINDOW,
            deadline: DEADLINE,
            derived_ttl: None,
            reject_in_flight: false,
            may_resend: false,
            settles: false,
            asked_as: Vec::new(),
            may_probe: false,
            can_send: !self.state.submissions[one].was_sent,
            place,
            known_only,
            raw_key: None,
            method: String::new(),
            route: String::new(),
        }
    }

    fn step(&mut self, shard: usize, event: Event) -> Transition {
        let now = self.state.clock();
        let record = match self.state.record(shard) {
            Record::Moved { .. } if self.has(Bug::FenceIgnored) => Record::Vacant,
            record => record,
        };
        let open_calls: &[u32] = if self.state.shards[shard].call.is_some() { &[1] } else { &[] };
        let waiting = self.state.submissions.iter().filter(|one| waits_at(one, shard)).count();
        let live = InMemoryState { open_calls, waiting, ..InMemoryState::default() };
        let transition = self.misfenced(machine::transition(record, event, live, now));
        match transition.storage {
            StorageOp::Keep => {}
            StorageOp::Erase => self.state.shards[shard].stored = None,
            StorageOp::Put => self.state.shards[shard].stored = encode(&transition.record),
        }
        if transition.storage != StorageOp::Keep && transition.action != Action::Forward {
            self.wake(shard);
        }
        transition
    }

    /// A fence as a mistake writes it.
    fn misfenced(&self, transition: Transition) -> Transition {
        let Transition { record: Record::Moved { until }, storage: StorageOp::Put, .. } =
            transition
        else {
            return transition;
        };
        let window_end = until.minus(FENCE_MARGIN).minus(FENCE_MARGIN);
        let fence = |until| Record::Moved { until };
        match self.setting.bug {
            Some(Bug::NoFence) => {
                Transition { record: Record::Vacant, storage: StorageOp::Keep, ..transition }
            }
            Some(Bug::FenceEndsEarly) => {
                Transition { record: fence(window_end.minus(DEADLINE)), ..transition }
            }
            Some(Bug::FenceWithoutMargin) => Transition { record: fence(window_end), ..transition },
            _ => transition,
        }
    }

    /// Who waits looks again; on its way to that, anything may come first.
    fn wake(&mut self, shard: usize) {
        for one in self.state.submissions.iter_mut().filter(|one| waits_at(one, shard)) {
            one.stage = one.target().map_or(Stage::Answered, Stage::AtWorker);
        }
    }

    /// The end of the call that a shard has open.
    pub fn ends(&mut self, shard: usize, report: Report) {
        let Some(call) = self.state.shards[shard].call else { return };
        let (claim, attempt) = (claim_id(call.into()), 1);
        let answered = |verdict, status| {
            let answer = answer_of(&claim, attempt, status);
            Event::Answered { claim, attempt, verdict, answer }
        };
        let event = match report {
            Report::Answers => answered(OriginVerdict::Final, 201),
            Report::Refuses => answered(OriginVerdict::NotProcessed, 429),
            Report::Breaks => Event::Failed { claim, attempt },
        };
        if report == Report::Refuses && self.state.ledger.claims == call {
            self.state.ledger.is_released = true;
        }
        self.step(shard, event);
        self.state.shards[shard].call = None;
        let leads = |one: &Submission| matches!(one.stage, Stage::Leading { .. });
        for one in self.state.submissions.iter_mut() {
            if leads(one) && one.is_at(shard) {
                one.stage = Stage::Answered;
            }
        }
    }

    /// A shard's instance dies; the Workers call again.
    pub fn dies(&mut self, shard: usize) {
        self.state.shards[shard].call = None;
        for one in self.state.submissions.iter_mut().filter(|one| one.is_at(shard)) {
            one.was_sent = false;
            one.stage = one.target().map_or(Stage::Answered, Stage::AtWorker);
        }
    }
}

fn waits_at(one: &Submission, shard: usize) -> bool {
    matches!(one.stage, Stage::Joined { .. }) && one.is_at(shard)
}
