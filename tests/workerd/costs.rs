//! What a request costs: the operations that the platform charges for, counted around the guard's
//! own bindings on the real runtime, and compared with the table in docs/DEPLOYMENT.md.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::guard::{Guard, at_origin, poll_until};
use crate::http::Call;
use crate::script::{Gate, Reply, SIGNAL};
use crate::stamp::came;
use crate::storage::{empty_kv, wait_for_copy};

const DEPLOYMENT: &str = include_str!("../../docs/DEPLOYMENT.md");
const COUNTED: [&str; 5] =
    ["object_requests", "rows_read", "rows_written", "kv_reads", "kv_writes"];

type Counts = BTreeMap<String, u64>;

/// The row of the table that is called so: `| first request | 1 | 2 | 4 | 1 | 1 |`.
#[track_caller]
fn documented(name: &str) -> Counts {
    let start = format!("| {name} | ");
    let row = DEPLOYMENT.lines().find_map(|line| line.strip_prefix(&start));
    let row = row.unwrap_or_else(|| panic!("docs/DEPLOYMENT.md has no row {name:?}"));
    let numbers = row.split('|').filter_map(|cell| cell.trim().parse().ok());
    let counts: Counts = COUNTED.into_iter().map(str::to_owned).zip(numbers).collect();
    assert_eq!(counts.len(), COUNTED.len(), "{row}");
    counts
}

fn add(sum: &mut Counts, more: Counts) {
    for (name, count) in more {
        *sum.entry(name).or_default() += count;
    }
}

struct Counted {
    guard: Guard,
    so_far: RefCell<Counts>,
}

impl Counted {
    fn new(kv: bool, policy: &Value) -> Self {
        let setup = at_origin(kv).policy(policy).around("tests/workerd/instrumented.js");
        let guard = Guard::with(setup);
        guard.origin_always(Reply::json(201, r#"{"order":"number-1"}"#));
        Self { guard, so_far: RefCell::default() }
    }

    /// What was counted since the last check.
    fn counts(&self) -> Counts {
        let answer = Call::get("/.counted").send(self.guard.runtime().address());
        let mut new: Counts = serde_json::from_slice(&answer.body).expect("counts");
        // A row written each, but a shard's and not a key's: the guide counts them by themselves.
        new.remove("alarms");
        add(&mut self.so_far.borrow_mut(), new);
        self.so_far.borrow().clone()
    }

    /// Some of it happens after the answer has left, such as the copy to KV.
    #[track_caller]
    fn check(&self, rows: &[&str]) {
        let mut expected: Counts = COUNTED.iter().map(|name| ((*name).to_owned(), 0)).collect();
        rows.iter().for_each(|row| add(&mut expected, documented(row)));
        expected.retain(|_, count| *count > 0);
        let deadline = Instant::now() + SIGNAL;
        loop {
            let found = self.counts();
            if found == expected {
                break;
            }
            let late = Instant::now() > deadline;
            assert!(!late, "{rows:?}: counted {found:?}, {expected:?} is written");
            thread::sleep(Duration::from_millis(20));
        }
        self.so_far.take();
    }

    /// Starts it again: an isolate that remembers nothing.
    fn restart(&mut self) {
        self.guard.runtime_mut().kill();
        self.guard.runtime_mut().restart();
    }
}

#[test]
fn a_key_from_its_first_request_to_its_replays() {
    let mut counted = Counted::new(true, &json!({}));
    let order = counted.guard.order();
    let first = counted.guard.send(&order);
    wait_for_copy(&counted.guard, &came(&first).1);
    counted.check(&["first request"]);

    counted.guard.send(&order);
    counted.check(&["replay from the isolate's memory"]);

    counted.restart();
    counted.guard.send(&order);
    counted.check(&["replay from KV, or from the object"]);

    counted.guard.runtime_mut().kill();
    empty_kv(&counted.guard);
    counted.guard.runtime_mut().restart();
    assert!(counted.guard.send(&order).replayed());
    counted.check(&["replay from KV, or from the object"]);

    assert_eq!(counted.guard.send(&order.body("{}")).status, 422);
    counted.check(&["refused for the first time"]);
    counted.guard.check_calls(1);
}

#[test]
fn a_duplicate_that_waits() {
    let counted = Counted::new(true, &json!({}));
    let gate = Gate::new();
    counted.guard.origin_always(Reply::json(201, r#"{"order":"number-1"}"#).held_by(&gate));
    let open = || counted.guard.order().open(counted.guard.runtime().address()).expect("a socket");
    let first = open();
    gate.wait_for(1);
    let second = open();
    poll_until("the second has come", || counted.counts().get("object_requests") == Some(&2));
    gate.open();
    let answers = [first, second].map(|connection| connection.answer().expect("an answer"));
    wait_for_copy(&counted.guard, &came(&answers[0]).1);
    counted.check(&["first request", "duplicate that waits"]);
}

#[test]
fn without_a_copy() {
    let counted = Counted::new(false, &json!({}));
    counted.guard.send(&counted.guard.order());
    counted.check(&["first request, no RESPONSES"]);
}

#[test]
fn what_is_not_guarded() {
    let counted = Counted::new(true, &json!({}));
    counted.guard.send(&Call::get(&counted.guard.path("/orders")));
    counted.guard.send(&counted.guard.keyless_order());
    counted.check(&["GET, or a request without a key"]);
    counted.guard.check_calls(2);
}

/// A derived key ends soon; every other record ends in the same way, only later.
#[test]
fn the_end_of_the_window() {
    let mut counted = Counted::new(true, &json!({ "key": "derive", "derive_window": "5s" }));
    counted.guard.send(&counted.guard.keyless_order());
    counted.check(&["first request, no copy"]);
    // The object is asleep when its alarm rings, as after a day.
    counted.restart();
    counted.check(&["the end of its window"]);
}

/// The numbers behind a row's name, of the table that has so many.
#[track_caller]
fn numbers<const N: usize>(name: &str) -> [f64; N] {
    let start = format!("| {name} | ");
    let rows = DEPLOYMENT.lines().filter_map(|line| line.strip_prefix(&start));
    let parse = |row: &str| row.split('|').map_while(|cell| cell.trim().parse().ok()).collect();
    let found = rows.map(parse).find_map(|cells: Vec<f64>| cells.try_into().ok());
    found.unwrap_or_else(|| panic!("docs/DEPLOYMENT.md has no row {name:?} of {N} numbers"))
}

/// What an object waits for in the sums: 200 ms with 128 MB.
const GB_SECONDS: f64 = 0.2 * 0.128;

/// Dollars for a million: Worker, objects, their time, rows, KV.
fn priced(name: &str, is_first: bool) -> [f64; 5] {
    let price = |unit: &str| numbers::<1>(unit)[0];
    let mut counts = numbers::<5>(name);
    if is_first {
        let end = numbers::<5>("the end of its window");
        counts.iter_mut().zip(end).for_each(|(count, more)| *count += more);
    }
    let [requests, read, written, kv_reads, kv_writes] = counts;
    let time = if is_first { GB_SECONDS * price("GB-second of objects") } else { 0.0 };
    [
        price("Worker request"),
        requests * price("object request"),
        time,
        read * price("row read") + written * price("row written"),
        kv_reads * price("KV read") + kv_writes * price("KV write"),
    ]
}

/// The guide's sums are its counts times its prices, rounded to cents.
#[test]
fn the_sums_are_the_counts_times_the_prices() {
    let rows = [
        ("first request", true),
        ("first request, no copy", true),
        ("first request, no RESPONSES", true),
        ("replay from the isolate's memory", false),
        ("replay from KV, or from the object", false),
        ("duplicate that waits", false),
        ("refused for the first time", false),
        ("GET, or a request without a key", false),
    ];
    for (name, is_first) in rows {
        let parts = priced(name, is_first);
        let written = numbers::<6>(name);
        let sum = parts.iter().sum();
        for (priced, written) in parts.into_iter().chain([sum]).zip(written) {
            assert!((priced - written).abs() < 0.006, "{name}: {parts:?}, {written} is written");
        }
    }
}
