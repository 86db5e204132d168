//! A test's view of the system: a runtime, the origin, and a lane of its own in both.
//!
//! What the runtime logged is printed when a test fails.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::http::{Answer, Call};
use crate::log_secrets::MARK;
use crate::origin::{Origin, Seen};
use crate::runtime::{Runtime, Setup};
use crate::script::{Reply, SIGNAL};

/// Log lines shown with a failed test.
const LAST_LINES: usize = 40;

pub struct Guard {
    host: Host,
    pub lane: String,
}

enum Host {
    Shared(&'static Runtime),
    Own(Box<Runtime>),
}

/// Runs the test with the KV copy and without.
#[track_caller]
pub fn both_ways(test: impl Fn(&Guard)) {
    test(&Guard::shared(true));
    test(&Guard::shared(false));
}

impl Guard {
    /// In front of a runtime that other tests use too.
    #[track_caller]
    pub fn shared(kv: bool) -> Guard {
        Guard::sharing(at_origin(kv))
    }

    /// In front of a runtime with this policy, which all tests share that ask for the same.
    #[track_caller]
    pub fn under(policy: &Value) -> Guard {
        Guard::sharing(at_origin(true).policy(policy))
    }

    /// In front of a runtime with this set-up, which all tests share that ask for the same.
    #[track_caller]
    pub fn sharing(setup: Setup) -> Guard {
        type Slot = &'static OnceLock<Runtime>;
        static SLOTS: Mutex<BTreeMap<String, Slot>> = Mutex::new(BTreeMap::new());
        let name = format!("{setup:?}");
        let slot: Slot =
            SLOTS.lock().unwrap().entry(name).or_insert_with(|| Box::leak(Box::default()));
        Guard::on(Host::Shared(slot.get_or_init(|| Runtime::start(setup))))
    }

    /// With a runtime of its own, under this policy.
    #[track_caller]
    pub fn own_under(kv: bool, policy: &Value) -> Guard {
        Guard::with(at_origin(kv).policy(policy))
    }

    /// With a runtime of its own, to be killed at will.
    #[track_caller]
    pub fn own(kv: bool) -> Guard {
        Guard::with(at_origin(kv))
    }

    #[track_caller]
    pub fn with(setup: Setup) -> Guard {
        Guard::on(Host::Own(Box::new(Runtime::start(setup))))
    }

    fn on(host: Host) -> Guard {
        static LANES: AtomicU32 = AtomicU32::new(1);
        let lane = format!("t{}", LANES.fetch_add(1, Ordering::Relaxed));
        let guard = Guard { host, lane };
        // What the last test wrote to the end may only have come now.
        guard.runtime().check_log();
        guard
    }

    pub fn runtime(&self) -> &Runtime {
        match &self.host {
            Host::Shared(runtime) => runtime,
            Host::Own(runtime) => runtime,
        }
    }

    #[track_caller]
    pub fn runtime_mut(&mut self) -> &mut Runtime {
        match &mut self.host {
            Host::Shared(_) => panic!("other tests use this runtime: take Guard::own"),
            Host::Own(runtime) => runtime,
        }
    }

    /// A path in this test's lane.
    pub fn path(&self, rest: &str) -> String {
        format!("/{}{rest}", self.lane)
    }

    /// A key that no other test uses.
    pub fn key(&self) -> String {
        format!("{MARK}key-of-{}", self.lane)
    }

    /// The order that most tests send: a POST with a key, a credential and a JSON body.
    pub fn order(&self) -> Call {
        self.order_to("/orders?shop=1")
    }

    pub fn keyless_order(&self) -> Call {
        self.keyless_order_to("/orders?shop=1")
    }

    /// The same order on another route.
    pub fn order_to(&self, path: &str) -> Call {
        self.keyless_order_to(path).key(&format!("{:?}", self.key()))
    }

    pub fn keyless_order_to(&self, path: &str) -> Call {
        let call = Call::post(&self.path(path)).authorization("Bearer alice");
        call.json(r#"{"item":"tea","quantity":2}"#)
    }

    #[track_caller]
    pub fn send(&self, call: &Call) -> Answer {
        self.runtime().check_log();
        call.send(self.runtime().address())
    }

    /// Sends it on another thread; join for the answer.
    pub fn send_aside<'scope>(
        &'scope self,
        scope: &'scope thread::Scope<'scope, '_>,
        call: Call,
    ) -> thread::ScopedJoinHandle<'scope, Answer> {
        scope.spawn(move || self.send(&call))
    }

    pub fn origin(&self, script: impl Fn(&Seen) -> Reply + Send + Sync + 'static) {
        Origin::shared().script(&self.lane, script);
    }

    pub fn origin_always(&self, reply: Reply) {
        self.origin(move |_| reply.clone());
    }

    /// One reply per request, in this order; a request too many gets 599.
    pub fn origin_in_turn(&self, replies: impl IntoIterator<Item = Reply>) {
        let replies = Mutex::new(VecDeque::from_iter(replies));
        self.origin(move |_| replies.lock().unwrap().pop_front().unwrap_or(Reply::new(599)));
    }

    /// What has reached the origin in this lane.
    pub fn seen(&self) -> Vec<Seen> {
        Origin::shared().seen(&self.lane)
    }

    #[track_caller]
    pub fn check_calls(&self, expected: usize) {
        let calls = Origin::shared().calls(&self.lane);
        assert_eq!(calls, expected, "requests that reached the origin");
    }
}

/// A runtime in front of the test's origin.
pub fn at_origin(kv: bool) -> Setup {
    Setup::new(kv).var("ORIGIN", &Origin::shared().url())
}

impl Drop for Guard {
    fn drop(&mut self) {
        if !thread::panicking() {
            self.runtime().check_log();
        } else {
            let log = self.runtime().log();
            let lines: Vec<_> = log.lines().collect();
            let last = lines[lines.len().saturating_sub(LAST_LINES)..].join("\n");
            eprintln!(
                "--- lane {} on {}; the runtime said last:\n{last}",
                self.lane,
                self.runtime()
            );
        }
    }
}

/// Asks until the answer is yes; for what gives no signal.
#[track_caller]
pub fn poll_until(what: &str, mut ask: impl FnMut() -> bool) {
    poll_for(what, || ask().then_some(()));
}

/// Asks until there is something.
#[track_caller]
pub fn poll_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + SIGNAL;
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(Instant::now() < deadline, "not in {SIGNAL:?}: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}
