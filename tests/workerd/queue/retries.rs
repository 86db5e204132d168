//! What is delivered again, and when.

use std::time::Duration;

use serde_json::json;

use crate::guard::{Guard, at_origin, poll_for, poll_until};
use crate::queue_producer::{Parcel, QueueProducer, Settled};
use crate::script::{Gate, Reply};

fn busy(seconds: u32) -> Reply {
    Reply::new(503).header("Retry-After", &seconds.to_string())
}

#[test]
fn a_busy_origin_gets_it_again_when_it_said() {
    let queue_producer = QueueProducer::shared();
    queue_producer.0.origin_in_turn([busy(77), busy(1), Reply::new(429), Reply::new(201)]);
    let parcel = queue_producer.order("a");
    queue_producer.check(&parcel, Settled::Again(77));
    // Never sooner than the guard's own delay, which doubles.
    queue_producer.check(&parcel.clone().attempt(2), Settled::Again(20));
    queue_producer.check(&parcel.clone().attempt(3), Settled::Again(40));
    queue_producer.check(&parcel.attempt(4), Settled::Acked);
    queue_producer.0.check_calls(4);
}

#[test]
fn retry_after_may_be_a_date_and_has_a_bound() {
    let queue_producer = QueueProducer::shared();
    queue_producer.0.origin_in_turn([
        Reply::new(503).header("Retry-After", "Fri, 31 Dec 2100 23:59:59 GMT"),
        Reply::new(503).header("Retry-After", "soon"),
    ]);
    let parcel = queue_producer.order("a");
    queue_producer.check(&parcel, Settled::Again(12 * 60 * 60));
    queue_producer.check(&parcel, Settled::Again(10));
}

/// By the real broker, which waits as long as it was told.
#[test]
fn a_busy_origin_carries_it_out_later() {
    let queue_producer = QueueProducer::shared();
    queue_producer.0.origin_in_turn([busy(1), Reply::new(201)]);
    queue_producer.send(&queue_producer.order_message());
    poll_until("the message lands", || queue_producer.0.seen().len() == 2);
}

#[test]
fn one_in_flight_is_delivered_again() {
    let queue_producer = QueueProducer::under(&json!({"in_flight": "reject"}));
    let gate = Gate::new();
    queue_producer.0.origin_in_turn([Reply::new(201).held_by(&gate)]);
    let parcel = queue_producer.order("a");
    std::thread::scope(|scope| {
        let first = scope.spawn(|| queue_producer.deliver(std::slice::from_ref(&parcel)));
        gate.wait_for(1);
        queue_producer.check(&parcel, Settled::Again(10));
        gate.open();
        assert_eq!(first.join().expect("a delivery"), [Settled::Acked]);
    });
    queue_producer.0.check_calls(1);
}

/// An origin that honours keys itself is asked again, under the same key.
#[test]
fn an_unknown_outcome_is_sent_again_where_the_policy_says_so() {
    let queue_producer =
        QueueProducer::under(&json!({"unknown": "resend", "fingerprint": "bytes"}));
    queue_producer.0.origin_in_turn([Reply::no_answer(), Reply::new(500), Reply::new(201)]);
    let parcel = queue_producer.order("a").key(&queue_producer.0.key());
    queue_producer.check(&parcel, Settled::Again(10));
    queue_producer.check(&parcel, Settled::Again(10));
    queue_producer.check(&parcel, Settled::Acked);
    let seen = queue_producer.0.seen();
    let keys: Vec<_> = seen.iter().map(|seen| seen.headers.get("idempotency-key")).collect();
    assert_eq!(keys, [Some(queue_producer.0.key().as_str()); 3]);
}

#[test]
fn after_twenty_hours_it_is_given_up() {
    let queue_producer = QueueProducer::shared();
    queue_producer.0.origin_always(busy(1));
    let parcel = queue_producer.order("a").attempt(40);
    let aged = |minutes: u64| parcel.clone().age(Duration::from_secs(minutes * 60));
    queue_producer.check(&aged(19 * 60), Settled::Again(30 * 60));
    let letter = queue_producer.dead_letter(&aged(19 * 60 + 45));
    assert_eq!(letter["dead_letter"]["reason"], "gave-up");
    assert_eq!(letter["dead_letter"]["attempts"], 40);
}

#[track_caller]
fn check_undeliverable(queue_producer: &QueueProducer, parcel: &Parcel) {
    queue_producer.check(&parcel.clone().attempt(3), Settled::Again(40));
    assert!(queue_producer.letters(parcel.id()).is_empty());
}

/// What cannot be handed over is not let go of.
#[test]
fn without_a_queue_for_dead_letters_it_comes_again() {
    let queue_producer = QueueProducer(Guard::sharing(at_origin(true).queue_producer()));
    queue_producer.0.origin_in_turn([Reply::new(404)]);
    check_undeliverable(&queue_producer, &queue_producer.order("a"));
    check_undeliverable(&queue_producer, &queue_producer.parcel("b", json!("no object")));
    let log = poll_for("the log tells it", || {
        Some(queue_producer.0.runtime().log()).filter(|log| log.contains("DEAD_LETTERS"))
    });
    assert!(!log.contains("dead-letter\""), "nothing was handed over: {log}");
}

/// A letter with its stamp may be too large for a queue (128 KB).
#[test]
fn a_letter_that_the_queue_refuses_comes_again() {
    let queue_producer = QueueProducer::shared();
    queue_producer.0.origin_in_turn([Reply::new(404)]);
    let parcel = queue_producer.order("a").with("body", "x".repeat(127_900));
    check_undeliverable(&queue_producer, &parcel);
}

#[test]
fn a_mistake_in_the_policy_can_be_mended() {
    let queue_producer = QueueProducer::under(&json!({"wait": "soon"}));
    queue_producer.0.origin_always(Reply::new(201));
    check_undeliverable(&queue_producer, &queue_producer.order("a"));
    check_undeliverable(&queue_producer, &queue_producer.parcel("b", json!("no object")));
    queue_producer.0.check_calls(0);
}
