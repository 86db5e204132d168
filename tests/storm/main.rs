//! The storm: thousands of impatient clients, an origin that fails in every way, and a runtime that is
//! killed over and over. Afterwards three books must agree.
//!
//! 1. A round is drawn from one seed: 200 operations, each sent by 20 clients, what each client does at
//!    each attempt, what the origin does at each arrival, and when the runtime is killed. The seed is
//!    printed; `STORM_SEED` draws the same round again. What the machine makes of it differs from run
//!    to run, so the judge knows no expected outcome, only what must hold of any.
//! 2. The books: the origin's ledger (what arrived, and what was answered), the clients' log (every whole
//!    answer) and the guard's records (a last request for every key and identity, and the operator's
//!    view of each record).
//! 3. A client sends until it has a final answer or a problem that is not retryable.
//! 4. A round is bounded by time: clients that have not begun when it is up stay at home, and a client
//!    that waits for a minute is a failure. Rounds follow each other, under the next seeds, until
//!    `STORM_MINUTES` are over.

#[allow(dead_code, reason = "tests/workerd uses the rest")]
#[path = "../workerd/http.rs"]
mod http;
#[path = "../workerd/process_group.rs"]
mod process_group;
#[path = "../guard/random.rs"]
mod random;
#[allow(dead_code, reason = "tests/workerd uses the rest")]
#[path = "../workerd/runtime.rs"]
mod runtime;
#[path = "../workerd/wire.rs"]
mod wire;

mod act;
mod base64;
mod body;
mod doubts;
mod identity;
mod judge;
mod ledger;
mod log;
mod log_secrets;
mod operator;
mod origin;
mod plan;
mod round;
mod sender;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Rounds begin until then where nobody asks for more; the last one ends within two minutes or so.
const UNASKED: Duration = Duration::from_secs(75);

#[test]
fn storm() {
    let began = Instant::now();
    let minutes = number("STORM_MINUTES").map(|minutes| Duration::from_secs(60 * minutes));
    let budget = minutes.unwrap_or(UNASKED);
    let mut seed = number("STORM_SEED").unwrap_or_else(seed_of_the_day);
    loop {
        println!("storm: STORM_SEED={seed}");
        round::run(seed);
        seed += 1;
        if began.elapsed() >= budget {
            return;
        }
    }
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable}={text} is no whole number")))
}

fn seed_of_the_day() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_secs()
}
