//! What came of a mix, for one line of JSON.

use crate::figures::Figures;
use std::collections::BTreeMap;
use std::time::Duration;

/// As many failures as are told in words.
const TOLD: usize = 5;

#[derive(Clone, Default)]
pub struct Report {
    kinds: BTreeMap<&'static str, Figures>,
    errors: u64,
    failures: Vec<String>,
    /// New keys that were sent.
    keys: u64,
}

impl Report {
    pub fn note(&mut self, kind: &'static str, latency: Duration, outcome: &str, replayed: bool) {
        self.kinds.entry(kind).or_default().note(latency, outcome, replayed);
    }

    pub fn fail(&mut self, why: String) {
        self.errors += 1;
        if self.failures.len() < TOLD {
            self.failures.push(why);
        }
    }

    pub fn count_key(&mut self) {
        self.keys += 1;
    }

    pub fn add(&mut self, other: &Self) {
        for (kind, figures) in &other.kinds {
            self.kinds.entry(kind).or_default().add(figures.clone());
        }
        self.errors += other.errors;
        self.keys += other.keys;
        let room = TOLD - self.failures.len();
        self.failures.extend(other.failures.iter().take(room).cloned());
    }

    pub fn into_json(self, seconds: f64, last: bool) -> String {
        let mut all = Figures::default();
        for figures in self.kinds.values() {
            all.add(figures.clone());
        }
        let kinds: Vec<String> = self
            .kinds
            .into_iter()
            .map(|(kind, figures)| format!("\"{kind}\":{}", figures.into_json(seconds)))
            .collect();
        format!(
            r#"{{"last":{last},"seconds":{seconds:.3},"errors":{},"keys":{},"failures":{:?},"all":{},"kinds":{{{}}}}}"#,
            self.errors,
            self.keys,
            self.failures,
            all.into_json(seconds),
            kinds.join(",")
        )
    }
}
