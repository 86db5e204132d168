//! Messages of a queue: each becomes a request that is guarded like any other.

mod crash;
mod dead_letters;
mod retries;

use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::courier::{Courier, Settled, with_queues};
use crate::guard::Guard;
use crate::script::{Gate, Reply};
use crate::stamp::seconds_until;

const CREATED: &str = r#"{"order":1}"#;

#[test]
fn a_batch_that_is_delivered_twice_executes_each_message_once() {
    let courier = Courier::shared();
    courier.0.origin_always(Reply::json(201, CREATED));
    let batch: Vec<_> = (0..10).map(|number| courier.order(&number.to_string())).collect();
    for _ in 0..2 {
        assert_eq!(courier.deliver(&batch), [Settled::Acked; 10]);
    }
    courier.0.check_calls(10);
}

#[test]
fn one_key_in_two_messages_executes_once() {
    let courier = Courier::shared();
    courier.0.origin_always(Reply::json(201, CREATED));
    let key = courier.0.key();
    let batch = [courier.order("a").key(&key), courier.order("b").key(&key)];
    assert_eq!(courier.deliver(&batch), [Settled::Acked; 2]);
    courier.check(&courier.order("c").key(&key), Settled::Acked);
    // The same key, spelled as a structured-field string.
    courier.check(&courier.order("d").key(&format!("{key:?}")), Settled::Acked);
    courier.0.check_calls(1);
}

/// By the real broker, which chooses id, batch and attempt.
#[test]
fn sent_twice_by_the_broker_it_executes_once() {
    let courier = Courier::own();
    courier.0.origin_always(Reply::json(201, CREATED));
    let mut message = courier.order_message();
    message["key"] = courier.0.key().into();
    courier.send(&message);
    courier.send(&message);
    assert_eq!(courier.log_lines(2).len(), 2);
    courier.0.check_calls(1);
}

/// The clock is read once a turn, and a batch begins one.
#[test]
fn a_batch_begins_at_its_own_time() {
    let courier = Courier::own();
    courier.0.origin_always(Reply::json(201, CREATED));
    // The last thing that it does is to write the line of the log.
    courier.0.send(&courier.0.keyless_order());
    thread::sleep(Duration::from_secs(3));
    courier.check(&courier.order("late"), Settled::Acked);
    let total = courier.log_lines(1)[0]["total_ms"].as_u64().expect("milliseconds");
    assert!(total < 2500, "{total} ms, of which an earlier request's time is a part");
}

#[test]
fn the_origin_gets_the_request_that_the_message_asks_for() {
    let courier = Courier::shared();
    courier.0.origin_always(Reply::new(204));
    let json = courier.order("json").key("order 42, \"first\"");
    let text = courier.order("text").with("body", "plain \u{e9}").with("method", "PUT");
    let nothing = courier.order("nothing").with("body", json!(null));
    let typed = courier
        .order("typed")
        .with("headers", json!({"Content-Type": "text/csv", "Content-Length": "9999"}));
    for parcel in [&json, &text, &nothing, &typed] {
        courier.check(parcel, Settled::Acked);
    }
    let seen = courier.0.seen();
    let header = |at: usize, name: &str| seen[at].headers.get(name).map(str::to_owned);
    assert_eq!(seen[0].method, "POST");
    assert_eq!(seen[0].target, courier.0.path("/orders?shop=1"));
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
    let courier = Courier::shared();
    courier.0.origin_always(Reply::new(201));
    let body = r#"{"cents":12345678901234567890,"rate":1.0}"#;
    let text =
        format!(r#" {{"method":"POST","path":"{}","body":{body}}} "#, courier.0.path("/orders"));
    courier.check(&courier.parcel("text", text.clone().into()), Settled::Acked);
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    courier.check(&courier.parcel("bytes", json!(null)).bytes(&hex), Settled::Acked);
    for seen in courier.0.seen() {
        assert_eq!(seen.body, body.as_bytes());
    }
    courier.0.check_calls(2);
}

/// The route would let it through, or not look at its method.
#[test]
fn a_message_is_guarded_whatever_its_route_says() {
    let off = json!({"routes": [{"path": "/**", "key": "off"}]});
    let patch = json!({"methods": ["PATCH"], "on_guard_failure": "open"});
    for policy in [off, patch] {
        let courier = Courier::under(&policy);
        courier.0.origin_always(Reply::json(201, CREATED));
        let parcel = courier.order("a");
        courier.check(&parcel, Settled::Acked);
        courier.check(&parcel, Settled::Acked);
        courier.0.check_calls(1);
    }
}

/// One realm: an order that was sent over HTTP and put on a queue is one order.
#[test]
fn http_and_queue_share_a_realm() {
    let courier = Courier::shared();
    courier.0.origin_always(Reply::json(201, CREATED));
    let parcel = courier.order("a").key(&courier.0.key()).with("realm", "127.0.0.1");
    courier.check(&parcel, Settled::Acked);
    let replay = courier.0.send(&courier.0.order());
    assert!(replay.replayed(), "{replay:?}");
    assert_eq!(replay.text(), CREATED);
    courier.0.check_calls(1);
    let seconds = seconds_until(replay.header("idempotency-expires").expect("a date"));
    let full = 15 * 24 * 60 * 60;
    assert!((full - 60..=full).contains(&seconds), "a queue's record lasts {seconds} s");
    // Without the realm it is the queue's own key, and another operation.
    courier.check(&courier.order("b").key(&courier.0.key()), Settled::Acked);
    courier.0.check_calls(2);
}

/// A message can wait, so the guard's failure never opens the way for it.
#[test]
fn a_message_is_never_sent_past_the_guard() {
    let policy = json!({"on_guard_failure": "open"});
    let setup = with_queues().objects(false).policy(&policy);
    let courier = Courier(Guard::sharing(setup));
    courier.0.origin_always(Reply::new(201));
    courier.check(&courier.order("a"), Settled::Again(10));
    courier.0.check_calls(0);
    assert_eq!(courier.0.send(&courier.0.order()).status, 201, "over HTTP the policy holds");
}

#[test]
fn a_duplicate_waits_for_the_first_delivery() {
    let courier = Courier::shared();
    let gate = Gate::new();
    courier.0.origin_in_turn([Reply::json(201, CREATED).held_by(&gate)]);
    let batch = [courier.order("a")];
    std::thread::scope(|scope| {
        let deliveries = [0, 1].map(|_| scope.spawn(|| courier.deliver(&batch)));
        gate.wait_for(1);
        gate.open();
        for delivery in deliveries {
            assert_eq!(delivery.join().expect("a delivery"), [Settled::Acked]);
        }
    });
    courier.0.check_calls(1);
}
