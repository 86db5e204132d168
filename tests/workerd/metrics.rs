//! What a request writes to METRICS on the real runtime, and how long it says that it took.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::guard::{Guard, at_origin, poll_for, poll_until};
use crate::http::Answer;
use crate::runtime::Setup;
use crate::script::{Gate, Reply};

/// The local dataset drops its points; this one writes them to the log.
fn with_sink(kind: &str) -> Setup {
    at_origin(true).around("tests/workerd/instrumented.js").var("METRICS_SINK", kind)
}

/// The points of one lane's records, in their order.
fn points(guard: &Guard, count: usize) -> Vec<Value> {
    poll_for("the points are in the log", || {
        let log = guard.runtime().log();
        let points = log.lines().filter_map(|line| line.strip_prefix("POINT "));
        let points: Vec<Value> = points.map(|point| serde_json::from_str(point).unwrap()).collect();
        (points.len() >= count).then_some(points)
    })
}

/// The last line of the guard's own in the log, for each point.
fn lines(guard: &Guard) -> Vec<Value> {
    let log = guard.runtime().log();
    let lines = log.lines().filter(|line| line.starts_with("{\"outcome\""));
    lines.map(|line| serde_json::from_str(line).expect("a JSON object")).collect()
}

#[test]
fn a_point_for_each_request_with_the_figures_of_its_line() {
    let guard = Guard::with(with_sink("log"));
    guard.origin_always(Reply::new(201));
    guard.send(&guard.order());
    guard.send(&guard.order());
    guard.send(&guard.order().body("{}"));
    guard.send(&guard.keyless_order());
    let points = points(&guard, 4);
    let outcomes = points.iter().map(|point| point["blobs"][0].as_str().unwrap());
    assert!(outcomes.eq(["first", "replayed", "refused", "bypass"]));
    for (point, line) in points.iter().zip(lines(&guard)) {
        let number = |name: &str| line.get(name).cloned().unwrap_or(json!(0));
        let text = |name: &str| line.get(name).cloned().unwrap_or(json!(""));
        assert_eq!(point["indexes"], json!([text("route")]));
        let blobs =
            ["outcome", "route", "method", "code", "would", "record", "fingerprint", "claim"];
        assert_eq!(point["blobs"].as_array().unwrap()[..8], blobs.map(text));
        let doubles = ["status", "attempt", "since_first_ms", "origin_ms", "total_ms"];
        assert_eq!(point["doubles"].as_array().unwrap()[..], doubles.map(number));
    }
    assert_eq!(points[2]["blobs"][3], "key-reused");
    assert_eq!(points[2]["blobs"][7], points[0]["blobs"][7], "a refusal tells whose key it met");
}

/// By them the platform's logs, the caller's tracing and the origin know the same request.
#[test]
fn a_line_and_a_point_tell_ray_and_trace_and_the_origin_is_sent_the_trace() {
    let guard = Guard::with(with_sink("log"));
    guard.origin_always(Reply::new(201));
    let (trace, ray) = ("4bf92f3577b34da6a3ce929d0e0e4736", "8e0393e2bb7d0a1c-FRA");
    let parent = format!("00-{trace}-00f067aa0ba902b7-01");
    let traced = guard.order().header("traceparent", &parent).header("tracestate", "a=1,b=2");
    guard.send(&traced.header("CF-Ray", ray));
    let point = points(&guard, 1).remove(0);
    assert_eq!((&point["blobs"][11], &point["blobs"][12]), (&json!(ray), &json!(trace)));
    let line = lines(&guard).remove(0);
    assert_eq!((&line["ray"], &line["trace"]), (&json!(ray), &json!(trace)));
    let seen = guard.seen().remove(0);
    assert_eq!(seen.headers.get("traceparent"), Some(parent.as_str()));
    assert_eq!(seen.headers.get("tracestate"), Some("a=1,b=2"));
}

#[test]
fn a_dataset_that_takes_nothing_costs_nobody_an_answer() {
    let guard = Guard::with(with_sink("broken"));
    guard.origin_always(Reply::new(201));
    assert_eq!(guard.send(&guard.order()).status, 201);
    assert!(guard.send(&guard.order()).replayed());
    let warning = "a data point could not be written to METRICS";
    poll_until("it is said in the log", || guard.runtime().log().matches(warning).count() == 2);
}

/// The binding as wrangler makes it. What it takes it does not tell, so this only shows that the
/// call is one that it takes.
#[test]
fn the_platforms_own_dataset_takes_it() {
    let guard = Guard::with(at_origin(true).config("tests/workerd/with-metrics.toml"));
    guard.origin_always(Reply::new(201));
    assert_eq!(guard.send(&guard.order()).status, 201);
    poll_until("the line is in the log", || !lines(&guard).is_empty());
    assert!(!guard.runtime().log().contains("METRICS"), "{}", guard.runtime().log());
}

fn timing(answer: &Answer) -> [Duration; 2] {
    let header = answer.header("server-timing").expect("Server-Timing");
    ["guard", "origin"].map(|name| {
        let (_, rest) = header.split_once(&format!("{name};dur=")).expect(name);
        let digits = rest.split([',', ' ']).next().expect("a number");
        Duration::from_millis(digits.parse().expect("milliseconds"))
    })
}

/// `Server-Timing` against two clocks of the test's own: the one that runs while the origin is held,
/// and the one that runs while the client waits.
#[test]
fn server_timing_is_the_time_that_passed() {
    const ROUNDING: Duration = Duration::from_millis(5);
    let guard = Guard::shared(true);
    let gate = Gate::new();
    guard.origin_always(Reply::new(201).held_by(&gate));
    let sent = Instant::now();
    let mut open = guard.order().open(guard.runtime().address()).expect("a socket");
    gate.wait_for(1);
    let held = Instant::now();
    open.time_out(Duration::from_millis(300));
    let held = held.elapsed();
    gate.open();
    let answer = open.answer().expect("an answer");
    let waited = sent.elapsed();
    let [guard_time, origin_time] = timing(&answer);
    assert!(origin_time + ROUNDING >= held, "origin {origin_time:?}, held for {held:?}");
    let told = guard_time + origin_time;
    assert!(told <= waited + ROUNDING, "told {told:?}, the client waited {waited:?}");
    let replay = timing(&guard.send(&guard.order()));
    assert_eq!(replay[1], Duration::ZERO, "a replay spends no time at the origin");
}
