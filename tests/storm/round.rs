//! One round: clients and kills at once, then quiet, then the last question for every key.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::act::{DEADLINE, LARGEST_KEPT};
use crate::body::Variant;
use crate::doubts::{self, Doubts, SETTLE_AUTHORIZATION};
use crate::judge::{Books, Round, judge};
use crate::log::Log;
use crate::operator;
use crate::origin::Origin;
use crate::plan::{Plan, Sender};
use crate::runtime::{Runtime, Setup};
use crate::sender::{Client, Gate};

/// Clients at work at the same time.
const SOCKETS: usize = 64;
/// So few that keys meet in each.
pub const SHARDS: u32 = 8;
/// So few that calls wait for each other.
pub const CALLS_PER_SHARD: usize = 2;
/// Clients that have not begun by then stay at home.
const LONGEST: Duration = Duration::from_secs(75);

/// When the runtime was killed.
#[derive(Clone, Copy, Debug)]
pub struct Death {
    pub began: Instant,
    /// Nothing listens any more.
    pub ended: Instant,
}

pub fn run(seed: u64) {
    let plan = Arc::new(Plan::of(seed));
    let doubts = Arc::new(Doubts::new(seed));
    let origin = Origin::start(plan.clone(), doubts.clone());
    let mut runtime = Runtime::start(setup(&origin, seed));
    let gate = Gate(Mutex::new(Some(runtime.address())));
    let log = Log::default();
    let began = Instant::now();
    let storm = Crowd::new(&plan.senders);
    let mut deaths = thread::scope(|scope| {
        storm.send(scope, &plan, &gate, &log);
        doubts.send(scope, &gate);
        kill_all(&mut runtime, &plan, &storm, &gate)
    });
    wait_for_quiet(&origin);
    // What is answered from here on comes from the disk.
    deaths.push(kill(&mut runtime, &gate));
    let questions = last_questions(&plan, storm.begun());
    let crowd = Crowd::new(&questions);
    thread::scope(|scope| crowd.send(scope, &plan, &gate, &log));
    wait_for_quiet(&origin);
    doubts.ask_in_the_end(runtime.address());
    let ask = |operation| operator::record(runtime.address(), &plan.operations[operation]);
    let records = used(storm.begun()).into_iter().map(|used| (used, ask(used))).collect();
    let listed = operator::unknown(runtime.address());
    let (runtime_log, plan, origin, log) = (runtime.log(), &plan, &origin, &log);
    let books =
        Books::of(Round { seed, began, plan, origin, log, deaths, records, listed, runtime_log });
    println!("storm: {} in {:.0?}", books.summary(storm.begun().len()), began.elapsed());
    println!("storm: doubts ended {:?}", doubts.judge());
    judge(&books);
    origin.close();
}

/// One round in four does without KV.
fn setup(origin: &Origin, seed: u64) -> Setup {
    let policy = json!({
        "shards": SHARDS,
        "calls_per_shard": CALLS_PER_SHARD,
        "deadline": format!("{}s", DEADLINE.as_secs()),
        "wait": "2s",
        "max_stored_response": format!("{}KiB", LARGEST_KEPT / 1024),
        "routes": [doubts::route()],
    });
    let url = format!("http://{}", origin.address);
    Setup::new(!seed.is_multiple_of(4))
        .var("ORIGIN", &url)
        .var("ADMIN_TOKEN", operator::TOKEN)
        .var("SETTLE_AUTHORIZATION", SETTLE_AUTHORIZATION)
        .policy(&policy)
}

/// Clients, taken in turn by as many threads as there are sockets.
struct Crowd<'a> {
    senders: &'a [Sender],
    next: AtomicUsize,
    began: Instant,
}

impl<'a> Crowd<'a> {
    fn new(senders: &'a [Sender]) -> Crowd<'a> {
        Crowd { senders, next: AtomicUsize::new(0), began: Instant::now() }
    }

    fn send<'s>(
        &'s self,
        scope: &'s thread::Scope<'s, '_>,
        plan: &'s Plan,
        gate: &'s Gate,
        log: &'s Log,
    ) {
        for _ in 0..SOCKETS {
            scope.spawn(move || {
                while let Some((number, sender)) = self.take() {
                    Client { number, sender, plan, gate, log }.run();
                }
            });
        }
    }

    fn take(&self) -> Option<(usize, &'a Sender)> {
        if self.began.elapsed() > LONGEST {
            return None;
        }
        let number = self.next.fetch_add(1, Ordering::SeqCst);
        self.senders.get(number).map(|sender| (number, sender))
    }

    fn begun(&self) -> &'a [Sender] {
        &self.senders[..self.next.load(Ordering::SeqCst).min(self.senders.len())]
    }

    /// How much of it is over, by clients or by time, from 0 to 1.
    fn share(&self) -> f64 {
        let by_clients = self.begun().len() as f64 / self.senders.len() as f64;
        by_clients.max(self.began.elapsed().as_secs_f64() / LONGEST.as_secs_f64())
    }
}

fn kill_all(runtime: &mut Runtime, plan: &Plan, crowd: &Crowd, gate: &Gate) -> Vec<Death> {
    let one = |planned: &crate::plan::Kill| {
        while crowd.share() < planned.at {
            thread::sleep(Duration::from_millis(1));
        }
        thread::sleep(planned.after);
        kill(runtime, gate)
    };
    plan.kills.iter().map(one).collect()
}

fn kill(runtime: &mut Runtime, gate: &Gate) -> Death {
    let began = Instant::now();
    runtime.kill();
    gate.set(None);
    let ended = Instant::now();
    runtime.restart();
    gate.set(Some(runtime.address()));
    Death { began, ended }
}

fn wait_for_quiet(origin: &Origin) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !origin.is_idle() {
        assert!(Instant::now() < deadline, "the origin is still busy long after the last client");
        thread::sleep(Duration::from_millis(10));
    }
}

/// The operations that somebody has begun.
fn used(begun: &[Sender]) -> BTreeSet<usize> {
    begun.iter().map(|sender| sender.operation).collect()
}

/// Every body under every identity of each key that was in use.
fn last_questions(plan: &Plan, begun: &[Sender]) -> Vec<Sender> {
    let mut questions = Vec::new();
    for operation in used(begun) {
        for identity in 0..plan.operations[operation].identities.len() {
            for variant in [Variant::One, Variant::Other] {
                let manners = Vec::new();
                let seed = questions.len() as u64;
                let question = Sender { operation, identity, variant, manners, again: false, seed };
                questions.push(question);
            }
        }
    }
    questions
}
