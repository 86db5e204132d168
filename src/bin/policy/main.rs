//! The documents that are made from the table of fields, which the Worker reads a policy with:
//!
//! - `policy reference` writes docs/CONFIGURATION.md;
//! - `policy schema` writes docs/policy.schema.json, from which editors complete and check.

mod profiles;
mod reference;
mod schema;

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

const USAGE: &str = "policy reference | schema\n";

fn main() -> ExitCode {
    let command: Vec<String> = std::env::args().skip(1).collect();
    match command.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["reference"] => print(&reference::reference()),
        ["schema"] => print(&schema::schema()),
        ["--help" | "-h"] => print(USAGE),
        _ => {
            eprint!("policy {command:?} is no command\n{USAGE}");
            ExitCode::FAILURE
        }
    }
}

/// Writes to standard output. A reader who has seen enough, such as `head`, is no mistake.
fn print(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            eprintln!("standard output cannot be written: {error}");
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}
