//! The spans that the guard adds to the platform's traces.

use std::thread;

use serde_json::{Value, json};

use crate::guard::{Guard, at_origin, poll_for};
use crate::log_secrets::MARK;
use crate::script::{Gate, Reply};
use crate::stamp::came;

/// The guard's spans that have ended, in their order.
fn spans(guard: &Guard) -> Vec<Value> {
    let log = guard.runtime().log();
    let lines = log.lines().filter_map(|line| line.strip_prefix("span "));
    lines.map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// The one span of this name whose attribute is this.
fn span(guard: &Guard, name: &str, attribute: &str, value: &Value) -> Value {
    poll_for(&format!("a span {name} with {attribute} {value}"), || {
        let is_it = |span: &Value| span["name"] == name && &span["attributes"][attribute] == value;
        spans(guard).into_iter().find(is_it)
    })
}

#[test]
fn a_request_and_its_call_are_spans_of_one_trace() {
    let guard = Guard::with(at_origin(false).tail());
    guard.origin_always(Reply::json(201, "{}"));
    let (_, id) = came(&guard.send(&guard.order()));
    guard.send(&guard.order());
    let first = span(&guard, "onlyonce.request", "onlyonce.outcome", &json!("first"));
    let call = span(&guard, "onlyonce.origin", "onlyonce.record", &json!(id[..16]));
    let told = &call["attributes"];
    let expected = json!({
        "onlyonce.route": "*", "onlyonce.method": "POST", "onlyonce.record": id[..16],
        "onlyonce.claim": first["attributes"]["onlyonce.claim"], "onlyonce.attempt": 1, "onlyonce.status": 201,
    });
    assert_eq!(told, &expected);
    assert_eq!((&first["in"], &call["in"]), (&json!("fetch"), &json!("jsrpc")));
    assert_eq!(call["trace"], first["trace"]);
    let replay = span(&guard, "onlyonce.request", "onlyonce.outcome", &json!("replayed"));
    assert_eq!(replay["attributes"]["onlyonce.record"], json!(id[..16]));
    assert_ne!(replay["trace"], first["trace"]);
    // What the log says, and nothing more.
    let line = guard.runtime().log();
    let line = line.lines().find(|line| line.starts_with(r#"{"outcome":"first""#)).expect("a line");
    let line: serde_json::Map<String, Value> = serde_json::from_str(line).expect("JSON");
    let named: serde_json::Map<String, Value> =
        line.into_iter().map(|(name, value)| (format!("onlyonce.{name}"), value)).collect();
    assert_eq!(first["attributes"], Value::Object(named));
    for span in spans(&guard) {
        let text = span.to_string();
        assert!(!text.contains(MARK) && !text.contains("alice"), "{text}");
    }
}

/// Each is put under its own request, though one queue wakes them all.
#[test]
fn requests_at_once_keep_their_own_traces() {
    let guard = Guard::with(at_origin(false).tail());
    let gate = Gate::new();
    guard.origin_always(Reply::json(201, "{}").held_by(&gate));
    const AT_ONCE: usize = 4;
    thread::scope(|scope| {
        let sent: Vec<_> = (0..AT_ONCE)
            .map(|number| {
                let call = guard.keyless_order().key(&format!("{}-{number}", guard.key()));
                guard.send_aside(scope, call)
            })
            .collect();
        gate.wait_for(AT_ONCE);
        gate.open();
        for sent in sent {
            assert_eq!(sent.join().expect("an answer").status, 201);
        }
    });
    let pairs = poll_for("all of their spans", || {
        let spans = spans(&guard);
        let of = |name: &str| spans.iter().filter(|span| span["name"] == name).cloned().collect();
        let (requests, calls): (Vec<Value>, Vec<Value>) =
            (of("onlyonce.request"), of("onlyonce.origin"));
        (requests.len() == AT_ONCE && calls.len() == AT_ONCE).then_some((requests, calls))
    });
    let (requests, calls) = pairs;
    for call in calls {
        let record = &call["attributes"]["onlyonce.record"];
        let request =
            requests.iter().find(|request| &request["attributes"]["onlyonce.record"] == record);
        assert_eq!(request.map(|request| &request["trace"]), Some(&call["trace"]), "{call}");
    }
}
