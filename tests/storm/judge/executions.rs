//! The origin's book alone: at most one execution of a key that was not released, or refused to another
//! credential.

use super::case::Case;
use crate::act::Fate;
use crate::ledger::Execution;

pub fn check(case: &Case) -> Vec<String> {
    let mut found = Vec::new();
    for pair in case.executions.windows(2) {
        let ((first, earlier), (second, later)) = (&pair[0], &pair[1]);
        let is_superseded = earlier.is_refusal() && earlier.identity != later.identity;
        if earlier.fate() != Fate::Released && !is_superseded {
            found.push(format!(
                "executed twice: #{second} after #{first}, which did not free the key"
            ));
        } else if died_in_between(case, earlier) {
            found.push(format!(
                "#{second} came although the runtime died before #{first} was answered"
            ));
        } else if earlier.answering.is_none_or(|answering| later.received < answering) {
            found.push(format!("#{second} arrived before #{first} was answered"));
        }
    }
    for (number, execution) in &case.executions {
        if execution.read == Some(false) {
            found.push(format!("#{number} is not the request that its client sent"));
        }
        if execution.identity.is_none() {
            found.push(format!("#{number} arrived without its sender's credential"));
        }
    }
    found
}

/// The runtime that sent it cannot have heard the answer.
fn died_in_between(case: &Case, execution: &Execution) -> bool {
    let within = |at| at >= execution.received && execution.answering.is_some_and(|end| at <= end);
    case.deaths.iter().any(|death| within(death.ended))
}
