//! The guard's own book: what an operator is told of each key when all is over.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use serde_json::{Map, Value, json};

use crate::http::Call;
use crate::plan::Operation;

pub const TOKEN: &str = "the-operator-of-the-storm";

/// What the guard knows of a key; says in words where it says nothing.
pub fn record(guard: SocketAddr, operation: &Operation) -> Result<Value, String> {
    let question = json!({ "scope": operation.scope, "key": operation.key });
    let found = ask(guard, &Call::post("/.onlyonce/find").json(&question.to_string()))?;
    let id = found["record"].as_str().unwrap_or_default();
    ask(guard, &Call::get(&format!("/.onlyonce/records/{id}?body=1")))
}

/// The records of all unknown outcomes, page by page.
pub fn unknown(guard: SocketAddr) -> BTreeSet<String> {
    let (mut records, mut query) = (BTreeSet::new(), String::new());
    loop {
        let page = ask(guard, &Call::get(&format!("/.onlyonce/unknown?limit=100{query}")))
            .unwrap_or_else(|error| panic!("{error}"));
        let entries = page["unknown"].as_array().expect("a list");
        let record = |entry: &Value| entry["record"].as_str().expect("an id").to_owned();
        for entry in entries {
            assert!(records.insert(record(entry)), "listed twice: {entry}");
        }
        match page["next"].as_str() {
            Some(next) => query = format!("&after={next}"),
            None => return records,
        }
    }
}

fn ask(guard: SocketAddr, call: &Call) -> Result<Value, String> {
    let call = call.clone().authorization(&format!("Bearer {TOKEN}"));
    let answer = call.try_send(guard).map_err(|error| format!("{call:?}: {error}"))?;
    match (answer.status, serde_json::from_slice(&answer.body)) {
        (200 | 404, Ok(value)) => Ok(value),
        (status, _) => Err(format!("{call:?}: {status} {}", answer.text())),
    }
}

/// A scope, as an operator writes it.
pub fn scope<const N: usize>(values: [(&str, &str); N]) -> Value {
    let values = values.map(|(source, value)| (source.to_owned(), json!(value)));
    Value::Object(Map::from_iter(values))
}
