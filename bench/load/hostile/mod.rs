//! Clients that do what they should not: each scenario prints what it got.
//!
//! 1. All of a scenario comes from one address, which is not the customers'.
//! 2. Whatever the guard does with it is noted as it is seen on the wire; whether that is right is for
//!    who reads it, and for the customer who is served beside it.

mod bodies;
mod headers;
mod json;
mod multipart;
mod paced;
mod settings;
mod slow_readers;
mod slow_writers;
mod socket;
mod tally;
mod waiters;

use settings::Settings;
use std::time::Instant;

/// Does what the first argument names, and prints what came of it.
pub fn attack(arguments: &[String]) -> Result<(), String> {
    let (scenario, rest) = arguments.split_first().ok_or("name a scenario")?;
    let settings = Settings::parse(rest)?;
    let started = Instant::now();
    let tally = match scenario.as_str() {
        "slow-readers" => slow_readers::crawl(&settings),
        "slow-writers" => slow_writers::trickle(&settings),
        "waiters" => waiters::wait(&settings),
        "headers" => Ok(paced::send(&settings, &headers::shapes(&settings))),
        "bodies" => Ok(paced::send(&settings, &bodies::shapes(&settings))),
        "json" => Ok(paced::send(&settings, &json::shapes(&settings))),
        "multipart" => Ok(paced::send(&settings, &multipart::shapes(&settings))),
        _ => return Err(format!("no scenario is called {scenario:?}")),
    };
    let tally = tally.map_err(|error| format!("{scenario}: {error}"))?;
    println!("{}", tally.into_json(started.elapsed().as_secs_f64()));
    Ok(())
}
