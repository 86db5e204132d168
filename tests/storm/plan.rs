//! A round, drawn from one seed.

use std::time::Duration;

use serde_json::Value;

use crate::act::{Act, acts};
use crate::body::{Kind, Variant, kind};
use crate::identity::{Identity, Owner, owner};
use crate::random::Random;

pub const OPERATIONS: usize = 200;
pub const SENDERS: usize = 20;
pub const KILLS: usize = 10;

pub struct Plan {
    pub operations: Vec<Operation>,
    /// In the order in which they begin.
    pub senders: Vec<Sender>,
    /// In the order of their moments.
    pub kills: Vec<Kill>,
}

/// One key of one owner.
#[derive(Debug)]
pub struct Operation {
    pub key: String,
    /// As an operator writes it.
    pub scope: Value,
    pub identities: Vec<Identity>,
    pub body: Kind,
    /// What the origin does, arrival by arrival.
    pub acts: Vec<Act>,
}

/// One client with one thing to be done.
#[derive(Debug)]
pub struct Sender {
    pub operation: usize,
    pub identity: usize,
    pub variant: Variant,
    /// Its first attempts; all later ones are patient.
    pub manners: Vec<Manner>,
    /// Sends once more after it has its answer.
    pub again: bool,
    /// Seeds how its requests are written and how long it pauses.
    pub seed: u64,
}

/// How a client goes about one attempt.
#[derive(Clone, Copy, Debug)]
pub enum Manner {
    /// Waits for the answer, to its last byte.
    Patient,
    /// Sends the body in chunks.
    Chunked,
    /// Leaves when nothing has come after this time.
    TimesOut(Duration),
    /// Leaves when this share of its body is sent, in hundredths.
    LeavesInUpload(usize),
    /// Leaves when the answer begins to come.
    LeavesInAnswer,
}

/// The runtime is killed when this share of the round is over, and some time after.
#[derive(Clone, Copy, Debug)]
pub struct Kill {
    pub at: f64,
    pub after: Duration,
}

impl Plan {
    pub fn of(seed: u64) -> Plan {
        let mut random = Random::seeded(seed);
        let operations: Vec<_> =
            (0..OPERATIONS).map(|at| operation(seed, at, &mut random)).collect();
        let senders = senders(&operations, &mut random);
        let mut kills: Vec<_> = (0..KILLS).map(|_| kill(&mut random)).collect();
        kills.sort_by(|one, other| one.at.total_cmp(&other.at));
        Plan { operations, senders, kills }
    }
}

fn operation(seed: u64, number: usize, random: &mut Random) -> Operation {
    let Owner { is_user, scope, identities } = owner(number, random);
    // Two users have the same key in their hands; they are two operations.
    let key = match is_user {
        true => format!("stormy-order-{seed}-{}", number / 2),
        false => format!("stormy-visit-{seed}-{number}"),
    };
    Operation { key, scope, identities, body: kind(random), acts: acts(random) }
}

/// The senders of one operation begin close to each other, but for some that come late, after the
/// runtime was killed and started again.
fn senders(operations: &[Operation], random: &mut Random) -> Vec<Sender> {
    let mut starts: Vec<_> = (0..OPERATIONS).collect();
    random.shuffle(&mut starts);
    let mut senders = Vec::new();
    for (number, operation) in operations.iter().enumerate() {
        for _ in 0..SENDERS {
            let lateness = random.pick(&[0.004, 0.004, 0.004, 0.004, 0.02, 0.02, 0.1, 0.5]);
            let start = starts[number] as f64 / OPERATIONS as f64;
            senders.push((start + lateness * share(random), sender(number, operation, random)));
        }
    }
    senders.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    senders.into_iter().map(|(_, sender)| sender).collect()
}

fn sender(number: usize, operation: &Operation, random: &mut Random) -> Sender {
    let is_owner = random.below(4) > 0;
    Sender {
        operation: number,
        identity: if is_owner { 0 } else { random.below(operation.identities.len()) },
        variant: if random.below(8) == 0 { Variant::Other } else { Variant::One },
        manners: (0..random.below(4)).map(|_| manner(random)).collect(),
        again: random.below(4) == 0,
        seed: random.below(usize::MAX) as u64,
    }
}

fn manner(random: &mut Random) -> Manner {
    let limit = random.pick(&[5, 50, 500]);
    let patience = Duration::from_millis(1 + random.below(limit) as u64);
    let share = random.below(100);
    random.pick(&[
        Manner::Patient,
        Manner::Chunked,
        Manner::TimesOut(patience),
        Manner::TimesOut(patience),
        Manner::LeavesInUpload(share),
        Manner::LeavesInAnswer,
    ])
}

/// Some come while the runtime has just come back, and between others an origin can be slow in peace.
fn kill(random: &mut Random) -> Kill {
    Kill { at: share(random), after: Duration::from_millis(random.below(150) as u64) }
}

/// From 0 to 1.
fn share(random: &mut Random) -> f64 {
    random.below(1_000_000) as f64 / 1e6
}
