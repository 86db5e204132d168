//! The promise at random: long schedules over many keys, with real spans of time, several policies,
//! dying instances, copies, isolates' memories and an operator. The shipped rules are driven as the
//! edge drives them, and what every request is told is compared with a plain reference.
//!
//! A failing schedule is made as small as it gets, and printed with its seed.
//! `ONLYONCE_SEED=7` runs one seed, `ONLYONCE_SCHEDULES=100000` as many from 0 on.

mod bugs;
mod history;
mod object;
mod operator;
mod origin;
#[path = "../model/other_credential.rs"]
mod other_credential;
#[expect(dead_code, reason = "the tables of tests/guard shuffle")]
#[path = "../guard/random.rs"]
mod random;
mod reference;
mod request;
mod schedule;
mod shard;
mod system;

use bugs::Bug;
use schedule::{Operation, drawn, smallest};
use std::collections::BTreeMap;
use std::time::Instant;
use system::System;

const SCHEDULES: u64 = 2_000;

/// Where a schedule goes wrong, and how.
fn failure(schedule: &[Operation], bug: Option<Bug>) -> Option<String> {
    run(schedule, bug).found
}

fn run(schedule: &[Operation], bug: Option<Bug>) -> System {
    let mut system = System::new(bug);
    for operation in schedule {
        system.does(operation);
        if system.found.is_some() {
            break;
        }
    }
    system
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}=\"{text}\" is no number")))
}

fn seeds() -> std::ops::Range<u64> {
    match number("ONLYONCE_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("ONLYONCE_SCHEDULES").unwrap_or(SCHEDULES),
    }
}

#[test]
fn every_request_is_told_what_the_reference_expects() {
    let (begun, mut told) = (Instant::now(), BTreeMap::new());
    for seed in seeds() {
        let system = run(&drawn(seed), None);
        if let Some(found) = system.found {
            panic!("{found}\n{}", report(seed, None));
        }
        for (name, count) in system.tally.told {
            *told.entry(name).or_insert(0) += count;
        }
    }
    println!("{} schedules in {:.1?}: {told:?}", seeds().count(), begun.elapsed());
}

/// The smallest schedule that fails like a seed's.
fn report(seed: u64, bug: Option<Bug>) -> String {
    let schedule = smallest(drawn(seed), |schedule| failure(schedule, bug).is_some());
    let found = failure(&schedule, bug).unwrap_or_default();
    let lines = schedule.iter().map(|operation| format!("  {operation:?}\n"));
    format!(
        "the smallest schedule:\n{}{found}\nagain: ONLYONCE_SEED={seed}",
        lines.collect::<String>()
    )
}

/// How many seeds a planted mistake may take to be found.
const FIRST_SEEDS: u64 = 300;

#[test]
fn each_planted_mistake_is_found() {
    for bug in Bug::ALL {
        let fails = |seed: &u64| failure(&drawn(*seed), Some(bug)).is_some();
        let Some(seed) = (0..FIRST_SEEDS).find(fails) else { panic!("{bug:?} was not found") };
        let schedule = smallest(drawn(seed), |schedule| failure(schedule, Some(bug)).is_some());
        println!("{bug:?}: seed {seed}, {} operations", schedule.len());
    }
}
