//! The two ends of a measurement: an origin that answers at once, and clients. `npm run bench` and
//! `npm run soak` start both beside the Worker.
//!
//! 1. Both use raw sockets and one thread for each connection, and no crate: what they cost is
//!    small beside the Worker, and the same for every Worker that is measured.
//! 2. `load origin` prints its port and answers until its input closes.
//! 3. `load drive name=value…` has clients ask without pause, prints one line of JSON and ends.
//! 4. `load mix name=value…` sends requests of many kinds when they are due, and compares what comes back.
//! 5. `load hostile <scenario> name=value…` does what clients should not do, and counts what it gets.

mod drive;
mod figures;
mod hostile;
mod http;
mod keys;
mod mix;
mod origin;
mod settings;

use settings::Settings;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.split_first() {
        Some((mode, _)) if mode == "origin" => origin::serve().map_err(|error| error.to_string()),
        Some((mode, rest)) if mode == "drive" => {
            Settings::parse(rest).and_then(|settings| drive::drive(&settings))
        }
        Some((mode, rest)) if mode == "mix" => mix::mix(rest),
        Some((mode, rest)) if mode == "hostile" => hostile::attack(rest),
        _ => Err("write `load origin`, `load drive name=value…`, `load mix name=value…` or \
                  `load hostile <scenario> name=value…`"
            .into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("load: {why}");
            ExitCode::FAILURE
        }
    }
}
