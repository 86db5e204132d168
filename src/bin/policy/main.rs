//! The documents that are made from the table of fields, which the Worker reads a policy with:
//!
//! - `policy reference` writes docs/CONFIGURATION.md;
//! - `policy schema` writes docs/policy.schema.json, from which editors complete and check.

mod profiles;
mod reference;
mod schema;

use std::process::ExitCode;

const USAGE: &str = "policy reference | schema";

fn main() -> ExitCode {
    let command: Vec<String> = std::env::args().skip(1).collect();
    match command.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["reference"] => print!("{}", reference::reference()),
        ["schema"] => print!("{}", schema::schema()),
        ["--help" | "-h"] => println!("{USAGE}"),
        _ => {
            eprintln!("policy {command:?} is no command\n{USAGE}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
