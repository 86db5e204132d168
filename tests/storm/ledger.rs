//! The origin's book: every arrival, and what was answered.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};
use std::sync::Mutex;
use std::time::Instant;

use crate::act::{Act, Fate};
use crate::body::Variant;
use crate::plan::Plan;
use crate::random::Random;
use crate::wire::Headers;

/// One arrival of an operation at the origin.
#[derive(Clone, Debug)]
pub struct Execution {
    pub operation: usize,
    pub identity: Option<usize>,
    pub variant: Variant,
    pub act: Act,
    pub received: Instant,
    /// The request was read to its last byte, and it is what its sender sent.
    pub read: Option<bool>,
    pub answer: Option<Sent>,
    pub answering: Option<Instant>,
    /// The last byte of what was to be sent has gone out.
    pub answered: Option<Instant>,
}

/// What the origin sends.
#[derive(Clone, Debug)]
pub struct Sent {
    pub headers: Headers,
    pub body: Vec<u8>,
}

impl Execution {
    pub fn fate(&self) -> Fate {
        // What was not read whole was not answered either.
        if self.answering.is_none() { Fate::Broken } else { self.act.fate() }
    }

    /// Whether another credential may have the key after it: it was refused for good.
    pub fn is_refusal(&self) -> bool {
        self.fate() == Fate::Final && (400..500).contains(&self.act.status)
    }
}

/// Numbered by arrival.
#[derive(Default)]
pub struct Ledger(Mutex<Vec<Execution>>);

impl Ledger {
    pub fn open(&self, head: &Head, plan: &Plan) -> usize {
        let operation = &plan.operations[head.operation];
        let mut book = self.0.lock().unwrap();
        let before = book.iter().filter(|earlier| earlier.operation == head.operation).count();
        let act = operation.acts.get(before).cloned().unwrap_or_else(Act::unplanned);
        let is_shown =
            |who: &crate::identity::Identity| head.headers.get(who.header) == Some(&who.value);
        book.push(Execution {
            operation: head.operation,
            identity: operation.identities.iter().position(is_shown),
            variant: head.variant,
            act,
            received: Instant::now(),
            read: None,
            answer: None,
            answering: None,
            answered: None,
        });
        book.len() - 1
    }

    pub fn note(&self, number: usize, change: impl FnOnce(&mut Execution)) {
        change(&mut self.0.lock().unwrap()[number]);
    }

    pub fn execution(&self, number: usize) -> Execution {
        self.0.lock().unwrap()[number].clone()
    }

    /// By operation, in the order of arrival, with their numbers.
    pub fn by_operation(&self) -> BTreeMap<usize, Vec<(usize, Execution)>> {
        let mut operations = BTreeMap::<_, Vec<_>>::new();
        for (number, execution) in self.0.lock().unwrap().iter().enumerate() {
            operations.entry(execution.operation).or_default().push((number, execution.clone()));
        }
        operations
    }
}

/// What the head of a request says of its sender.
pub struct Head {
    pub operation: usize,
    pub variant: Variant,
    pub headers: Headers,
}

impl Head {
    /// Nothing for a request that no client of the storm has sent.
    pub fn read(start: &str, headers: Headers) -> Option<Head> {
        let target = start.split(' ').nth(1)?;
        let operation = target.strip_prefix("/operations/")?.parse().ok()?;
        let variant = match headers.get("x-variant")? {
            "one" => Variant::One,
            _ => Variant::Other,
        };
        Some(Head { operation, variant, headers })
    }
}

/// An answer that tells which execution it is of, and shows any change in its bytes.
pub fn answer(number: usize, execution: &Execution) -> Sent {
    let mut headers = Headers::default();
    headers.push("Content-Type", "application/octet-stream");
    headers.push("X-Execution", &number.to_string());
    headers.push("X-Receipt", &format!("\"{:x}\"", digest(&number.to_be_bytes())));
    if number.is_multiple_of(3) {
        headers.push("Set-Cookie", &format!("seen={number}"));
    }
    match execution.act.status {
        303 => headers.push("Location", &format!("/operations/{}/{number}", execution.operation)),
        425 | 429 | 503 => headers.push("Retry-After", "1"),
        _ => {}
    }
    let mut random = Random::seeded(number as u64);
    let body = (0..execution.act.length).map(|_| random.below(256) as u8).collect();
    Sent { headers, body }
}

pub fn digest(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}
