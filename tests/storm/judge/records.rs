//! The guard's own book: what it holds of a key fits what the origin did and what clients were told.

use serde_json::Value;

use super::case::Case;
use crate::act::Fate;
use crate::base64;
use crate::ledger::Execution;

/// Of a key that was in use.
pub fn check(case: &Case) -> Vec<String> {
    let Some(record) = &case.record else { return Vec::new() };
    let record = match record {
        Ok(record) => record,
        Err(why) => return vec![format!("its record cannot be read: {why}")],
    };
    let mut found = Vec::new();
    found.extend(names(case, record));
    found.extend(rest(record));
    found.extend(state(case, record).map(|what| format!("{what}: {}", short(record))));
    found
}

/// Every answer named this record.
fn names(case: &Case, record: &Value) -> Option<String> {
    let id = record["record"].as_str().unwrap_or_default();
    let other = case.records().into_iter().find(|named| *named != id)?;
    Some(format!("answers name the record {other}, an operator finds {id}"))
}

/// Nothing goes on any more, and nothing was sent twice.
fn rest(record: &Value) -> Option<String> {
    let is_vacant = record["state"] == "vacant";
    let is_quiet = record["call_open"] == false && record["waiting"] == 0;
    let once = record["attempt"] == 1 && record["seen"]["first"] == 1;
    let is_at_rest = is_vacant || (is_quiet && once);
    (!is_at_rest).then(|| format!("not at rest: {}", short(record)))
}

fn state(case: &Case, record: &Value) -> Option<String> {
    let Some(last) = case.last() else { return without_execution(case, record) };
    match record["state"].as_str().unwrap_or_default() {
        "done" if matches!(last.fate(), Fate::Final | Fate::TooLarge) => answer(last, record),
        "unknown" => unknown(case, last, record),
        state => Some(format!("{state} after {:?}", last.fate())),
    }
}

/// Every arrival freed the key, or none came: it is free, or its last claim was lost on the way.
fn without_execution(case: &Case, record: &Value) -> Option<String> {
    let state = record["state"].as_str().unwrap_or_default();
    let at_the_end = case.exchanges.last()?.ended;
    let lost = state == "unknown" && case.claim_lost_before(at_the_end);
    (state != "vacant" && !lost).then(|| format!("{state} without an execution"))
}

fn unknown(case: &Case, last: &Execution, record: &Value) -> Option<String> {
    let at_the_end = case.exchanges.last()?.ended;
    let has_cause = match record["reason"].as_str().unwrap_or_default() {
        "server-error" => return answer(last, record).or_else(|| not_an_error(last)),
        "connection-lost" => last.fate() == Fate::Broken || case.died_over(last, at_the_end),
        // A call that goes on after its deadline is answered in the end.
        "restarted" | "deadline-passed" => {
            let superseded = last.is_refusal() && case.claim_lost_before(at_the_end);
            superseded || case.died_over(last, at_the_end)
        }
        _ => false,
    };
    (!has_cause).then(|| format!("no cause after {:?}", last.fate()))
}

fn not_an_error(last: &Execution) -> Option<String> {
    (last.fate() != Fate::ServerError).then(|| format!("an error after {:?}", last.fate()))
}

/// The answer is kept as it was sent, to the last byte.
fn answer(last: &Execution, record: &Value) -> Option<String> {
    let (answer, sent) = (&record["answer"], last.answer.as_ref()?);
    if answer["status"] != last.act.status {
        return Some(format!("status {}", answer["status"]));
    }
    if last.fate() == Fate::TooLarge {
        return (answer["body"] != "not-kept").then(|| "kept too much".to_owned());
    }
    let is_kept = answer["body"] == "kept" && answer["body_bytes"] == sent.body.len();
    let is_same = answer["body_base64"] == base64::padded(&sent.body);
    (!is_kept || !is_same).then(|| format!("not the {} bytes that were sent", sent.body.len()))
}

fn short(record: &Value) -> String {
    let mut record = record.clone();
    if let Some(body) = record.pointer_mut("/answer/body_base64") {
        *body = Value::Null;
    }
    record.to_string()
}
