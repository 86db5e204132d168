//! What is asked of every model: all its states, and the shortest way to what a mistake breaks.

use stateright::{Checker, HasDiscoveries, Model, Path};
use std::fmt::Debug;
use std::hash::Hash;
use std::time::Instant;

/// Explores a model to its end, and counts its states.
pub fn explored<M>(model: M, name: &str) -> usize
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Debug + Hash + PartialEq + Send + Sync + 'static,
    M::Action: Clone + Debug + PartialEq + Send + Sync + 'static,
{
    let begun = Instant::now();
    let checker = model.checker().threads(2).spawn_bfs().join();
    let (visited, depth) = (checker.unique_state_count(), checker.max_depth());
    println!("{name:22} {visited:9} states, {depth} deep, {:.1?}", begun.elapsed());
    if let Some((promise, path)) = checker.discoveries().into_iter().next() {
        panic!("{name}: not so: {promise}\n{}", written(path));
    }
    visited
}

/// A counter-example, one event a line. Twins change places between the lines.
fn written<S, A>(path: Path<S, A>) -> String
where
    S: Debug + PartialEq,
    A: Debug + PartialEq,
{
    let last = format!("{:#?}", path.last_state());
    let actions = path.into_actions().into_iter().map(|action| format!("  {action:?}\n"));
    actions.collect::<String>() + &last
}

/// Finds the shortest way to what a planted mistake breaks, and says how long it is.
#[track_caller]
pub fn finds<M>(model: M, bug: &dyn Debug, promise: &'static str)
where
    M: Model + Send + Sync + 'static,
    M::State: Clone + Debug + Hash + PartialEq + Send + Sync + 'static,
    M::Action: Clone + Debug + PartialEq + Send + Sync + 'static,
{
    let begun = Instant::now();
    let wanted = HasDiscoveries::AnyOf([promise].into());
    let checker = model.checker().finish_when(wanted).spawn_bfs().join();
    let Some(path) = checker.discovery(promise) else {
        panic!("{bug:?} was not found to break: {promise}")
    };
    let steps = path.into_actions().len();
    println!("{bug:?} breaks \"{promise}\" in {steps} steps, {:.1?}", begun.elapsed());
}
