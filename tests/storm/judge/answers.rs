//! Answers of the origin: each is the very answer of one execution, and shown to who may see it.

use super::case::{Case, Complaint};
use crate::act::Fate;
use crate::ledger::{Execution, digest};
use crate::log::{Exchange, Way, Word};

/// What the origin sends beside the body, to be shown to everybody.
const HEADERS: [&str; 3] = ["content-type", "x-receipt", "location"];

pub fn check(case: &Case, exchange: &Exchange) -> Complaint {
    match &exchange.word {
        Word::Foreign => Some(format!(
            "an answer of nobody: {} {:?}",
            exchange.status,
            exchange.headers.get("cache-status")
        )),
        Word::Problem { .. } => None,
        Word::Answer(number, way) => match case.execution(*number) {
            None => Some(format!("was shown #{number}, which is another key's")),
            Some(execution) => shown(exchange, execution, *way),
        },
    }
}

fn shown(exchange: &Exchange, execution: &Execution, way: Way) -> Complaint {
    if execution.identity != Some(exchange.identity) {
        return Some(format!(
            "a leak: {} got {:?}'s answer",
            exchange.identity, execution.identity
        ));
    }
    if execution.variant != exchange.variant {
        return Some("was shown the answer to another body".to_owned());
    }
    if !fits(execution, exchange, way) {
        return Some(format!("{way:?} of an answer that is {:?}", execution.fate()));
    }
    differs(exchange, execution)
}

fn fits(execution: &Execution, exchange: &Exchange, way: Way) -> bool {
    match execution.fate() {
        Fate::Broken => false,
        Fate::Released => matches!(way, Way::Released | Way::Joined),
        Fate::TooLarge => way == Way::NotKept,
        Fate::Final | Fate::ServerError => {
            matches!(way, Way::First | Way::Replayed | Way::Joined)
                && is_marked(exchange) == (way != Way::First)
        }
    }
}

fn is_marked(exchange: &Exchange) -> bool {
    exchange.headers.get("idempotency-replayed") == Some("true")
}

fn differs(exchange: &Exchange, execution: &Execution) -> Complaint {
    let sent = execution.answer.as_ref()?;
    if exchange.status != execution.act.status {
        return Some(format!("status {} instead of {}", exchange.status, execution.act.status));
    }
    if exchange.body != (sent.body.len(), digest(&sent.body)) {
        return Some(format!("{} bytes, not the {} sent", exchange.body.0, sent.body.len()));
    }
    let header = |name: &&&str| exchange.headers.get(name) != sent.headers.get(name);
    if let Some(name) = HEADERS.iter().find(header) {
        return Some(format!("{name} is {:?}", exchange.headers.get(name)));
    }
    let is_replay = matches!(exchange.word, Word::Answer(_, Way::Replayed));
    let cookie = exchange.headers.get("set-cookie").filter(|_| is_replay);
    cookie.map(|cookie| format!("a replay sets the cookie {cookie}"))
}

/// One client at most is told that its request is the one that was carried out.
pub fn check_firsts(case: &Case) -> Vec<String> {
    let mut found = Vec::new();
    for (number, _) in &case.executions {
        let is_first = |word: &Word| {
            [Way::First, Way::NotKept].map(|way| Word::Answer(*number, way)).contains(word)
        };
        let firsts = case.exchanges.iter().filter(|exchange| is_first(&exchange.word)).count();
        if firsts > 1 {
            found.push(format!("{firsts} clients were the first of #{number}"));
        }
    }
    found
}
