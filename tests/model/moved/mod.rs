//! A change of `shards` while Workers of both policies are alive: a key has an old shard and a new one,
//! and must not be carried out in both. The rules are the shipped ones.
//!
//! Time goes from one end of something to the next: of a deadline, a window, a fence. A Worker that was
//! told to go to the new shard does so while its request lives, which is shorter than a fence's margin.
//! A Worker that has dropped `shards_before` takes requests once a window has passed since the last of
//! those with the old policy was heard, as the deployment guide says.

mod setting;
mod state;
mod turns;

use crate::exploration::{explored, finds};
use crate::setting::DEADLINE;
use onlyonce::guard::machine::{FENCE_MARGIN, Place};
use onlyonce::guard::record::Record;
use setting::{Bug, MISTAKES, Setting, WINDOW};
use state::{NEW, OLD, Policy, Stage, State, Submission};
use stateright::{Model, Property};
use std::time::Instant;
use turns::{Report, World};

/// Some seconds on the way.
const DELAY: u64 = DEADLINE.0 / 4;

const ONE_EXECUTION: &str = "at most one execution of a key, whichever shard has it";
const ALL_ANSWERED: &str = "every submission answered, whichever shard it goes to";

#[derive(Clone)]
struct Move(Setting);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum ModelAction {
    Sends(usize),
    /// It decides, with a place or without.
    Decides(usize, bool),
    GivesUp(usize),
    Ends(usize, Report),
    Dies(usize),
    /// Up to the next moment at which something is over.
    TimePasses(u64),
    /// For a moment, in which nothing is over.
    Delays,
}

impl Model for Move {
    type State = State;
    type Action = ModelAction;

    fn init_states(&self) -> Vec<State> {
        vec![State::initial(&self.0)]
    }

    fn actions(&self, state: &State, actions: &mut Vec<ModelAction>) {
        for (one, submission) in state.submissions.iter().enumerate() {
            on_its_way(&self.0, state, (one, submission), actions);
        }
        for shard in [OLD, NEW] {
            if state.shards[shard].call.is_some() {
                let end = |report| ModelAction::Ends(shard, report);
                actions.extend([Report::Answers, Report::Refuses, Report::Breaks].map(end));
            }
            if state.crashes > 0 && is_alive(state, shard) {
                actions.push(ModelAction::Dies(shard));
            }
        }
        let is_over = state.submissions.iter().all(|one| one.stage == Stage::Answered);
        let may_pass = |until: &u64| !is_over && *until <= latest(state);
        actions.extend(next_end(state).filter(may_pass).map(ModelAction::TimePasses));
        if state.delays > 0 && may_pass(&(state.now + DELAY)) {
            actions.push(ModelAction::Delays);
        }
    }

    fn next_state(&self, state: &State, action: ModelAction) -> Option<State> {
        let mut world = World { setting: &self.0, state: state.clone() };
        world.does(action);
        world.state.normalise();
        (world.state != *state).then_some(world.state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(ONE_EXECUTION, |_: &Self, state: &State| !state.ledger.is_broken),
            Property::always(ALL_ANSWERED, |change: &Self, state: &State| {
                answers_all(&change.0, state)
            }),
        ]
    }
}

fn on_its_way(
    setting: &Setting,
    state: &State,
    (one, submission): (usize, &Submission),
    actions: &mut Vec<ModelAction>,
) {
    match submission.stage {
        Stage::AtClient if may_send(setting, state, submission.policy) => {
            actions.push(ModelAction::Sends(one));
        }
        Stage::AtWorker(_) => {
            actions.extend([true, false].map(|has_place| ModelAction::Decides(one, has_place)));
        }
        Stage::AwaitsPlace(_) => {
            actions.extend([ModelAction::Decides(one, true), ModelAction::GivesUp(one)]);
        }
        _ if submission.deadline().is_some_and(|at| state.now >= at) => {
            actions.push(ModelAction::Decides(one, false));
        }
        _ => {}
    }
}

fn may_send(setting: &Setting, state: &State, policy: Policy) -> bool {
    let is_under_way = |one: &Submission| one.target().is_some();
    let mut of_policy = state.submissions.iter().filter(|one| one.policy != policy);
    match policy {
        Policy::New => true,
        // Once one has dropped `shards_before`, no other has the old policy.
        Policy::Old => {
            of_policy.all(|one| one.policy == Policy::New || one.stage == Stage::AtClient)
        }
        Policy::Later if setting.bug == Some(Bug::DroppedTooSoon) => true,
        Policy::Later => {
            let is_over = state.old_until.is_none_or(|at| state.now >= at + WINDOW.0);
            is_over && !of_policy.any(|one| one.policy == Policy::Old && is_under_way(one))
        }
    }
}

fn is_alive(state: &State, shard: usize) -> bool {
    let is_there = |one: &Submission| one.is_at(shard);
    state.shards[shard].call.is_some() || state.submissions.iter().any(is_there)
}

/// How long time may go on while a Worker that was told to go to the new shard has not done so.
fn latest(state: &State) -> u64 {
    let confirmed = state.submissions.iter().filter_map(|one| one.confirmed_at);
    confirmed.min().map_or(u64::MAX, |at| at + FENCE_MARGIN.0)
}

/// The next end of a deadline, of a window, or of a fence, or the time from which a fence is renewed.
fn next_end(state: &State) -> Option<u64> {
    let ends_of = |shard| match state.record(shard) {
        Record::Moved { until } => vec![until.0, until.minus(FENCE_MARGIN).minus(WINDOW).0],
        record => {
            let ends =
                record.claim().map(|claim| vec![claim.deadline_at.0, claim.window_ends_at.0]);
            ends.unwrap_or_default()
        }
    };
    let ends = [OLD, NEW].into_iter().flat_map(ends_of);
    let dropped = state.old_until.map(|at| at + WINDOW.0);
    ends.chain(dropped).chain([latest(state)]).filter(|at| *at > state.now && *at < u64::MAX).min()
}

impl World<'_> {
    fn does(&mut self, action: ModelAction) {
        match action {
            ModelAction::Sends(one) => self.sends(one),
            ModelAction::Decides(one, true) => self.decides(one, Place::Taken),
            ModelAction::Decides(one, false) => self.decides(one, Place::Wanted),
            ModelAction::GivesUp(one) => self.decides(one, Place::Denied),
            ModelAction::Ends(shard, report) => self.ends(shard, report),
            ModelAction::Dies(shard) => {
                self.state.crashes -= 1;
                self.dies(shard);
            }
            ModelAction::TimePasses(until) => self.state.now = until,
            ModelAction::Delays => {
                self.state.delays -= 1;
                self.state.now += DELAY;
            }
        }
    }
}

/// Whether everybody has an answer in the end though the origin is silent: at the deadline of the call
/// that is waited for at the latest, and though nobody gives a place back.
fn answers_all(setting: &Setting, state: &State) -> bool {
    let mut world = World { setting, state: state.clone() };
    for _ in 0..32 {
        let is_open = |one: &Submission| one.target().is_some();
        let Some(one) = world.state.submissions.iter().position(is_open) else { return true };
        let Submission { stage, .. } = world.state.submissions[one];
        let deadline = world.state.submissions[one].deadline();
        world.state.now = deadline.map_or(world.state.now, |at| at.max(world.state.now));
        let is_denied = matches!(stage, Stage::AwaitsPlace(_));
        world.decides(one, if is_denied { Place::Denied } else { Place::Wanted });
    }
    false
}

/// The least number of different states that a run has to visit.
const ENOUGH: usize = 500_000;

#[test]
fn a_change_of_shards_executes_nothing_twice() {
    let begun = Instant::now();
    let visited: usize =
        setting::ALL.into_iter().map(|setting| explored(Move(setting), setting.name)).sum();
    println!("{visited} different states of a change in {:.1?}", begun.elapsed());
    assert!(visited >= ENOUGH, "only {visited} states were visited; the settings are too narrow");
}

#[test]
fn each_planted_mistake_of_a_change_is_found() {
    for (bug, setting) in MISTAKES {
        finds(Move(Setting { bug: Some(bug), ..setting }), &bug, ONE_EXECUTION);
    }
}
