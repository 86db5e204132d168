//! What becomes of a queue's message.

use crate::fixtures::CLAIMED_AT;
use onlyonce::guard::delivery::{
    Attempt, AttemptResult, DeadLetter, DeadLetterReason, Disposition, MAX_DELIVERY_AGE,
    RETRY_WINDOW, delay, disposition,
};
use onlyonce::guard::log::RequestOutcome;
use onlyonce::guard::message::{Malformed, Message};
use onlyonce::guard::problem::{Code, DESCRIPTIONS};
use onlyonce::guard::time::Millis;
use serde_json::{Value, json};

const FIRST: Attempt = Attempt { number: 1, sent_at: CLAIMED_AT, now: CLAIMED_AT };

/// In one word: `ack`, `retry`, or the code of the dead letter.
fn word(outcome: &RequestOutcome, status: u16, resends: bool) -> String {
    match disposition(&AttemptResult { outcome, status, retry_after: None, resends }, &FIRST) {
        Disposition::Acknowledge => "ack".into(),
        Disposition::Retry(_) => "retry".into(),
        Disposition::DeadLetter(reason) => reason.code().into(),
    }
}

#[track_caller]
fn check(outcome: &'static str, status: u16, expected: &str) {
    assert_eq!(word(&RequestOutcome::of(outcome), status, false), expected, "{outcome} {status}");
}

#[test]
fn an_answer_decides_by_its_status() {
    for outcome in ["first", "joined", "replayed", "not-kept", "bypass", "observed", "fail-open"] {
        for status in [200, 201, 204, 299, 301, 303, 304, 399] {
            check(outcome, status, "ack");
        }
        for status in [400, 404, 409, 422, 429, 499] {
            check(outcome, status, "final-answer");
        }
        for status in [500, 502, 503, 504, 599] {
            check(outcome, status, "outcome-unknown");
        }
    }
}

/// Whatever its status: the policy says which answers mean "not processed".
#[test]
fn what_was_not_processed_is_tried_again() {
    for status in [200, 302, 401, 403, 429, 503, 521] {
        check("released", status, "retry");
    }
}

#[test]
fn every_refusal() {
    for about in &DESCRIPTIONS {
        let outcome = RequestOutcome { code: Some(about.name), ..RequestOutcome::of("refused") };
        let expected = if about.retryable { "retry" } else { about.name };
        assert_eq!(word(&outcome, about.status, false), expected);
    }
}

/// An observed duplicate was sent on: the code is what it was spared.
#[test]
fn what_was_spared_decides_nothing() {
    let spared = RequestOutcome { code: Some("key-reused"), ..RequestOutcome::of("observed") };
    assert_eq!(word(&spared, 201, false), "ack");
}

#[test]
fn an_unknown_outcome_is_resent_where_the_policy_says_so() {
    let refused = RequestOutcome { code: Some("outcome-unknown"), ..RequestOutcome::of("refused") };
    assert_eq!(word(&refused, 504, true), "retry");
    assert_eq!(word(&RequestOutcome::of("replayed"), 500, true), "retry");
    assert_eq!(word(&RequestOutcome::of("replayed"), 404, true), "final-answer");
    let reused = RequestOutcome { code: Some("key-reused"), ..RequestOutcome::of("refused") };
    assert_eq!(word(&reused, 422, true), "key-reused");
}

#[test]
fn delays_double_up_to_half_an_hour() {
    let seconds: Vec<_> = (0..=12).map(|number| delay(number).whole_seconds()).collect();
    assert_eq!(seconds, [10, 10, 20, 40, 80, 160, 320, 640, 1280, 1800, 1800, 1800, 1800]);
    for number in [60, 63, 64, 65, 66, 100, u32::MAX] {
        assert_eq!(delay(number).whole_seconds(), 1800, "{number}");
    }
}

fn again(number: u32, retry_after: Option<u64>) -> u64 {
    let retry_after = retry_after.map(Millis::seconds);
    let outcome = &RequestOutcome::of("released");
    let result = AttemptResult { outcome, status: 503, retry_after, resends: false };
    match disposition(&result, &Attempt { number, ..FIRST }) {
        Disposition::Retry(after) => after.whole_seconds(),
        settled => panic!("{settled:?}"),
    }
}

#[test]
fn an_origin_may_ask_for_more_time_and_never_for_less() {
    assert_eq!(again(1, None), 10);
    assert_eq!(again(1, Some(0)), 10);
    assert_eq!(again(1, Some(11)), 11);
    assert_eq!(again(4, Some(11)), 80);
    assert_eq!(again(1, Some(12 * 3600 + 1)), 12 * 3600);
    assert_eq!(again(1, Some(u64::MAX)), 12 * 3600);
}

/// Past the 24 hours for which the free plan keeps a message, it would be deleted without a word.
#[test]
fn no_retry_comes_too_late() {
    let outcome = &RequestOutcome::of("released");
    let result = AttemptResult { outcome, status: 503, retry_after: None, resends: false };
    let after = |age: u64, number| {
        let now = CLAIMED_AT.plus(Millis::seconds(age));
        disposition(&result, &Attempt { number, now, ..FIRST })
    };
    let last = MAX_DELIVERY_AGE.whole_seconds() - 1800;
    assert_eq!(after(last, 20), Disposition::Retry(Millis::seconds(1800)));
    let gave_up = Disposition::DeadLetter(DeadLetterReason::GaveUp);
    assert_eq!(after(last + 1, 20), gave_up);
    // Fresh from a long backlog it gets its one try, and then a place where it can be found.
    assert_eq!(after(13 * 24 * 3600, 1), gave_up);
}

/// The platform allows 100 retries; the clock must have run out before.
#[test]
fn the_clock_runs_out_before_the_platforms_retries() {
    let total: u64 = (1..=60).map(|number| delay(number).0).sum();
    assert!(total > MAX_DELIVERY_AGE.0, "{total}");
    // And a dead letter that a queue kept for 14 days finds its record.
    assert!(RETRY_WINDOW > Millis::hours(14 * 24 + MAX_DELIVERY_AGE.0 / 3_600_000));
}

fn letter(reason: DeadLetterReason, status: Option<u16>) -> DeadLetter<'static> {
    DeadLetter { reason, status, queue: "the \"orders\"", message_id: "m1", attempts: 3 }
}

/// Those of problems are on the problems page, those of malformed messages with the messages.
#[test]
fn every_reasons_code_and_sentence() {
    let rows = [
        (
            DeadLetterReason::FinalAnswer,
            "final-answer",
            "The origin refused it, and a retry with the same key gets the same answer. Once the reason is mended, send it under a new key.",
        ),
        (
            DeadLetterReason::GaveUp,
            "gave-up",
            "It was tried for 20 hours without a final answer. Send it again once the origin gives one.",
        ),
        (
            DeadLetterReason::Refused(Code::KeyReused),
            "key-reused",
            Code::KeyReused.describe().meaning,
        ),
        (
            DeadLetterReason::Malformed(Malformed::BodyOfAGet),
            "malformed",
            "a GET or HEAD carries no body; leave it out, or write another method",
        ),
    ];
    for (reason, code, detail) in rows {
        assert_eq!((reason.code(), &*reason.detail()), (code, detail));
    }
}

#[track_caller]
fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn a_letter_is_the_message_with_a_stamp() {
    let text = "{\"path\":\"/a\",\"method\":\"POST\",\"body\":{\"n\":1.0} }\n";
    let stamped = letter(DeadLetterReason::FinalAnswer, Some(404)).of_message(
        text,
        r#""a key""#,
        "queue/orders",
    );
    let expected = concat!(
        r#"{"path":"/a","method":"POST","body":{"n":1.0} ,"key":"\"a key\"","realm":"queue/orders","#,
        r#""dead_letter":{"reason":"final-answer","status":404,"#,
        r#""detail":"The origin refused it, and a retry with the same key gets the same answer. "#,
        r#"Once the reason is mended, send it under a new key.","#,
        r#""queue":"the \"orders\"","message_id":"m1","attempts":3}}"#,
    );
    assert_eq!(stamped, expected);
    parsed(&stamped);
}

/// However often it goes round, by whatever queue, it asks for the same request under the same key.
#[test]
fn a_letter_asks_for_the_same() {
    let text =
        r#"{"method":"POST","path":"/a","headers":{"X":"1"},"body":{"n":1.0},"key":"own key"}"#;
    let first = Message::read(text, "m1").expect("a message");
    let mut text = text.to_owned();
    for round in 0..3 {
        text =
            letter(DeadLetterReason::GaveUp, None).of_message(&text, &first.key, "api.example.com");
        let again = Message::read(&text, &format!("round {round}")).expect("a message");
        let realm = Some("api.example.com".to_owned());
        assert_eq!(again, Message { realm, ..first.clone() });
    }
    assert_eq!(parsed(&text)["dead_letter"]["attempts"], 3);
}

#[test]
fn a_malformed_messages_letter_is_only_the_stamp() {
    let stamp = json!({
        "reason": "malformed",
        "detail": "headers is not an object of texts; write each header as \"name\":\"value\"",
        "queue": "the \"orders\"",
        "message_id": "m1",
        "attempts": 3,
    });
    let reason = DeadLetterReason::Malformed(Malformed::Headers);
    assert_eq!(parsed(&letter(reason, None).of_malformed()), json!({"dead_letter": stamp}));
}
