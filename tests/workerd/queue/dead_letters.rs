//! What becomes a dead letter, what the letter says, and what happens when it is sent again.

use serde_json::{Value, json};

use crate::queue_producer::{Parcel, QueueProducer, Settled};
use crate::script::{Ending, Reply};

/// Sends a letter to the queue again, as a person would, and returns what comes of it.
#[track_caller]
fn redriven(queue_producer: &QueueProducer, letter: &Value, name: &str) -> Value {
    let parcel = queue_producer.parcel(name, letter.clone());
    queue_producer.dead_letter(&parcel)
}

#[track_caller]
fn check_letter(letter: &Value, parcel: &Parcel, reason: &str, status: u16) {
    let said = &letter["dead_letter"];
    assert_eq!((&said["reason"], &said["status"]), (&json!(reason), &json!(status)), "{letter}");
    assert_eq!((&said["queue"], &said["attempts"]), (&json!("orders"), &json!(1)), "{letter}");
    assert_eq!(said["message_id"], parcel.id(), "{letter}");
    assert!(said["detail"].as_str().is_some_and(|detail| detail.ends_with('.')), "{letter}");
}

/// The origin is asked once, whatever is done with the letter.
#[track_caller]
fn check_same_operation(reply: Reply, reason: &str, status: u16) {
    let queue_producer = QueueProducer::shared();
    queue_producer.0.origin_in_turn([reply]);
    let parcel = queue_producer.order("a");
    let letter = queue_producer.dead_letter(&parcel);
    check_letter(&letter, &parcel, reason, status);
    assert_eq!(letter["key"], parcel.id(), "the message's id was its key");
    assert_eq!(letter["realm"], "queue/orders");
    assert_eq!(letter["body"], json!({"item": "tea", "quantity": 2}));
    let again = redriven(&queue_producer, &letter, "again");
    assert_eq!((&again["key"], &again["realm"]), (&letter["key"], &letter["realm"]));
    assert_eq!(again["dead_letter"]["reason"], reason);
    // Delivered by the first queue once more, it is still the same.
    queue_producer.check(&parcel, Settled::Acked);
    queue_producer.0.check_calls(1);
}

#[test]
fn a_final_refusal_is_the_same_operation_when_it_is_sent_again() {
    check_same_operation(Reply::json(404, r#"{"error":"no shop"}"#), "final-answer", 404);
}

#[test]
fn an_unknown_outcome_is_the_same_operation_when_it_is_sent_again() {
    check_same_operation(Reply::no_answer(), "outcome-unknown", 502);
    check_same_operation(Reply::json(500, "{}"), "outcome-unknown", 500);
    check_same_operation(Reply::new(999), "outcome-unknown", 502);
}

/// Nobody reads along with a message: its stream counts as a whole or not at all.
#[test]
fn a_stream_that_breaks_off_does_not_acknowledge_its_message() {
    let events = Reply::new(200).header("Content-Type", "text/event-stream").body("data: 1\n\n");
    check_same_operation(
        events.clone().ending(Ending::ChunkedWithoutEnd(4)),
        "outcome-unknown",
        502,
    );
    let queue_producer = QueueProducer::shared();
    queue_producer.0.origin_in_turn([events]);
    let parcel = queue_producer.order("whole");
    queue_producer.check(&parcel, Settled::Acked);
    queue_producer.check(&parcel, Settled::Acked);
    queue_producer.0.check_calls(1);
}

/// The key that the message came with is not replaced, and a text stays one.
#[test]
fn a_letter_keeps_the_messages_own_key_and_form() {
    let queue_producer = QueueProducer::shared();
    queue_producer.0.origin_always(Reply::new(404));
    let own =
        queue_producer.order("own").key("a key, of my own").with("realm", "Shop.Example:8080");
    let letter = queue_producer.dead_letter(&own);
    assert_eq!(letter["key"], r#""a key, of my own""#);
    assert_eq!(letter["realm"], "shop.example");
    let text = format!(
        r#"{{"method":"POST","path":"{}","body":{{"cents":12345678901234567890}}}}"#,
        queue_producer.0.path("/orders")
    );
    let letter = queue_producer.dead_letter(&queue_producer.parcel("text", text.into()));
    assert_eq!(letter["body"]["cents"].to_string(), "12345678901234567890");
    redriven(&queue_producer, &json!(letter.to_string()), "again");
    queue_producer.0.check_calls(2);
}

#[test]
fn a_key_of_another_request_is_told() {
    let queue_producer = QueueProducer::shared();
    queue_producer.0.origin_always(Reply::new(201));
    let key = queue_producer.0.key();
    queue_producer.check(&queue_producer.order("a").key(&key), Settled::Acked);
    let other = queue_producer.order("b").key(&key).with("body", json!({"item": "coffee"}));
    check_letter(&queue_producer.dead_letter(&other), &other, "key-reused", 422);
    queue_producer.0.check_calls(1);
}

#[test]
fn a_body_over_the_policys_limit_is_told() {
    let queue_producer = QueueProducer::under(&json!({"max_request_body": "1KiB"}));
    let parcel = queue_producer.order("a").with("body", "x".repeat(1025));
    check_letter(&queue_producer.dead_letter(&parcel), &parcel, "body-too-large", 413);
    queue_producer.0.check_calls(0);
}

/// An answer that is not kept was final all the same; a redelivery cannot know how it ended.
#[test]
fn an_answer_that_was_not_kept() {
    let queue_producer = QueueProducer::under(&json!({"max_stored_response": "1KiB"}));
    queue_producer.0.origin_always(Reply::new(201).body(vec![b'x'; 4096]));
    let parcel = queue_producer.order("a");
    queue_producer.check(&parcel, Settled::Acked);
    check_letter(&queue_producer.dead_letter(&parcel), &parcel, "response-not-kept", 409);
    queue_producer.0.check_calls(1);
}

/// Each is malformed in another way; `{}` stands for the lane.
fn malformed(queue_producer: &QueueProducer) -> Vec<Parcel> {
    let parcel = |number: usize, body: Value| queue_producer.parcel(&format!("bad{number}"), body);
    let order = |number: usize| queue_producer.order(&format!("worse{number}"));
    let own = order(4).with("path", queue_producer.0.path("/../.onlyonce/health"));
    vec![
        parcel(0, json!("{\"method\":\"POST\"")),
        parcel(1, json!(["POST", "/orders"])),
        parcel(2, json!(null)),
        parcel(3, json!({"method": "POST", "key": "a-planted-key"})),
        parcel(4, json!(null)).bytes("ff00"),
        order(0).with("method", "CONNECT"),
        order(1).with("method", "BREW"),
        order(2).with("headers", json!({"X-Broken": "a\nb"})),
        order(3).key(&"k".repeat(256)),
        own,
    ]
}

#[test]
fn a_malformed_message_is_a_letter_with_one_line_of_log_and_holds_nobody_up() {
    let queue_producer = QueueProducer::own();
    queue_producer.0.origin_always(Reply::new(201));
    let mut batch = malformed(&queue_producer);
    batch.insert(3, queue_producer.order("good"));
    batch.push(queue_producer.order("another"));
    assert_eq!(queue_producer.deliver(&batch), vec![Settled::Acked; batch.len()]);
    queue_producer.0.check_calls(2);
    for parcel in malformed(&queue_producer) {
        let letter = queue_producer.letter_after(parcel.id(), 0);
        assert_eq!(letter["dead_letter"]["reason"], "malformed", "{letter}");
        assert!(letter.get("malformed").is_some(), "the message is in it: {letter}");
    }
    assert_eq!(queue_producer.letter_after(batch[0].id(), 0)["malformed"], "{\"method\":\"POST\"");
    let bytes = malformed(&queue_producer).remove(4);
    assert_eq!(queue_producer.letter_after(bytes.id(), 0)["malformed"], json!([255, 0]));
    let lines = queue_producer.log_lines(batch.len());
    let dead: Vec<_> = lines.iter().filter(|line| line["outcome"] == "dead-letter").collect();
    assert_eq!(dead.len(), malformed(&queue_producer).len(), "{lines:?}");
    assert!(dead.iter().all(|line| line["code"] == "malformed" && line["detail"].is_string()));
    assert!(!queue_producer.0.runtime().log().contains("a-planted-key"));
}

/// One line, with the reason in the place of a code.
#[test]
fn a_letters_line_of_log_says_why() {
    let queue_producer = QueueProducer::own();
    queue_producer.0.origin_in_turn([Reply::new(404), Reply::new(201)]);
    queue_producer.check(&queue_producer.order("a").key("a-planted-key"), Settled::Acked);
    queue_producer.check(&queue_producer.order("b"), Settled::Acked);
    let lines = queue_producer.log_lines(2);
    let short = |line: &Value| {
        ["queue", "outcome", "code", "status"].map(|member| line[member].to_string()).join(" ")
    };
    let found: Vec<_> = lines.iter().map(short).collect();
    let expected = [r#""orders" "dead-letter" "final-answer" 404"#, r#""orders" "first" null 201"#];
    assert_eq!(found, expected);
    assert!(!queue_producer.0.runtime().log().contains("a-planted-key"));
}
