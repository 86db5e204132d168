//! What must hold of any round, whatever the machine made of it.

mod answers;
mod case;
mod executions;
mod judge_selftest;
mod key_lifecycle;
mod places;
mod problems;
mod records;
mod unknown_outcomes;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::time::Instant;

use serde_json::Value;

use crate::log::{Exchange, Log, Told, Word};
use crate::origin::Origin;
use crate::plan::Plan;
use crate::round::Death;
pub use case::Case;

/// Violations shown in full, each with the life of its key.
const SHOWN: usize = 5;

/// All that is known when a round is over.
pub struct Round<'a> {
    pub seed: u64,
    pub began: Instant,
    pub plan: &'a Plan,
    pub origin: &'a Origin,
    pub log: &'a Log,
    pub deaths: Vec<Death>,
    /// By operation: what an operator is told, or why nothing is.
    pub records: BTreeMap<usize, Result<Value, String>>,
    /// The records that the operator's list of unknown outcomes holds.
    pub listed: BTreeSet<String>,
    pub runtime_log: String,
}

/// The same, key by key.
pub struct Books<'a> {
    seed: u64,
    plan: &'a Plan,
    cases: Vec<Case>,
    deaths: Vec<Death>,
    told: Vec<(usize, Told)>,
    /// What is told and listed of unknown outcomes, where it does not fit their records.
    untrue: Vec<(usize, String)>,
    /// What belongs to no key.
    loose: Vec<String>,
}

impl<'a> Books<'a> {
    pub fn of(round: Round<'a>) -> Books<'a> {
        let mut executions = round.origin.ledger.by_operation();
        let mut exchanges = BTreeMap::<_, Vec<Exchange>>::new();
        for exchange in round.log.exchanges() {
            exchanges.entry(exchange.operation).or_default().push(exchange);
        }
        let mut records = round.records;
        let case = |operation| Case {
            operation,
            began: round.began,
            executions: executions.remove(&operation).unwrap_or_default(),
            exchanges: exchanges.remove(&operation).unwrap_or_default(),
            deaths: round.deaths.clone(),
            record: records.remove(&operation),
        };
        let cases: Vec<Case> = (0..round.plan.operations.len()).map(case).collect();
        let untrue = unknown_outcomes::check(&cases, &round.runtime_log, &round.listed);
        let loose = loose(round.origin, &round.runtime_log);
        let (plan, deaths, told) = (round.plan, round.deaths, round.log.told());
        Books { seed: round.seed, plan, cases, deaths, told, untrue, loose }
    }

    pub fn summary(&self, clients: usize) -> String {
        let exchanges: usize = self.cases.iter().map(|case| case.exchanges.len()).sum();
        let executions: usize = self.cases.iter().map(|case| case.executions.len()).sum();
        let mut kinds = BTreeMap::<String, usize>::new();
        for exchange in self.cases.iter().flat_map(|case| &case.exchanges) {
            let kind = match &exchange.word {
                Word::Answer(_, way) => format!("{way:?}").to_lowercase(),
                Word::Problem { code, .. } => format!("{} {code}", exchange.status),
                Word::Foreign => "foreign".to_owned(),
            };
            *kinds.entry(kind).or_default() += 1;
        }
        format!(
            "{clients} clients, {exchanges} answers, {executions} arrivals at the origin; {kinds:?}"
        )
    }
}

fn loose(origin: &Origin, runtime_log: &str) -> Vec<String> {
    let mut loose = Vec::new();
    let strangers = origin.strangers.load(std::sync::atomic::Ordering::SeqCst);
    if strangers > 0 {
        loose.push(format!("{strangers} requests reached the origin that no client has sent"));
    }
    let is_bad = |line: &&str| line.contains("Uncaught") || line.contains("panicked");
    loose
        .extend(runtime_log.lines().filter(is_bad).map(|line| format!("the runtime said: {line}")));
    loose
}

/// Fails where the books disagree.
pub fn judge(books: &Books) {
    let mut verdict = books.loose.join("\n");
    let mut found = Vec::new();
    for (operation, told) in &books.told {
        if let Told::Nothing(why) = told {
            found.push((*operation, format!("a client was left without an answer: {why}")));
        }
    }
    for case in &books.cases {
        found.extend(case.violations().into_iter().map(|what| (case.operation, what)));
    }
    found.extend(books.untrue.iter().cloned());
    found.extend(shared_records(&books.cases));
    found.extend(places::check(&books.cases, &books.deaths));
    for (operation, what) in found.iter().take(SHOWN) {
        let (case, plan) = (&books.cases[*operation], &books.plan.operations[*operation]);
        let _ = write!(verdict, "\n\noperation {operation}: {what}\n{plan:?}\n{}", case.story());
    }
    let count = found.len() + books.loose.len();
    assert!(
        count == 0,
        "the books disagree in {count} places (STORM_SEED={}){verdict}",
        books.seed
    );
}

/// Each key of an owner has one record, and no two have the same.
fn shared_records(cases: &[Case]) -> Vec<(usize, String)> {
    let mut owners = BTreeMap::<&str, usize>::new();
    let mut found = Vec::new();
    for case in cases {
        for record in case.records() {
            let owner = *owners.entry(record).or_insert(case.operation);
            if owner != case.operation {
                found.push((case.operation, format!("its record {record} is also {owner}'s")));
            }
        }
        if case.records().len() > 1 {
            found.push((case.operation, format!("has records {:?}", case.records())));
        }
    }
    found
}
