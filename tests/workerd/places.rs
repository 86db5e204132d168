//! A shard's six calls that may wait for the origin's headers at once.

use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::guard::Guard;
use crate::problem;
use crate::script::{Gate, Reply};

const PLACES: usize = 6;
const KEYS: usize = 10 * PLACES;
/// Longer than a submission waits for a place.
const OUT_OF_PATIENCE: Duration = Duration::from_secs(11);

/// An origin that hangs: six are sent, the rest is told so with nothing claimed, and nobody is lost.
#[test]
fn a_shard_sends_six_calls_at_once_and_loses_nobody() {
    let guard = Guard::own_under(true, &json!({ "shards": 1 }));
    let gate = Gate::new();
    guard.origin_always(Reply::json(201, "{}").held_by(&gate));
    let order = |at: usize| guard.keyless_order().key(&format!("{}-{at}", guard.key()));
    let address = guard.runtime().address();
    let waiting: Vec<_> = (0..KEYS).map(|at| order(at).open(address).expect("a socket")).collect();
    gate.wait_for(PLACES);
    thread::sleep(OUT_OF_PATIENCE);
    assert_eq!(guard.seen().len(), PLACES, "calls at the origin");
    gate.open();
    let answers: Vec<_> = waiting.into_iter().map(|one| one.answer().expect("an answer")).collect();
    let (sent, busy): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    assert_eq!((sent.len(), busy.len()), (PLACES, KEYS - PLACES));
    for answer in busy {
        problem::check(answer, "origin-busy");
    }
    // Their keys are free, and the others' answers are kept.
    let replayed = (0..KEYS).filter(|at| guard.send(&order(*at)).replayed()).count();
    assert_eq!(replayed, PLACES);
    guard.check_calls(KEYS);
}

/// A place that is given back goes to the next in turn.
#[test]
fn who_waits_for_a_place_is_sent_once_one_is_free() {
    let guard = Guard::own_under(true, &json!({ "shards": 1 }));
    let gate = Gate::new();
    guard.origin_always(Reply::json(201, "{}").held_by(&gate));
    let order = |at: usize| guard.keyless_order().key(&format!("{}-{at}", guard.key()));
    let address = guard.runtime().address();
    let waiting: Vec<_> =
        (0..2 * PLACES).map(|at| order(at).open(address).expect("a socket")).collect();
    gate.wait_for(PLACES);
    gate.open();
    for one in waiting {
        assert_eq!(one.answer().expect("an answer").status, 201);
    }
    guard.check_calls(2 * PLACES);
}
