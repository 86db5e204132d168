//! The runtime is killed in the middle of a batch, and the queue delivers it again: nothing executes
//! twice, and nothing is lost.

use crate::queue_producer::{QUEUE, QueueProducer, Settled, delivery};
use crate::script::{Gate, Reply};

/// One is done, two are at the origin, and those behind them wait for their turn, when it is killed.
#[test]
fn killed_in_mid_batch_nothing_executes_twice_and_nothing_is_lost() {
    let mut queue_producer = QueueProducer::own();
    let gate = Gate::new();
    let latch = gate.latch();
    queue_producer.0.origin(move |seen| match seen.headers.get("x-slow") {
        Some(_) => Reply::new(201).waiting_at(latch.clone()),
        None => Reply::new(201),
    });
    let slow =
        |name: &str| queue_producer.order(name).with("headers", serde_json::json!({"X-Slow": "1"}));
    // Six are under way at once: the two behind them have not begun.
    let names = ["s1", "s2", "s3", "s4", "s5", "s6"];
    let mut batch = vec![queue_producer.order("done")];
    batch.extend(names.map(slow));
    batch.extend(["late1", "late2"].map(|name| queue_producer.order(name)));
    let left = delivery(QUEUE, &batch)
        .open(queue_producer.0.runtime().queue_producer())
        .expect("a socket");
    gate.wait_for(names.len());
    queue_producer.0.check_calls(1 + names.len());
    queue_producer.0.runtime_mut().kill();
    drop(left);
    gate.open();
    queue_producer.0.runtime_mut().restart();
    assert_eq!(queue_producer.deliver(&batch), vec![Settled::Acked; batch.len()]);
    queue_producer.0.check_calls(batch.len());
    for name in names {
        let letter = queue_producer.letter_after(&format!("{}-{name}", queue_producer.0.lane), 0);
        assert_eq!(letter["dead_letter"]["reason"], "outcome-unknown", "{letter}");
    }
    let done = queue_producer.letters(batch[0].id());
    assert!(done.is_empty(), "what was done needs nobody: {done:?}");
}
