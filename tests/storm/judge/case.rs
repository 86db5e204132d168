//! One key's books, and what is read from them more than once.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{answers, executions, key_lifecycle, problems, records};
use crate::act::Fate;
use crate::ledger::Execution;
use crate::log::Exchange;
use crate::round::Death;

/// How long after the origin's last byte the guard may still be about to write it down. The machine may
/// be busy with other work.
pub const GRACE: Duration = Duration::from_secs(5);
/// How long a request may be on its way from its claim to the origin's thread.
pub const TRANSIT: Duration = Duration::from_secs(1);

pub struct Case {
    pub operation: usize,
    pub began: Instant,
    /// With their numbers, in the order of arrival.
    pub executions: Vec<(usize, Execution)>,
    /// In the order in which they ended.
    pub exchanges: Vec<Exchange>,
    pub deaths: Vec<Death>,
    /// What an operator is told of it; nothing where it was never in use.
    pub record: Option<Result<Value, String>>,
}

/// A complaint about one exchange, where there is one.
pub type Complaint = Option<String>;

impl Case {
    pub fn violations(&self) -> Vec<String> {
        let mut found = executions::check(self);
        for exchange in &self.exchanges {
            let complaints = [
                answers::check(self, exchange),
                problems::check(self, exchange),
                key_lifecycle::check(self, exchange),
            ];
            let about = |what| format!("{what} (client {})", exchange.sender);
            found.extend(complaints.into_iter().flatten().map(about));
        }
        found.extend(answers::check_firsts(self));
        found.extend(records::check(self));
        found
    }

    pub fn execution(&self, number: usize) -> Option<&Execution> {
        self.executions.iter().find(|(found, _)| *found == number).map(|(_, execution)| execution)
    }

    /// The arrival that took the key for good. Nothing where every answer freed it, or where the claim
    /// never arrived.
    pub fn last(&self) -> Option<&Execution> {
        self.last_numbered().map(|(_, execution)| execution)
    }

    pub fn last_numbered(&self) -> Option<(usize, &Execution)> {
        let (number, last) = self.executions.last()?;
        (last.fate() != Fate::Released).then_some((*number, last))
    }

    /// When another credential's request took the key from one that was refused.
    pub fn key_taken_until(&self, number: usize) -> Option<Instant> {
        let at = self.executions.iter().position(|(found, _)| *found == number)?;
        let (_, next) =
            self.executions.get(at + 1).filter(|_| self.executions[at].1.is_refusal())?;
        Some(next.received)
    }

    /// Whether the runtime died, before this moment, while it had to do with this arrival.
    pub fn died_over(&self, execution: &Execution, before: Instant) -> bool {
        let until = execution.answered.map(|answered| answered + GRACE);
        self.deaths.iter().any(|death| {
            death.ended + TRANSIT >= execution.received
                && until.is_none_or(|until| death.began <= until)
                && death.began <= before
        })
    }

    /// Whether a claim may have been lost on its way to the origin: the runtime died after the key was
    /// last free, if only for another credential than the one that was refused, and before this moment.
    pub fn claim_lost_before(&self, before: Instant) -> bool {
        let since = self.executions.last().map_or(self.began, |(_, last)| last.received);
        let may_have = |death: &Death| death.ended + TRANSIT >= since && death.began <= before;
        let is_free = self.last().is_none_or(Execution::is_refusal);
        is_free && self.deaths.iter().any(may_have)
    }

    pub fn records(&self) -> BTreeSet<&str> {
        self.exchanges.iter().filter_map(|exchange| exchange.record.as_deref()).collect()
    }

    /// What happened to the key, in order, in seconds since the round began.
    pub fn story(&self) -> String {
        let at = |moment: Instant| moment.saturating_duration_since(self.began).as_secs_f64();
        let mut lines = Vec::new();
        for death in &self.deaths {
            lines.push((at(death.began), "        the runtime is killed".to_owned()));
        }
        for (number, execution) in &self.executions {
            let Execution { identity, variant, act, read, answered, .. } = execution;
            let answered = answered.map(at);
            lines.push((
                at(execution.received),
                format!("        origin: #{number} {identity:?} {variant:?} {act:?} read {read:?} answered {answered:?}"),
            ));
        }
        for exchange in &self.exchanges {
            let Exchange { sender, identity, variant, status, body, word, .. } = exchange;
            lines.push((
                at(exchange.began),
                format!(
                    "-{:.3} client {sender} as {identity} {variant:?}: {status} {word:?} {} bytes",
                    at(exchange.ended),
                    body.0
                ),
            ));
        }
        lines.sort_by(|one, other| one.0.total_cmp(&other.0));
        lines.iter().fold(String::new(), |mut story, (at, line)| {
            let _ = writeln!(story, "  {at:8.3}{line}");
            story
        })
    }
}
