//! Messages of a queue: each becomes a request that is guarded like any other.

mod crash;
mod dead_letters;
mod retries;

use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::guard::Guard;
use crate::queue_producer::{QueueProducer, Settled, with_queues};
use crate::script::{Gate, Reply};
use crate::stamp::seconds_until;

const CREATED: &str = r#"{"order":1}"#;

#[test]
fn a_batch_that_is_delivered_twice_executes_each_message_once() {
    let queue_producer = QueueProducer::shared();
    queue_producer.0.origin_always(Reply::json(201, CREATED));
    let batch: Vec<_> = (0..10).map(|number| queue_producer.order(&number.to_string())).collect();
    for _ in 0..2 {
        assert_eq!(queue_producer.deliver(&batch), [Settled::Acked; 10]);
    }
    queue_producer.0.check_calls(10);
}

#[test]
fn one_key_in_two_messages_executes_once() {
    let queue_producer = QueueProducer::shared();
    queue_producer.0.origin_always(Reply::json(201, CREATED));
    let key = queue_producer.0.key();
    let batch = [queue_producer.order("a").key(&key), queue_producer.order("b").key(&key)];
    assert_eq!(queue_producer.deliver(&batch), [Settled::Acked; 2]);
    queue_producer.check(&queue_producer.order("c").key(&key), Settled::Acked);
    // The same key, spelled as a structured-field string.
    queue_producer.check(&queue_producer.order("d").key(&format!("{key:?}")), Settled::Acked);
    queue_producer.0.check_calls(1);
}

/// By the real broker, which chooses id, batch and attempt.
#[test]
fn sent_twice_by_the_broker_it_executes_once() {
    let queue_producer = QueueProducer::own();
    queue_producer.0.origin_always(Reply::json(201, CREATED));
    let mut message = queue_producer.order_message();
    message["key"] = queue_producer.0.key().into();
    queue_producer.send(&message);
    queue_producer.send(&message);
    assert_eq!(queue_producer.log_lines(2).len(), 2);
    queue_producer.0.check_calls(1);
}

/// The clock is read once a turn, and a batch begins one.
#[test]
fn a_batch_begins_at_its_own_time() {
    let queue_producer = QueueProducer::own();
    queue_producer.0.origin_always(Reply::json(201, CREATED));
    // The last thing that it does is to write the line of the log.
    queue_producer.0.send(&queue_producer.0.keyless_order());
    thread::sleep(Duration::from_secs(3));
    queue_producer.check(&queue_producer.order("late"), Settled::Acked);
    let total = queue_producer.log_lines(1)[0]["total_ms"].as_u64().expect("milliseconds");
    assert!(total < 2500, "{total} ms, of which an earlier request's time is a part");
}

#[test]
fn the_origin_gets_the_request_that_the_message_asks_for() {
    let queue_producer = QueueProducer::shared();
    queue_producer.0.origin_always(Reply::new(204));
    let json = queue_producer.order("json").key("order 42, \"first\"");
    let text = queue_producer.order("text").with("body", "plain \u{e9}").with("method", "PUT");
    let nothing = queue_producer.order("nothing").with("body", json!(null));
    let typed = queue_producer
        .order("typed")
        .with("headers", json!({"Content-Type": "text/csv", "Content-Length": "9999"}));
    for parcel in [&json, &text, &nothing, &typed] {
        queue_producer.check(parcel, Settled::Acked);
    }
    let seen = queue_producer.0.seen();
    let header = |at: usize, name: &str| seen[at].headers.get(name).map(str::to_owned);
    assert_eq!(seen[0].method, "POST");
    assert_eq!(seen[0].target, queue_producer.0.path("/orders?shop=1"));
    assert_eq!(seen[0].body, br#"{"item":"tea","quantity":2}"#);
    assert_eq!(header(0, "content-type").as_deref(), Some("application/json"));
    assert_eq!(header(0, "authorization").as_deref(), Some("Bearer alice"));
    assert_eq!(header(0, "idempotency-key").as_deref(), Some(r#""order 42, \"first\"""#));
    assert_eq!(header(0, "x-forwarded-host").as_deref(), Some("orders"));
    assert_eq!(
        (seen[1].method.as_str(), seen[1].body.as_slice()),
        ("PUT", "plain \u{e9}".as_bytes())
    );
    assert_eq!(header(1, "content-type"), None);
    assert_eq!(header(1, "idempotency-key").as_deref(), Some(text.id()), "the message's id");
    assert!(seen[2].body.is_empty());
    assert_eq!(header(3, "content-type").as_deref(), Some("text/csv"));
    assert_eq!(seen[3].body, br#"{"item":"tea","quantity":2}"#);
}

/// A message sent as text keeps its numbers, which JSON.parse would round.
#[test]
fn a_text_is_read_as_it_is() {
    let queue_producer = QueueProducer::shared();
    queue_producer.0.origin_always(Reply::new(201));
    let body = r#"{"cents":12345678901234567890,"rate":1.0}"#;
    let text = format!(
        r#" {{"method":"POST","path":"{}","body":{body}}} "#,
        queue_producer.0.path("/orders")
    );
    queue_producer.check(&queue_producer.parcel("text", text.clone().into()), Settled::Acked);
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    queue_producer.check(&queue_producer.parcel("bytes", json!(null)).bytes(&hex), Settled::Acked);
    for seen in queue_producer.0.seen() {
        assert_eq!(seen.body, body.as_bytes());
    }
    queue_producer.0.check_calls(2);
}

/// The route would let it through, or not look at its method.
#[test]
fn a_message_is_guarded_whatever_its_route_says() {
    let off = json!({"routes": [{"path": "/**", "key": "off"}]});
    let patch = json!({"methods": ["PATCH"], "on_guard_failure": "open"});
    for policy in [off, patch] {
        let queue_producer = QueueProducer::under(&policy);
        queue_producer.0.origin_always(Reply::json(201, CREATED));
        let parcel = queue_producer.order("a");
        queue_producer.check(&parcel, Settled::Acked);
        queue_producer.check(&parcel, Settled::Acked);
        queue_producer.0.check_calls(1);
    }
}

/// One realm: an order that was sent over HTTP and put on a queue is one order.
#[test]
fn http_and_queue_share_a_realm() {
    let queue_producer = QueueProducer::shared();
    queue_producer.0.origin_always(Reply::json(201, CREATED));
    let parcel = queue_producer.order("a").key(&queue_producer.0.key()).with("realm", "127.0.0.1");
    queue_producer.check(&parcel, Settled::Acked);
    let replay = queue_producer.0.send(&queue_producer.0.order());
    assert!(replay.replayed(), "{replay:?}");
    assert_eq!(replay.text(), CREATED);
    queue_producer.0.check_calls(1);
    let seconds = seconds_until(replay.header("idempotency-expires").expect("a date"));
    let full = 15 * 24 * 60 * 60;
    assert!((full - 60..=full).contains(&seconds), "a queue's record lasts {seconds} s");
    // Without the realm it is the queue's own key, and another operation.
    queue_producer.check(&queue_producer.order("b").key(&queue_producer.0.key()), Settled::Acked);
    queue_producer.0.check_calls(2);
}

/// A message can wait, so the guard's failure never opens the way for it.
#[test]
fn a_message_is_never_sent_past_the_guard() {
    let policy = json!({"on_guard_failure": "open"});
    let setup = with_queues().objects(false).policy(&policy);
    let queue_producer = QueueProducer(Guard::sharing(setup));
    queue_producer.0.origin_always(Reply::new(201));
    queue_producer.check(&queue_producer.order("a"), Settled::Again(10));
    queue_producer.0.check_calls(0);
    assert_eq!(
        queue_producer.0.send(&queue_producer.0.order()).status,
        201,
        "over HTTP the policy holds"
    );
}

#[test]
fn a_duplicate_waits_for_the_first_delivery() {
    let queue_producer = QueueProducer::shared();
    let gate = Gate::new();
    queue_producer.0.origin_in_turn([Reply::json(201, CREATED).held_by(&gate)]);
    let batch = [queue_producer.order("a")];
    std::thread::scope(|scope| {
        let deliveries = [0, 1].map(|_| scope.spawn(|| queue_producer.deliver(&batch)));
        gate.wait_for(1);
        gate.open();
        for delivery in deliveries {
            assert_eq!(delivery.join().expect("a delivery"), [Settled::Acked]);
        }
    });
    queue_producer.0.check_calls(1);
}
