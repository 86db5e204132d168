//! What must hold of every key whose doubt ends.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::{Arrival, Book, Doubts, Fence, KEYS};

impl Doubts {
    /// Fails where one of the promises is broken. Returns how many keys there were, by how they ended.
    pub fn judge(&self) -> BTreeMap<String, usize> {
        let (mut ends, mut found) = (BTreeMap::new(), Vec::new());
        for number in 0..KEYS {
            let book = self.books[number].lock().unwrap();
            *ends.entry(book.end.clone()).or_default() += 1;
            let story = format!("{:?} {:?} ends {}", book.arrivals, book.fences, book.end);
            found
                .extend(broken(&book).into_iter().map(|what| format!("{number}: {what}; {story}")));
        }
        assert!(found.is_empty(), "doubts (STORM_SEED={}):\n{}", self.seed, found.join("\n"));
        ends
    }
}

fn broken(book: &Book) -> Vec<String> {
    let mut found = book.left.clone();
    let carried_out = book.arrivals.iter().filter(|one| one.carried_out.is_some()).count();
    if carried_out > 1 {
        found.push(format!("carried out {carried_out} times"));
    }
    if book.shown.len() > 1 {
        found.push(format!("{} answers were shown", book.shown.len()));
    }
    if !book.shown.is_empty() && carried_out == 0 {
        found.push("an answer was shown of what was not carried out".into());
    }
    for fence in book.fences.iter().filter(|fence| fence.state == "fenced") {
        let is_late = |arrival: &&Arrival| arrival.received > fence.heard;
        if book.arrivals.iter().any(|arrival| is_late(&arrival)) {
            found.push("something arrived after the key was fenced".into());
        }
        if carried_out > 0 {
            found.push("a key that was carried out was called fenced".into());
        }
    }
    if book.refused.iter().any(|at| book.given_up.is_none_or(|began| *at < began)) {
        found.push("refused as given up, and nobody had".into());
    }
    let is_fine = match book.end.as_str() {
        "done" | "settled" => carried_out == 1,
        "absent" | "fenced" => carried_out == 0,
        _ => false,
    };
    if !is_fine {
        found.push(format!("is {} in the end, carried out {carried_out} times", book.end));
    }
    found
}

#[test]
fn what_is_broken_is_found() {
    let now = Instant::now();
    let later = now + Duration::from_secs(1);
    let arrival =
        |at: Instant, done: bool| Arrival { received: at, carried_out: done.then_some(at) };
    let fenced = || Fence { state: "fenced".into(), heard: now };
    let book = |arrivals: &[Arrival], end: &str| Book {
        arrivals: arrivals.to_vec(),
        end: end.into(),
        ..Book::default()
    };
    let done = arrival(now, true);
    let idle = arrival(now, false);
    assert!(broken(&book(&[idle, done], "done")).is_empty());
    assert!(broken(&book(&[done], "settled")).is_empty());
    assert!(broken(&book(&[idle], "absent")).is_empty());
    for (wrong, expected) in [
        (book(&[done, done], "done"), "carried out 2 times"),
        (book(&[done], "unknown"), "is unknown in the end"),
        (book(&[done], "absent"), "is absent in the end"),
        (book(&[idle], "settled"), "is settled in the end"),
        (Book { left: vec!["client 1".into()], ..book(&[done], "done") }, "client 1"),
        (
            Book { shown: [b"a".to_vec(), b"b".to_vec()].into(), ..book(&[done], "done") },
            "2 answers were shown",
        ),
        (Book { shown: [b"a".to_vec()].into(), ..book(&[idle], "absent") }, "not carried out"),
        (
            Book { fences: vec![fenced()], ..book(&[arrival(later, false)], "fenced") },
            "arrived after the key was fenced",
        ),
        (Book { fences: vec![fenced()], ..book(&[done], "done") }, "was called fenced"),
        (Book { refused: vec![now], ..book(&[], "absent") }, "nobody had"),
    ] {
        let found = broken(&wrong).join("; ");
        assert!(found.contains(expected), "{found}");
    }
}
