//! Unknown outcomes are told by their shard, whoever is still there to hear the answer, and listed until
//! they end.

use std::thread;

use serde_json::{Value, json};

use crate::guard::{Guard, at_origin, poll_for, poll_until};
use crate::http::{Call, Connection};
use crate::problem;
use crate::queue_producer::with_queues;
use crate::runtime::Setup;
use crate::script::{Ending, Gate, Reply};

const TOKEN: &str = "operator-token-0123456789";

/// One shard, which looks at its calls every second.
pub fn setup(policy: Value) -> Setup {
    let mut policy = policy;
    policy["watch"] = "1s".into();
    at_origin(true).var("ADMIN_TOKEN", TOKEN).policy(&policy)
}

fn own() -> Guard {
    Guard::with(setup(json!({ "shards": 1 })))
}

/// The lines about unknown outcomes, without what differs from run to run.
pub fn told(guard: &Guard) -> Vec<Value> {
    let log = guard.runtime().log();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line["outcome"] == "unknown" || line["outcome"] == "ended").collect()
}

pub fn wait_for_told(guard: &Guard, count: usize) -> Vec<Value> {
    poll_for("the lines are there", || Some(told(guard)).filter(|told| told.len() >= count))
}

/// As `outcome code`.
pub fn codes(lines: &[Value]) -> Vec<String> {
    let text = |line: &Value, name: &str| line[name].as_str().expect(name).to_owned();
    lines.iter().map(|line| format!("{} {}", text(line, "outcome"), text(line, "code"))).collect()
}

fn numbered(guard: &Guard, number: usize) -> Call {
    guard.keyless_order().key(&format!("{}-{number}", guard.key()))
}

pub fn leave_in_flight(guard: &Guard, call: &Call, gate: &Gate, leave: fn(Connection)) {
    let connection = call.open(guard.runtime().address()).expect("a socket");
    gate.wait_for(1);
    leave(connection);
}

pub fn operators(guard: &Guard, method: &str, path: &str, body: &str) -> (u16, Value) {
    let call = Call::new(method, &format!("/.onlyonce/{path}"));
    let answer = guard.send(&call.authorization(&format!("Bearer {TOKEN}")).json(body));
    (answer.status, serde_json::from_slice(&answer.body).expect("JSON"))
}

fn list(guard: &Guard, query: &str) -> Value {
    let (status, page) = operators(guard, "GET", &format!("unknown{query}"), "");
    assert_eq!(status, 200, "{page}");
    page
}

pub fn listed(guard: &Guard, query: &str) -> Vec<Value> {
    list(guard, query)["unknown"].as_array().expect("a list").clone()
}

/// The caller is gone before the call ends, and nobody asks again.
#[test]
fn it_is_told_though_the_caller_has_hung_up() {
    for (reply, expected) in [
        (Reply::json(500, "{}"), "unknown server-error"),
        (Reply::no_answer(), "unknown connection-lost"),
        (Reply::json(201, "{}").ending(Ending::ChunkedWithoutEnd(1)), "unknown connection-lost"),
        (Reply::new(999), "unknown no-such-status"),
    ] {
        for leave in [Connection::hang_up, Connection::reset] {
            let guard = own();
            let gate = Gate::new();
            guard.origin_in_turn([reply.clone().held_by(&gate)]);
            leave_in_flight(&guard, &guard.order(), &gate, leave);
            gate.open();
            let lines = wait_for_told(&guard, 1);
            assert_eq!(codes(&lines), [expected]);
            assert_eq!(lines[0]["route"], "*");
            assert_eq!(lines[0]["method"], "POST");
            assert_eq!(lines[0]["attempt"], 1);
            // It is there, and retries tell nothing anew.
            let entries = listed(&guard, "");
            assert_eq!(entries.len(), 1);
            assert!(expected.ends_with(entries[0]["reason"].as_str().expect("a reason")));
            let id = entries[0]["record"].as_str().expect("an id");
            assert!(id.starts_with(lines[0]["record"].as_str().expect("an id")));
            for _ in 0..3 {
                guard.send(&guard.order());
            }
            assert_eq!(told(&guard).len(), 1);
            guard.check_calls(1);
        }
    }
}

/// The runtime dies with a call, and nobody asks for anything again: the alarm finds it.
#[test]
fn a_dead_call_is_told_without_a_retry() {
    let mut guard = own();
    let gate = Gate::new();
    guard.origin_in_turn([Reply::json(201, "{}").held_by(&gate)]);
    leave_in_flight(&guard, &guard.order(), &gate, drop);
    guard.runtime_mut().kill();
    gate.open();
    guard.runtime_mut().restart();
    let lines = wait_for_told(&guard, 1);
    assert_eq!(codes(&lines), ["unknown restarted"]);
    assert_eq!(listed(&guard, "?reason=restarted").len(), 1);
    guard.check_calls(1);
}

#[test]
fn a_late_answer_ends_it() {
    let guard = Guard::with(setup(json!({ "shards": 1, "deadline": "1s" })));
    let gate = Gate::new();
    guard.origin_in_turn([Reply::json(201, "{}").held_by(&gate)]);
    thread::scope(|scope| {
        let first = guard.send_aside(scope, guard.order());
        problem::check_timed_out(&first.join().expect("an answer"));
    });
    assert_eq!(codes(&wait_for_told(&guard, 1)), ["unknown deadline-passed"]);
    let entries = listed(&guard, "");
    assert_eq!((entries.len(), &entries[0]["call_open"]), (1, &json!(true)));
    gate.open();
    let lines = wait_for_told(&guard, 2);
    assert_eq!(codes(&lines), ["unknown deadline-passed", "ended answered"]);
    assert_eq!(lines[1]["status"], 201);
    assert_eq!(lines[0]["claim"], lines[1]["claim"]);
    assert_eq!(listed(&guard, ""), Vec::<Value>::new());
}

#[test]
fn an_operators_word_ends_it() {
    let guard = own();
    guard.origin_always(Reply::no_answer());
    for (number, (method, path, body, expected)) in [
        ("POST", "/resolve", r#"{"claim":"CLAIM","outcome":"not-processed"}"#, "ended freed"),
        (
            "POST",
            "/resolve",
            r#"{"claim":"CLAIM","outcome":"answer","status":201}"#,
            "ended resolved",
        ),
        ("DELETE", "", "", "ended forgotten"),
    ]
    .into_iter()
    .enumerate()
    {
        problem::check(&guard.send(&numbered(&guard, number)), "outcome-unknown");
        let entries = listed(&guard, "");
        assert_eq!(entries.len(), 1, "the one before has ended");
        let text = |name: &str| entries[0][name].as_str().expect(name).to_owned();
        let path = format!("records/{}{path}", text("record"));
        let body = body.replace("CLAIM", &text("claim"));
        let (status, answer) = operators(&guard, method, &path, &body);
        assert_eq!(status, 200, "{answer}");
        let lines = wait_for_told(&guard, 2 * number + 2);
        assert_eq!(codes(&lines)[2 * number..], ["unknown connection-lost", expected]);
        assert_eq!(listed(&guard, ""), Vec::<Value>::new());
    }
}

/// The data point has the line's figures.
#[test]
fn metrics_count_it() {
    let setup = setup(json!({ "shards": 1 })).around("tests/workerd/instrumented.js");
    let guard = Guard::with(setup.var("METRICS_SINK", "log"));
    guard.origin_in_turn([Reply::no_answer()]);
    problem::check(&guard.send(&guard.order()), "outcome-unknown");
    let line = wait_for_told(&guard, 1).remove(0);
    let point = poll_for("the point is in the log", || {
        let log = guard.runtime().log();
        let points = log.lines().filter_map(|line| line.strip_prefix("POINT "));
        let points = points.map(|point| serde_json::from_str::<Value>(point).expect("JSON"));
        points.into_iter().find(|point| point["blobs"][0] == "unknown")
    });
    assert_eq!(point["blobs"][3], "connection-lost");
    assert_eq!((&point["blobs"][5], &point["blobs"][7]), (&line["record"], &line["claim"]));
    assert_eq!(point["doubles"][2], line["since_first_ms"]);
}

/// Two rows for the list, and not one for a key of which all is known (tests/workerd/costs.rs).
#[test]
fn the_list_costs_a_row_to_open_and_one_to_close() {
    let setup = setup(json!({ "shards": 1 })).around("tests/workerd/instrumented.js");
    let guard = Guard::with(setup);
    let counted = || -> Value {
        let answer = guard.send(&Call::get("/.counted"));
        serde_json::from_slice(&answer.body).expect("JSON")
    };
    guard.origin_in_turn([Reply::json(201, "{}"), Reply::json(500, "{}")]);
    guard.send(&numbered(&guard, 1));
    counted();
    guard.send(&numbered(&guard, 2));
    // The claim, the list's row, the answer.
    assert_eq!(counted()["rows_written"], 3);
}

fn messages(guard: &Guard) -> Vec<Value> {
    let answer = Call::get("/outcomes").send(guard.runtime().queue_producer());
    let messages: Value = serde_json::from_slice(&answer.body).expect("JSON");
    messages.as_array().expect("a list").clone()
}

#[test]
fn a_queue_is_told_once_of_each() {
    let policy = json!({ "shards": 1, "watch": "1s" });
    let guard = Guard::with(with_queues().var("ADMIN_TOKEN", TOKEN).policy(&policy));
    guard.origin_always(Reply::no_answer());
    problem::check(&guard.send(&guard.order()), "outcome-unknown");
    let entry = listed(&guard, "").remove(0);
    let id = entry["record"].as_str().expect("an id");
    let body = format!(r#"{{"claim":{},"outcome":"not-processed"}}"#, entry["claim"]);
    assert_eq!(operators(&guard, "POST", &format!("records/{id}/resolve"), &body).0, 200);
    let came = poll_for("both messages", || Some(messages(&guard)).filter(|came| came.len() >= 2));
    assert_eq!(codes(&came), ["unknown connection-lost", "ended freed"]);
    for message in &came {
        assert_eq!((&message["record"], &message["claim"]), (&entry["record"], &entry["claim"]));
        assert_eq!(message["claimed_at"], entry["claimed_at"]);
        assert!(message["at"].as_str() >= entry["claimed_at"].as_str());
    }
    guard.send(&guard.order());
    let third = poll_for("the next", || messages(&guard).get(2).cloned());
    assert_eq!(codes(&[third]), ["unknown connection-lost"]);
}

/// A queue that is down, and a runtime that dies meanwhile: what was to be told is told later.
#[test]
fn a_message_that_could_not_be_sent_is_not_lost() {
    let sink = |kind| {
        let setup = setup(json!({ "shards": 1 })).around("tests/workerd/instrumented.js");
        setup.queue_producer().queues().var("OUTCOMES_SINK", kind)
    };
    let mut guard = Guard::with(sink("broken"));
    guard.origin_always(Reply::no_answer());
    problem::check(&guard.send(&numbered(&guard, 1)), "outcome-unknown");
    poll_until("the queue was asked", || guard.runtime().log().contains("OUTCOMES"));
    guard.runtime_mut().kill();
    guard.runtime_mut().redeploy(|_| sink("log"));
    problem::check(&guard.send(&numbered(&guard, 2)), "outcome-unknown");
    let sent = || -> Vec<Value> {
        let log = guard.runtime().log();
        let sent = log.lines().filter_map(|line| line.strip_prefix("MESSAGE "));
        sent.map(|message| serde_json::from_str(message).expect("JSON")).collect()
    };
    let came = poll_for("both messages", || Some(sent()).filter(|came| came.len() >= 2));
    assert_eq!(codes(&came), ["unknown connection-lost", "unknown connection-lost"]);
    assert_ne!(came[0]["record"], came[1]["record"]);
    assert!(came[0]["claimed_at"].as_str() < came[1]["claimed_at"].as_str(), "in their order");
}

fn fail_on(guard: &Guard, path: &str, count: usize) {
    for number in 0..count {
        let call = guard.keyless_order_to(path).key(&format!("{}{path}-{number}", guard.key()));
        guard.send(&call);
    }
}

/// Over many shards, in pages.
#[test]
fn pages_go_over_all_shards() {
    let policy = json!({ "shards": 8, "routes": [{ "path": "/*/pay/**" }] });
    let guard = Guard::with(setup(policy));
    guard.origin(|seen| match seen.target.contains("/pay/") {
        true => Reply::json(500, "{}"),
        false => Reply::no_answer(),
    });
    fail_on(&guard, "/pay/a", 20);
    fail_on(&guard, "/orders", 15);
    let (mut all, mut query) = (Vec::new(), "?limit=4".to_owned());
    loop {
        let page = list(&guard, &query);
        let entries = page["unknown"].as_array().expect("a list");
        assert!(entries.len() <= 4);
        all.extend(entries.iter().cloned());
        match page["next"].as_str() {
            Some(next) => query = format!("?limit=4&after={next}"),
            None => break,
        }
    }
    assert_eq!(all.len(), 35);
    let times: Vec<_> = all.iter().map(|entry| entry["claimed_at"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|newer, older| newer >= older), "the newest first");
    assert_eq!(listed(&guard, "?route=/*/pay/**&limit=200").len(), 20);
    assert_eq!(listed(&guard, "?reason=connection-lost&limit=200").len(), 15);
    assert_eq!(listed(&guard, "?older_than=1h").len(), 0);
    assert_eq!(listed(&guard, "?newer_than=1h&route=/*/pay/**&reason=restarted").len(), 0);
    let (status, answer) = operators(&guard, "GET", "unknown?reason=lost", "");
    assert_eq!((status, &answer["error"]), (400, &json!("question-invalid")));
    let nobody = guard.send(&Call::get("/.onlyonce/unknown"));
    assert_eq!(nobody.status, 401);
}

/// A shard whose storage cannot be read is named, and the rest is listed.
#[test]
fn a_shard_that_cannot_be_reached_is_named() {
    let setup = setup(json!({ "shards": 2 })).around("tests/workerd/instrumented.js");
    let guard = Guard::with(setup.var("DEAD_SHARD", "shard/1"));
    guard.origin_always(Reply::json(500, "{}"));
    fail_on(&guard, "/orders", 12);
    let page = list(&guard, "");
    assert_eq!(page["unreachable"], json!(["shard/1"]));
    let entries = page["unknown"].as_array().expect("a list");
    assert!(!entries.is_empty() && entries.len() < 12);
    assert!(
        entries.iter().all(|entry| "01234567".contains(&entry["record"].as_str().unwrap()[..1]))
    );
}
