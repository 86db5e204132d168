//! What the keys of one shard share: its places for calls that wait for the origin's headers.
//!
//! An arrival holds a place from before the origin has it until after the origin begins to answer, so what
//! the origin's book shows is never more than what was held.

use std::time::{Duration, Instant};

use super::case::{Case, TRANSIT};
use crate::act::Ending;
use crate::ledger::Execution;
use crate::log::Exchange;
use crate::round::{CALLS_PER_SHARD, Death, SHARDS};

/// How long the guard lets a submission wait for a place.
const PATIENCE: Duration = Duration::from_secs(10);

/// The shard of a record: the first bits of its id.
fn shard_of(record: &str) -> Option<u32> {
    let first = record.chars().next()?.to_digit(16)?;
    Some(first >> (4 - SHARDS.trailing_zeros()))
}

/// No shard had more calls open than it has places, and nobody was told without cause that none is free.
pub fn check(cases: &[Case], deaths: &[Death]) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for exchange in cases.iter().flat_map(|case| &case.exchanges) {
        if exchange.word.is_problem("origin-busy") && !were_taken(cases, exchange) {
            found.push((exchange.operation, "origin-busy while a place was free".to_owned()));
        }
    }
    for shard in 0..SHARDS {
        let calls: Vec<_> = calls_of(cases, shard).collect();
        for (operation, call) in &calls {
            let open = calls.iter().filter(|(_, other)| was_open(other, call.received, deaths));
            let open = open.count();
            if open > CALLS_PER_SHARD {
                found.push((*operation, format!("shard {shard} had {open} calls open at once")));
            }
        }
    }
    found
}

/// Whether others kept a shard's places for as long as one waits for one, up to this answer.
fn were_taken(cases: &[Case], exchange: &Exchange) -> bool {
    let Some(shard) = exchange.record.as_deref().and_then(shard_of) else { return false };
    let calls: Vec<_> = calls_of(cases, shard).collect();
    let taken = |moment: Instant| {
        let near = |call: &Execution| {
            call.received <= moment + TRANSIT
                && call.answering.is_none_or(|answering| answering + TRANSIT >= moment)
        };
        calls.iter().any(|(_, call)| near(call))
    };
    exchange.ended - exchange.began >= PATIENCE
        && (0..PATIENCE.as_secs()).all(|ago| taken(exchange.ended - Duration::from_secs(ago)))
}

fn calls_of(cases: &[Case], shard: u32) -> impl Iterator<Item = (usize, &Execution)> {
    let is_here = move |case: &&Case| {
        case.records().first().and_then(|record| shard_of(record)) == Some(shard)
    };
    cases
        .iter()
        .filter(is_here)
        .flat_map(|case| case.executions.iter().map(move |(_, call)| (case.operation, call)))
}

/// Whether the origin was busy with a call at this moment, and the runtime that had sent it alive.
fn was_open(call: &Execution, moment: Instant, deaths: &[Death]) -> bool {
    // The guard knows of a closed connection before the book does.
    let is_answered = !matches!(call.act.ending, Ending::NoAnswer | Ending::Unread);
    let outlived = deaths.iter().any(|death| call.received <= death.ended && death.began <= moment);
    is_answered
        && !outlived
        && call.received <= moment
        && call.answering.is_some_and(|answering| moment < answering)
}
