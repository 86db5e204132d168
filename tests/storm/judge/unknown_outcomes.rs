//! What the runtime's log tells of unknown outcomes, and what an operator's list holds at the end, fits the
//! guard's own records.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::case::Case;

/// What is told of one claim, by the first digits of its record and of itself.
type Told = BTreeMap<(String, String), Vec<Line>>;

#[derive(Debug, PartialEq)]
struct Line {
    outcome: String,
    /// How often the runtime had been started.
    life: usize,
}

/// Every line about an unknown outcome.
fn told(runtime_log: &str) -> Told {
    let (mut told, mut life) = (Told::new(), 0);
    for line in runtime_log.lines() {
        life += usize::from(line.starts_with("ready "));
        let Ok(line) = serde_json::from_str::<Value>(line) else { continue };
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        let outcome = text("outcome");
        if outcome == "unknown" || outcome == "ended" {
            let claim = (text("record"), text("claim"));
            told.entry(claim).or_default().push(Line { outcome, life });
        }
    }
    told
}

pub fn check(cases: &[Case], runtime_log: &str, listed: &BTreeSet<String>) -> Vec<(usize, String)> {
    let told = told(runtime_log);
    let mut found = Vec::new();
    for case in cases {
        let Some(Ok(record)) = &case.record else { continue };
        let id = record["record"].as_str().unwrap_or_default();
        let is_unknown = record["state"] == "unknown";
        if is_unknown != listed.contains(id) {
            found
                .push((case.operation, format!("unknown: {is_unknown}, and listed the other way")));
        }
        let short = id.get(..16).unwrap_or_default();
        let claim = record["claim"].as_str().and_then(|claim| claim.get(..8)).unwrap_or_default();
        let current = (short.to_owned(), claim.to_owned());
        if is_unknown && !told.contains_key(&current) {
            found.push((case.operation, "it is unknown, and nobody was told".to_owned()));
        }
        for (about, lines) in told.iter().filter(|((record, _), _)| record == short) {
            let is_open = is_unknown && *about == current;
            let what = lines_of_one(lines, is_open);
            found.extend(what.map(|what| (case.operation, format!("{about:?}: {what}"))));
        }
    }
    found
}

/// Each is told once. A runtime that is killed between the line and the commit tells it again in its next
/// life, since nothing had changed.
fn lines_of_one(lines: &[Line], is_open: bool) -> Option<String> {
    let twice = lines.iter().enumerate().any(|(at, line)| lines[..at].contains(line));
    let ended = lines.iter().any(|line| line.outcome == "ended");
    let began = lines.first().is_some_and(|line| line.outcome == "unknown");
    match (twice, began, ended) {
        (true, ..) => Some(format!("told twice in one life: {lines:?}")),
        (_, false, _) => Some(format!("an end without a beginning: {lines:?}")),
        (_, _, true) if is_open => Some(format!("told as ended, and unknown: {lines:?}")),
        (_, _, false) if !is_open => Some(format!("it is known, and no end was told: {lines:?}")),
        _ => None,
    }
}

#[test]
fn what_is_told_twice_or_not_at_all_is_found() {
    let line = |outcome: &str, life| Line { outcome: outcome.into(), life };
    let (unknown, ended) = (line("unknown", 1), line("ended", 1));
    assert!(lines_of_one(&[line("unknown", 1)], true).is_none());
    assert!(lines_of_one(&[line("unknown", 1), line("ended", 1)], false).is_none());
    assert!(lines_of_one(&[line("unknown", 1), line("unknown", 2)], true).is_none());
    assert!(lines_of_one(&[line("unknown", 1), line("unknown", 1)], true).is_some());
    assert!(lines_of_one(&[line("unknown", 1)], false).is_some());
    assert!(lines_of_one(&[line("ended", 1)], false).is_some());
    assert!(lines_of_one(&[unknown, ended], true).is_some());
}
