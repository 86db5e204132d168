//! The two ends of a measurement: an origin that answers at once, and clients that ask without
//! pause. `npm run bench` starts both beside the Worker.
//!
//! 1. Both use raw sockets and one thread for each connection, and no crate: what they cost is
//!    small beside the Worker, and the same for every Worker that is measured.
//! 2. `load origin` prints its port and answers until its input closes.
//! 3. `load drive name=value…` prints one line of JSON and ends.

mod drive;
mod figures;
mod http;
mod keys;
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
        _ => Err("write `load origin` or `load drive name=value…`".into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("load: {why}");
            ExitCode::FAILURE
        }
    }
}
