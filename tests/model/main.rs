//! The promise, checked exhaustively: every order in which clients, runtime, origin, KV, clocks and
//! alarms can act upon one key, within the bounds of each setting. The rules are the shipped
//! ones (`guard::machine::transition`, `guard::replay::may_replay`, `guard::isolate_cache`, the codec);
//! what the edge does around them is mirrored here, one function for each synchronous turn.
//!
//! What several keys share is another model's, `shard`, and a key that moves a third one's, `moved`.
//!
//! It takes an optimised build: `npm test -- proof`.

mod actions;
mod bugs;
mod exploration;
mod fence;
mod ledger;
mod moved;
mod object;
mod operator;
mod origin;
mod other_credential;
mod planted;
mod probe;
mod setting;
mod settings;
mod shard;
mod silence;
mod state;
mod worker;

use actions::ModelAction;
use exploration::{explored, finds};
use ledger::Promise;
use setting::Setting;
use state::State;
use stateright::{Model, Property};
use std::time::Instant;

#[derive(Clone)]
struct Key(Setting);

impl Model for Key {
    type State = State;
    type Action = ModelAction;

    fn init_states(&self) -> Vec<State> {
        vec![State::initial(&self.0)]
    }

    fn actions(&self, state: &State, actions: &mut Vec<ModelAction>) {
        actions::possible(&self.0, state, actions);
    }

    fn next_state(&self, state: &State, action: ModelAction) -> Option<State> {
        actions::next(&self.0, state, action)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        macro_rules! promise {
            ($promise:ident) => {
                Property::always(Promise::$promise.sentence(), |_: &Self, state: &State| {
                    state.ledger.keeps(Promise::$promise)
                })
            };
        }
        macro_rules! in_silence {
            ($promise:ident) => {
                Property::always(Promise::$promise.sentence(), |key: &Self, state: &State| {
                    silence::keeps(Promise::$promise, &key.0, state)
                })
            };
        }
        vec![
            promise!(OneSending),
            promise!(ResendOnly),
            promise!(ClaimOnly),
            promise!(OneAnswer),
            promise!(OwnCredential),
            promise!(OwnRequest),
            promise!(OwnRefusal),
            promise!(NothingTold),
            promise!(NoOldCopy),
            promise!(NoneDoubted),
            promise!(ToldOnce),
            promise!(NoneAfterFence),
            promise!(OneProbe),
            in_silence!(NoneInFlight),
            in_silence!(AllAnswered),
            in_silence!(AllForgotten),
            Property::always(Promise::AllWatched.sentence(), |_: &Self, state: &State| {
                state.is_watched()
            }),
        ]
    }
}

/// The least number of different states that a run has to visit.
const ENOUGH: usize = 1_000_000;

#[test]
fn every_order_of_events_keeps_the_promise() {
    let begun = Instant::now();
    let visited: usize =
        settings::ALL.into_iter().map(|setting| explored(Key(setting), setting.name)).sum();
    println!("{visited} different states in {:.1?}", begun.elapsed());
    assert!(visited >= ENOUGH, "only {visited} states were visited; the settings are too narrow");
}

#[test]
fn each_planted_mistake_is_found() {
    for (bug, setting) in planted::ALL {
        let model = Key(Setting { bug: Some(bug), ..setting });
        finds(model, &bug, bug.breaks().sentence());
    }
}
