//! The promise, checked exhaustively: every order in which clients, runtime, origin, KV, clocks and
//! alarms can act upon one key, within the bounds of each setting. The rules are the shipped
//! ones (`guard::machine::decide`, `guard::replay::proves`, `guard::recent`, the record's codec);
//! what the edge does around them is mirrored here, one function for each synchronous turn.
//!
//! It takes an optimised build: `npm test -- proof`.

mod actions;
mod bugs;
mod ledger;
mod object;
mod setting;
mod settings;
mod silence;
mod state;
mod worker;

use actions::Action;
use ledger::Promise;
use setting::Setting;
use state::State;
use stateright::{Checker, Model, Property};
use std::time::Instant;

#[derive(Clone)]
struct Key(Setting);

impl Model for Key {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::initial(&self.0)]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        actions::possible(&self.0, state, actions);
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
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
            promise!(NoOldCopy),
            in_silence!(NoneInFlight),
            in_silence!(AllAnswered),
            in_silence!(AllForgotten),
        ]
    }
}

#[test]
fn explore() {
    for setting in settings::all() {
        let begun = Instant::now();
        let checker = Key(setting).checker().threads(2).spawn_bfs().join();
        println!("{}: {} states, {} unique, depth {}, {:?}", setting.name, checker.state_count(), checker.unique_state_count(), checker.max_depth(), begun.elapsed());
        for (name, path) in checker.discoveries() {
            println!("{name}");
            for action in path.clone().into_actions() { println!("   {action:?}"); }
            println!("{:#?}", path.last_state());
        }
    }
}
