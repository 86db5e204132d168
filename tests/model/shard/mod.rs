//! What the keys of one shard share: its places, its alarm, its buckets, and its death. The rules are the
//! shipped ones (`guard::machine::transition`, `guard::shard`), and what the edge does around them is
//! mirrored, one function for each turn.

mod alarm;
mod bugs;
mod ledger;
mod setting;
mod silence;
mod state;
mod turns;

use crate::exploration::{explored, finds};
use ledger::Promise;
use onlyonce::guard::record::Record;
use onlyonce::guard::shard::alarm::WATCH;
use onlyonce::guard::time::{Millis, UnixMillis};
use setting::Setting;
use state::{Call, Stage, State};
use stateright::{Model, Property};
use std::time::Instant;
use turns::{Report, World};

#[derive(Clone)]
struct Shard(Setting);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum ModelAction {
    TimePasses,
    /// A submission arrives at the shard, or goes on with a place or without.
    Decides(usize),
    GivesUp(usize),
    HeadersCome(Call),
    Ends(Call, Report),
    CopyEnds(usize),
    DeletionEnds(usize, bool),
    Forgets(usize),
    AlarmRings,
    Looks,
    Dies,
}

impl Model for Shard {
    type State = State;
    type Action = ModelAction;

    fn init_states(&self) -> Vec<State> {
        vec![State::initial(&self.0)]
    }

    fn actions(&self, state: &State, actions: &mut Vec<ModelAction>) {
        if state.ticks() < self.0.ticks {
            actions.push(ModelAction::TimePasses);
        }
        submissions(state, actions);
        for call in &state.instance.calls {
            origin(call, actions);
        }
        platform(&self.0, state, actions);
        if state.interventions > 0 {
            actions.extend((0..self.0.keys).map(ModelAction::Forgets));
        }
    }

    fn next_state(&self, state: &State, action: ModelAction) -> Option<State> {
        let mut world = World { setting: &self.0, state: state.clone() };
        world.does(action);
        world.state.normalise();
        (world.state != *state).then_some(world.state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        macro_rules! in_the_ledger {
            ($promise:ident) => {
                Property::always(Promise::$promise.sentence(), |_: &Self, state: &State| {
                    state.ledger.keeps(Promise::$promise)
                })
            };
        }
        macro_rules! of_a_state {
            ($promise:ident, $holds:expr) => {
                Property::always(Promise::$promise.sentence(), |shard: &Self, state: &State| {
                    $holds(&shard.0, state)
                })
            };
        }
        vec![
            in_the_ledger!(ClaimOnly),
            in_the_ledger!(KeptWhileOpen),
            in_the_ledger!(ReadsOnlyEnded),
            in_the_ledger!(PurgesAll),
            in_the_ledger!(NoIdleAlarm),
            of_a_state!(AtMostPlaces, |setting: &Setting, state: &State| {
                state.connections() <= setting.places as usize
            }),
            of_a_state!(NoPlaceLost, no_place_is_lost),
            of_a_state!(NobodyWaitsBesideAPlace, nobody_waits_beside_a_place),
            of_a_state!(SentWithClaim, is_sent_with_its_claim),
            of_a_state!(AlarmInTime, is_alarm_in_time),
            of_a_state!(AllSettled, silence::settles_all),
        ]
    }
}

fn submissions(state: &State, actions: &mut Vec<ModelAction>) {
    for (one, submission) in state.submissions.iter().enumerate() {
        match submission.stage {
            Stage::AtClient | Stage::AtWorker | Stage::Woken => {
                actions.push(ModelAction::Decides(one));
            }
            Stage::AwaitsPlace { .. } => actions.push(ModelAction::GivesUp(one)),
            Stage::HasPlace => {
                actions.extend([ModelAction::Decides(one), ModelAction::GivesUp(one)]);
            }
            Stage::Joined { .. } | Stage::Leading { .. } | Stage::Answered => {}
        }
        if submission.deadline().is_some_and(|deadline| state.now >= deadline) {
            actions.push(ModelAction::Decides(one));
        }
    }
}

/// The origin may also say nothing, for ever.
fn origin(call: &Call, actions: &mut Vec<ModelAction>) {
    let end = |report| ModelAction::Ends(call.clone(), report);
    actions.extend([Report::Answers, Report::Breaks].map(end));
    if call.has_place {
        actions.extend([end(Report::Refuses), ModelAction::HeadersCome(call.clone())]);
    }
}

fn platform(setting: &Setting, state: &State, actions: &mut Vec<ModelAction>) {
    let instance = &state.instance;
    let written = instance.copies.iter().filter(|(_, has_place)| *has_place);
    actions.extend(written.map(|(key, _)| ModelAction::CopyEnds(*key)));
    for key in &instance.deletions {
        actions.extend([true, false].map(|lands| ModelAction::DeletionEnds(*key, lands)));
    }
    if instance.ring.is_some() {
        actions.push(ModelAction::Looks);
    } else if state.alarm.is_some() && setting.rings {
        actions.push(ModelAction::AlarmRings);
    }
    let is_alive = !instance.calls.is_empty() || state.count(|stage| *stage != Stage::AtClient) > 0;
    if state.crashes > 0 && is_alive {
        actions.push(ModelAction::Dies);
    }
}

impl World<'_> {
    fn does(&mut self, action: ModelAction) {
        match action {
            ModelAction::TimePasses => self.state.now += crate::setting::TICK.0,
            ModelAction::Decides(one) => {
                let held = self.state.submissions[one].stage == Stage::HasPlace;
                self.decides(one, held);
            }
            ModelAction::GivesUp(one) => self.gives_up(one),
            ModelAction::HeadersCome(call) => self.headers_come(&call),
            ModelAction::Ends(call, report) => self.ends(&call, report),
            ModelAction::CopyEnds(key) => self.copy_ends(key),
            ModelAction::DeletionEnds(key, lands) => self.deletion_ends(key, lands),
            ModelAction::Forgets(key) => {
                self.state.interventions -= 1;
                self.forgets(key);
            }
            ModelAction::AlarmRings => self.rings(),
            ModelAction::Looks => self.looks(),
            ModelAction::Dies => {
                self.state.crashes -= 1;
                self.dies();
            }
        }
    }
}

fn no_place_is_lost(setting: &Setting, state: &State) -> bool {
    let handed = state.count(|stage| *stage == Stage::HasPlace);
    let free = state.instance.places.free() as usize;
    free + handed + state.connections() == setting.places as usize
}

fn nobody_waits_beside_a_place(_: &Setting, state: &State) -> bool {
    let waiting = state.count(|stage| matches!(stage, Stage::AwaitsPlace { .. }));
    let copies = state.instance.copies.iter().filter(|(_, has_place)| !has_place).count();
    let places = &state.instance.places;
    let has_room = |left| places.free().min(left) > 0;
    (waiting == 0 || !has_room(u32::MAX)) && (copies == 0 || !has_room(places.background_left()))
}

fn is_sent_with_its_claim(_: &Setting, state: &State) -> bool {
    (0..state.rows.len()).all(|key| {
        let is_ours = state.ledger.keys[key].as_ref().is_some_and(|last| last.is_ours);
        let in_flight = matches!(state.record(key), Record::InFlight { .. });
        let is_sent = state.instance.calls.iter().any(|call| call.key == key);
        !in_flight || !is_ours || is_sent
    })
}

/// Whether the alarm is set no later than the shard wants to be woken, and a dead call is looked at
/// within five minutes, however many claims were made since.
fn is_alarm_in_time(_: &Setting, state: &State) -> bool {
    let Some(wanted) = state.agenda().wants(state.clock()) else { return true };
    let in_flight = state.records().filter(|record| matches!(record, Record::InFlight { .. }));
    let claims = in_flight.filter_map(|record| Some(record.claim()?.claimed_at));
    let watched = claims.map(|at| at.max(UnixMillis(state.ledger.looked_at)).plus(WATCH)).min();
    let soonest = state.clock().plus(Millis::seconds(1));
    let latest = watched.map_or(wanted, |watched| watched.min(wanted)).max(soonest);
    state.instance.ring.is_some() || state.alarm.is_some_and(|at| at <= latest.0)
}

/// The least number of different states that a run has to visit.
const ENOUGH: usize = 1_000_000;

#[test]
fn the_keys_of_a_shard_share_it_safely() {
    let begun = Instant::now();
    let visited: usize =
        setting::ALL.into_iter().map(|setting| explored(Shard(setting), setting.name)).sum();
    println!("{visited} different states of a shard in {:.1?}", begun.elapsed());
    assert!(visited >= ENOUGH, "only {visited} states were visited; the settings are too narrow");
}

#[test]
fn each_planted_mistake_of_a_shard_is_found() {
    for (bug, promise, setting) in bugs::ALL {
        finds(Shard(Setting { bug: Some(bug), ..setting }), &bug, promise.sentence());
    }
}
