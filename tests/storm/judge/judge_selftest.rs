//! The judge finds what is wrong: books that agree, and one lie in each row.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Case, places};
use crate::act::{Act, Ending};
use crate::base64;
use crate::body::Variant;
use crate::ledger::{Execution, answer, digest};
use crate::log::{Exchange, Way, Word};
use crate::round::Death;
use crate::wire::Headers;

const RECORD: &str = "0a";

/// Seconds of the round.
fn at(case: &Case, seconds: f64) -> Instant {
    case.began + Duration::from_secs_f64(seconds)
}

/// One key: its request arrives at 10 s, is answered at 11 s, and a retry at 20 s gets the answer.
fn agreeing() -> Case {
    let began = Instant::now();
    let mut case = Case {
        operation: 0,
        began,
        executions: Vec::new(),
        exchanges: Vec::new(),
        deaths: Vec::new(),
        record: None,
    };
    add_execution(&mut case, 7, 10.0, 201);
    let [first, replay] = [Way::First, Way::Replayed].map(|way| Word::Answer(7, way));
    add_exchange(&mut case, 9.9, 11.1, 201, first);
    add_exchange(&mut case, 20.0, 20.1, 201, replay);
    case.record = Some(Ok(record(&case)));
    case
}

fn add_execution(case: &mut Case, number: usize, second: f64, status: u16) {
    let act = Act { delay: Duration::from_secs(1), status, length: 99, ending: Ending::Whole };
    let mut execution = Execution {
        operation: 0,
        identity: Some(0),
        variant: Variant::One,
        act,
        received: at(case, second),
        read: Some(true),
        answer: None,
        answering: Some(at(case, second + 1.0)),
        answered: Some(at(case, second + 1.0)),
    };
    execution.answer = Some(answer(number, &execution));
    case.executions.push((number, execution));
}

fn add_exchange(case: &mut Case, from: f64, to: f64, status: u16, word: Word) {
    let execution = word.execution().and_then(|number| case.execution(number));
    let sent = execution.and_then(|execution| execution.answer.clone());
    let mut headers = sent.as_ref().map_or(Headers::default(), |sent| sent.headers.clone());
    if matches!(word, Word::Answer(_, Way::Replayed | Way::Joined)) {
        headers.push("Idempotency-Replayed", "true");
    }
    case.exchanges.push(Exchange {
        sender: 0,
        operation: 0,
        identity: 0,
        variant: Variant::One,
        began: at(case, from),
        ended: at(case, to),
        status,
        headers,
        body: sent.map_or((0, 0), |sent| (sent.body.len(), digest(&sent.body))),
        word,
        record: Some(RECORD.to_owned()),
    });
}

fn record(case: &Case) -> Value {
    let sent = case.executions[0].1.answer.clone().expect("it was answered");
    json!({
        "record": RECORD, "state": "done", "attempt": 1, "call_open": false, "waiting": 0,
        "seen": {"first": 1},
        "answer": {"status": 201, "body": "kept", "body_bytes": 99, "body_base64": base64::padded(&sent.body)},
    })
}

fn problem(code: &str) -> Word {
    Word::Problem { code: code.to_owned(), retryable: false }
}

/// A later answer to the same client.
fn told(case: &mut Case, status: u16, word: Word) {
    add_exchange(case, 30.0, 30.1, status, word);
}

fn execution(case: &mut Case) -> &mut Execution {
    &mut case.executions[0].1
}

fn member(case: &mut Case, pointer: &str, value: Value) {
    let record = case.record.as_mut().expect("asked for").as_mut().expect("told");
    *record.pointer_mut(pointer).expect("a member of the record") = value;
}

fn dies(case: &mut Case, second: f64) {
    let death = Death { began: at(case, second), ended: at(case, second + 0.1) };
    case.deaths.push(death);
}

#[test]
fn books_that_agree() {
    assert_eq!(agreeing().violations(), Vec::<String>::new());
}

#[track_caller]
fn check(lie: impl Fn(&mut Case), expected: &str) {
    let mut case = agreeing();
    lie(&mut case);
    let found = case.violations();
    assert!(found.iter().any(|what| what.contains(expected)), "{expected:?} is not in {found:?}");
}

#[test]
fn executions() {
    check(|case| add_execution(case, 8, 40.0, 201), "executed twice");
    let released = |case: &mut Case| execution(case).act.status = 503;
    check(
        |case| {
            released(case);
            add_execution(case, 8, 10.5, 201);
        },
        "#8 arrived before #7 was answered",
    );
    check(
        |case| {
            released(case);
            dies(case, 10.5);
            add_execution(case, 8, 40.0, 201);
        },
        "although the runtime died",
    );
    // A refusal binds who got it, and nobody else.
    let refused_then = |identity: usize| {
        let mut case = agreeing();
        execution(&mut case).act.status = 404;
        add_execution(&mut case, 8, 40.0, 201);
        case.executions[1].1.identity = Some(identity);
        super::executions::check(&case)
    };
    assert_eq!(refused_then(1), Vec::<String>::new());
    assert!(refused_then(0)[0].contains("executed twice"));
    check(|case| execution(case).read = Some(false), "not the request that its client sent");
    check(|case| execution(case).identity = None, "without its sender's credential");
}

#[test]
fn answers() {
    check(|case| case.exchanges[1].identity = 1, "a leak");
    check(|case| case.exchanges[1].variant = Variant::Other, "the answer to another body");
    check(|case| case.exchanges[1].status = 200, "status 200 instead of 201");
    check(|case| case.exchanges[1].body.1 ^= 1, "99 bytes, not the 99 sent");
    check(|case| case.exchanges[1].headers.0.retain(|(name, _)| name != "X-Receipt"), "x-receipt");
    check(|case| case.exchanges[1].headers.push("Set-Cookie", "a=1"), "a replay sets the cookie");
    check(|case| case.exchanges[1].word = Word::Answer(8, Way::Replayed), "another key's");
    check(|case| case.exchanges[1].word = Word::Foreign, "an answer of nobody");
    check(|case| case.exchanges[1].word = Word::Answer(7, Way::Released), "Released of an answer");
    check(|case| case.exchanges[1] = case.exchanges[0].clone(), "2 clients were the first of #7");
    check(|case| execution(case).act.ending = Ending::Cut, "of an answer that is Broken");
}

#[test]
fn problems() {
    for (status, code) in [
        (422, "key-reused"),
        (409, "credential-changed"),
        (409, "response-not-kept"),
        (409, "in-progress"),
        (502, "outcome-unknown"),
        (504, "outcome-unknown"),
        (503, "guard-unavailable"),
        (500, "misconfigured"),
    ] {
        check(
            |case| told(case, status, problem(code)),
            &format!("{status} {code} without a cause"),
        );
    }
}

#[test]
fn life() {
    check(
        |case| {
            told(case, 409, problem("in-progress"));
            case.exchanges[2].variant = Variant::Other;
        },
        "another body got",
    );
    check(
        |case| {
            dies(case, 11.0);
            told(case, 502, problem("outcome-unknown"));
        },
        "after #7 was shown",
    );
    check(
        |case| {
            dies(case, 11.0);
            case.exchanges[0].word = problem("outcome-unknown");
            case.exchanges[0].status = 502;
        },
        "heard that nobody knows",
    );
}

#[test]
fn records() {
    check(|case| case.record = Some(Err("404".to_owned())), "its record cannot be read");
    check(|case| member(case, "/record", json!("0b")), "an operator finds 0b");
    check(|case| member(case, "/call_open", json!(true)), "not at rest");
    check(|case| member(case, "/attempt", json!(2)), "not at rest");
    check(|case| member(case, "/state", json!("in-flight")), "in-flight after Final");
    check(|case| member(case, "/state", json!("unknown")), "no cause after Final");
    check(|case| member(case, "/answer/status", json!(200)), "status 200");
    check(|case| member(case, "/answer/body_base64", json!("AAAA")), "not the 99 bytes");
    check(|case| execution(case).act.ending = Ending::NoAnswer, "done after Broken");
    check(|case| execution(case).act.status = 503, "done without an execution");
}

#[test]
fn places() {
    let check = |cases: &[Case]| -> Vec<String> {
        places::check(cases, &[]).into_iter().map(|(_, what)| what).collect()
    };
    // Three keys of one shard, which has two places.
    let meeting = |third: f64| {
        [10.0, 10.2, third].map(|second| {
            let mut case = agreeing();
            case.executions.clear();
            add_execution(&mut case, 7, second, 201);
            case
        })
    };
    assert_eq!(check(&meeting(11.1)), Vec::<String>::new());
    assert_eq!(check(&meeting(10.4)), ["shard 0 had 3 calls open at once"]);

    let mut waiting = meeting(20.0);
    add_exchange(&mut waiting[0], 19.8, 30.0, 503, problem("origin-busy"));
    assert_eq!(check(&waiting), ["origin-busy while a place was free"]);
    let until = at(&waiting[2], 30.0);
    execution(&mut waiting[2]).answering = Some(until);
    assert_eq!(check(&waiting), Vec::<String>::new());
}
