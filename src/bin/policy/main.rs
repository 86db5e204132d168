//! What people need around a policy, made from the same table that the Worker reads one with:
//!
//! - `policy reference` writes docs/CONFIGURATION.md;
//! - `policy schema` writes docs/policy.schema.json, from which editors complete and check;
//! - `policy check` reads the Worker's variables as JSON, `{"POLICY": {…}, "ORIGIN": "…"}`, and
//!   prints what holds for which path, or every mistake. `npm run check-policy` feeds it;
//! - `policy contract` prints what `/.onlyonce/contract` would say, or every mistake;
//! - `policy check POST /payments/refunds` prints what holds for that request alone.

mod check;
mod columns;
mod profiles;
mod reference;
mod request;
mod schema;
mod written;

use onlyonce::guard::contract::contract;
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

const USAGE: &str = "policy reference | schema | check | check METHOD PATH | contract\n";

fn main() -> ExitCode {
    let command: Vec<String> = std::env::args().skip(1).collect();
    match command.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["reference"] => print(&reference::reference()),
        ["schema"] => print(&schema::schema()),
        ["check"] => check::check(check::report),
        ["contract"] => {
            check::read(|policy, _, _| format!("{}\n", contract(env!("CARGO_PKG_VERSION"), policy)))
        }
        ["check", method, path] => {
            check::check(|policy, origin| request::report(policy, origin, method, path))
        }
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
