//! A test's view of the queue: batches that it hands to the guard, and the dead letters that come of
//! them (see queue_producer/producer.js).

use std::time::Duration;

use serde_json::{Value, json};

use crate::guard::{Guard, at_origin, poll_for};
use crate::http::{Answer, Call};
use crate::runtime::Setup;

/// The queue that messages are delivered from.
pub const QUEUE: &str = "orders";

/// A guard that consumes queues.
pub struct QueueProducer(pub Guard);

/// One delivery of a message.
#[derive(Clone, Debug)]
pub struct Parcel(Value);

/// How the guard settled a message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Settled {
    Acked,
    /// To be delivered again, after so many seconds.
    Again(u64),
}

pub fn with_queues() -> Setup {
    at_origin(true).queue_producer().queues()
}

impl QueueProducer {
    /// On a runtime that other tests use too.
    #[track_caller]
    pub fn shared() -> QueueProducer {
        QueueProducer(Guard::sharing(with_queues()))
    }

    #[track_caller]
    pub fn under(policy: &Value) -> QueueProducer {
        QueueProducer(Guard::sharing(with_queues().policy(policy)))
    }

    /// On a runtime of its own, to be killed at will.
    #[track_caller]
    pub fn own() -> QueueProducer {
        QueueProducer(Guard::with(with_queues()))
    }

    /// A message that asks for an order in this lane; `name` tells it from the lane's others.
    pub fn order(&self, name: &str) -> Parcel {
        self.parcel(name, self.order_message())
    }

    pub fn order_message(&self) -> Value {
        json!({
            "method": "POST",
            "path": self.0.path("/orders?shop=1"),
            "headers": {"Authorization": "Bearer alice"},
            "body": {"item": "tea", "quantity": 2},
        })
    }

    pub fn parcel(&self, name: &str, body: Value) -> Parcel {
        let id = format!("{}-{name}", self.0.lane);
        Parcel(json!({"id": id, "attempts": 1, "age_ms": 0, "body": body}))
    }

    /// Hands over one batch; how its messages were settled, in their order.
    #[track_caller]
    pub fn deliver(&self, parcels: &[Parcel]) -> Vec<Settled> {
        let answer = self.call(&delivery(QUEUE, parcels));
        settled(&answer, parcels)
    }

    #[track_caller]
    pub fn check(&self, parcel: &Parcel, expected: Settled) {
        assert_eq!(self.deliver(std::slice::from_ref(parcel)), [expected], "{parcel:?}");
    }

    /// Delivers it, and returns the dead letter that it becomes.
    #[track_caller]
    pub fn dead_letter(&self, parcel: &Parcel) -> Value {
        let before = self.letters(parcel.id()).len();
        self.check(parcel, Settled::Acked);
        self.letter_after(parcel.id(), before)
    }

    /// The letter that comes beside those that were there.
    #[track_caller]
    pub fn letter_after(&self, id: &str, before: usize) -> Value {
        poll_for("a dead letter", || self.letters(id).get(before).cloned())
    }

    /// The dead letters of a message, as objects.
    #[track_caller]
    pub fn letters(&self, id: &str) -> Vec<Value> {
        let all: Value =
            serde_json::from_slice(&self.call(&Call::get("/letters")).body).expect("JSON");
        let letters = all.as_array().into_iter().flatten().map(|letter| object(&letter["body"]));
        letters.filter(|letter| letter["dead_letter"]["message_id"] == id).collect()
    }

    /// Sends a message to the queue by the real broker.
    #[track_caller]
    pub fn send(&self, message: &Value) {
        let call = Call::post("/send?type=json").json(&message.to_string());
        assert_eq!(self.call(&call).status, 204);
    }

    #[track_caller]
    pub fn call(&self, call: &Call) -> Answer {
        call.send(self.0.runtime().queue_producer())
    }

    /// What the log says of the queue's messages, in all lanes of this runtime, once so many lines
    /// have come: they take a moment longer than the answer.
    #[track_caller]
    pub fn log_lines(&self, count: usize) -> Vec<Value> {
        poll_for("lines of the log", || {
            let log = self.0.runtime().log();
            let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            let lines: Vec<_> = lines.filter(|line| line["queue"].is_string()).collect();
            (lines.len() >= count).then_some(lines)
        })
    }
}

pub fn delivery(queue: &str, parcels: &[Parcel]) -> Call {
    let batch: Vec<_> = parcels.iter().map(|parcel| &parcel.0).collect();
    Call::post(&format!("/deliver?queue={queue}")).json(&json!(batch).to_string())
}

#[track_caller]
pub fn settled(answer: &Answer, parcels: &[Parcel]) -> Vec<Settled> {
    let said: Value = serde_json::from_slice(&answer.body)
        .unwrap_or_else(|error| panic!("{error}: {}", answer.text()));
    assert_eq!(said["outcome"], "ok", "{said}");
    assert_eq!(said["retryBatch"]["retry"], false, "{said}");
    parcels.iter().map(|parcel| parcel.settled(&said)).collect()
}

impl Parcel {
    pub fn id(&self) -> &str {
        self.0["id"].as_str().expect("a text")
    }

    pub fn attempt(mut self, number: u32) -> Parcel {
        self.0["attempts"] = number.into();
        self
    }

    pub fn age(mut self, age: Duration) -> Parcel {
        self.0["age_ms"] = (age.as_millis() as u64).into();
        self
    }

    /// Another value of one member of the message.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Parcel {
        self.0["body"][name] = value.into();
        self
    }

    pub fn key(self, key: &str) -> Parcel {
        self.with("key", key)
    }

    /// The message is these bytes.
    pub fn bytes(mut self, hex: &str) -> Parcel {
        self.0["hex"] = hex.into();
        self
    }

    #[track_caller]
    fn settled(&self, said: &Value) -> Settled {
        let acks = said["explicitAcks"].as_array().expect("a list");
        let retries = said["retryMessages"].as_array().expect("a list");
        let acked = acks.iter().any(|id| id == self.id());
        let retried = retries.iter().find(|retry| retry["msgId"] == self.id());
        match retried {
            None if acked => Settled::Acked,
            Some(retry) if !acked => {
                Settled::Again(retry["delaySeconds"].as_u64().expect("seconds"))
            }
            _ => panic!("{} is settled twice or not at all: {said}", self.id()),
        }
    }
}

/// A letter whose message was a text is one itself.
fn object(letter: &Value) -> Value {
    match letter.as_str() {
        Some(text) => serde_json::from_str(text).expect("a letter is JSON"),
        None => letter.clone(),
    }
}
