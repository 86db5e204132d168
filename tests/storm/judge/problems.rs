//! The guard's own answers: each must have its cause in the origin's book or in a death of the runtime.

use super::case::{Case, Complaint, GRACE, TRANSIT};
use crate::act::{DEADLINE, Fate};
use crate::ledger::Execution;
use crate::log::{Exchange, Word};

pub fn check(case: &Case, exchange: &Exchange) -> Complaint {
    let Word::Problem { code, .. } = &exchange.word else { return None };
    let has_cause = match (code.as_str(), exchange.status) {
        ("key-reused", 422) => another_body_was_claimed(case, exchange),
        ("credential-changed", 409) => another_credential_has_it(case, exchange),
        ("response-not-kept", 409) => is_last(case, exchange, Fate::TooLarge),
        ("in-progress", 409) => is_in_progress(case, exchange),
        ("outcome-unknown", 502) => nobody_knows(case, exchange),
        ("outcome-unknown", 504) => took_too_long(case, exchange),
        // Other keys have its cause: see `places`.
        ("origin-busy", 503) => true,
        // What has nothing to do with the key needs a runtime that is not well.
        ("guard-unavailable", 503) => is_near_a_death(case, exchange),
        _ => false,
    };
    (!has_cause).then(|| format!("{} {code} without a cause", exchange.status))
}

/// Some other body had the key at some time between the request and its answer.
fn another_body_was_claimed(case: &Case, exchange: &Exchange) -> bool {
    let had_it = |(number, execution): &(usize, Execution)| {
        let for_good = case.last_numbered().is_some_and(|(last, _)| last == *number);
        let until = case.key_taken_until(*number).or(execution.answered).map(|end| end + GRACE);
        execution.variant != exchange.variant
            && execution.received <= exchange.ended + TRANSIT
            && (for_good || until.is_none_or(|until| until >= exchange.began))
    };
    // The other body's claim may still be on its way to the origin when the runtime dies.
    case.executions.iter().any(had_it) || case.claim_lost_before(exchange.ended + TRANSIT)
}

fn another_credential_has_it(case: &Case, exchange: &Exchange) -> bool {
    let kept = |last: &&Execution| {
        matches!(last.fate(), Fate::Final | Fate::TooLarge) && !last.is_refusal()
    };
    case.last().filter(kept).is_some_and(|last| {
        last.identity != Some(exchange.identity)
            && last.answering.is_some_and(|answering| answering <= exchange.ended)
    })
}

fn is_last(case: &Case, exchange: &Exchange, fate: Fate) -> bool {
    case.last().is_some_and(|last| {
        last.fate() == fate && last.answering.is_some_and(|answering| answering <= exchange.ended)
    })
}

/// A call was open at some time between the request and its answer, or about to be.
fn is_in_progress(case: &Case, exchange: &Exchange) -> bool {
    let open = |(_, execution): &(usize, Execution)| {
        let until = execution.answered.or(execution.answering).unwrap_or(execution.received);
        execution.received <= exchange.ended + TRANSIT && until + GRACE >= exchange.began
    };
    case.executions.iter().any(open) || case.claim_lost_before(exchange.ended)
}

fn nobody_knows(case: &Case, exchange: &Exchange) -> bool {
    let lost = case.claim_lost_before(exchange.ended);
    let Some(last) = case.last().filter(|last| !(last.is_refusal() && lost)) else { return lost };
    let withheld = last.fate() == Fate::ServerError && last.identity != Some(exchange.identity);
    last.received <= exchange.ended + TRANSIT
        && (last.fate() == Fate::Broken || withheld || case.died_over(last, exchange.ended))
}

/// The deadline of some call had passed, and the guard may not have had its answer by then: the origin was
/// slow, or the machine was busy with other work, or the runtime died over it. It need not be the last one:
/// a late answer may free the key, or refuse what another credential may still do.
fn took_too_long(case: &Case, exchange: &Exchange) -> bool {
    let was_late = |(_, call): &(usize, Execution)| {
        let until = call.answered.map(|answered| answered + GRACE);
        call.received + DEADLINE <= exchange.ended + TRANSIT
            && (until.is_none_or(|until| exchange.began <= until)
                || case.died_over(call, exchange.ended))
    };
    case.executions.iter().any(was_late)
}

fn is_near_a_death(case: &Case, exchange: &Exchange) -> bool {
    case.deaths
        .iter()
        .any(|death| death.began <= exchange.ended + GRACE && exchange.began <= death.ended + GRACE)
}
