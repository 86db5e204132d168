//! The life of a key has an order: what was once said of it stays true.

use super::case::{Case, Complaint};
use crate::log::{Exchange, Way, Word};

pub fn check(case: &Case, exchange: &Exchange) -> Complaint {
    after_the_claim(case, exchange)
        .or_else(|| after_the_answer(case, exchange))
        .or_else(|| after_the_doubt(case, exchange))
}

/// From the arrival that took the key on, another body under its credential gets 422 and nothing else.
fn after_the_claim(case: &Case, exchange: &Exchange) -> Complaint {
    let last = case.last()?;
    let is_owner = last.identity == Some(exchange.identity);
    let is_other = is_owner && exchange.variant != last.variant && exchange.began >= last.received;
    if last.is_refusal() && case.claim_lost_before(exchange.ended) {
        return None;
    }
    let refused =
        ["key-reused", "guard-unavailable"].iter().any(|code| exchange.word.is_problem(code));
    (is_other && !refused).then(|| format!("another body got {:?}", exchange.word))
}

/// Once anybody has seen the final answer, everybody with the same request sees it or is refused it.
fn after_the_answer(case: &Case, exchange: &Exchange) -> Complaint {
    let (number, last) = case.last_numbered()?;
    let seen = |earlier: &&Exchange| {
        earlier.word.execution() == Some(number) && earlier.ended <= exchange.began
    };
    case.exchanges.iter().find(seen)?;
    // Another credential's claim, which never arrived, may have taken the key from a refusal.
    if last.is_refusal() && case.claim_lost_before(exchange.ended) {
        return None;
    }
    let fine = match &exchange.word {
        Word::Answer(shown, way) => *shown == number && *way != Way::First,
        Word::Problem { code, .. } => match code.as_str() {
            "key-reused" => exchange.variant != last.variant,
            "credential-changed" | "outcome-unknown" => exchange.identity != last.identity?,
            "response-not-kept" | "guard-unavailable" => true,
            // It would have been sent, and had no place or no body any more.
            "in-progress" | "origin-busy" => {
                last.is_refusal() && exchange.identity != last.identity?
            }
            _ => false,
        },
        Word::Foreign => false,
    };
    (!fine).then(|| format!("{:?} after #{number} was shown", exchange.word))
}

/// Once the outcome was lost, nothing is carried out and nothing is shown any more. A deadline that has
/// passed (504) is another matter: the late answer still comes.
fn after_the_doubt(case: &Case, exchange: &Exchange) -> Complaint {
    let number = exchange.word.execution()?;
    let execution = case.execution(number)?;
    let lost = |earlier: &&Exchange| {
        earlier.word.is_problem("outcome-unknown")
            && earlier.status == 502
            && earlier.ended <= exchange.began
            && execution.identity == Some(earlier.identity)
    };
    let doubt = case.exchanges.iter().find(lost)?;
    Some(format!("shown #{number} after client {} heard that nobody knows", doubt.sender))
}
