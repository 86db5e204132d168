//! Everything that a moment of a shard consists of: its rows, its alarm, what its instance remembers,
//! the submissions, and what has happened.

use super::ledger::Ledger;
use super::setting::Setting;
use crate::setting::TICK;
use crate::state::{Bytes, decode};
use onlyonce::guard::machine::Place;
use onlyonce::guard::record::Record;
use onlyonce::guard::shard::alarm::{Agenda, WATCH};
use onlyonce::guard::shard::places::Places;
use onlyonce::guard::shard::retention::Bucket;
use onlyonce::guard::time::UnixMillis;

const BEGINNING: u64 = 1_800_000_000_000;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    pub now: u64,
    /// What is stored of each key.
    pub rows: Vec<Option<Row>>,
    pub alarm: Option<u64>,
    pub instance: Instance,
    pub submissions: Vec<Submission>,
    pub crashes: u8,
    pub interventions: u8,
    pub ledger: Ledger,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Row {
    pub record: Bytes,
    /// The end of the bucket that it is in.
    pub bucket: u64,
}

/// What one instance of the shard remembers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Instance {
    /// The alarm that it has set.
    pub alarm_at: Option<u64>,
    /// Whether its predecessor has left what is watched.
    pub has_orphans: bool,
    pub places: Places<Waiter>,
    pub calls: Vec<Call>,
    /// Copies that are written to KV or wait for a place, by their keys, and whether they have one.
    pub copies: Vec<(usize, bool)>,
    /// Keys whose copies are being deleted.
    pub deletions: Vec<usize>,
    pub ring: Option<Ring>,
    /// Whether the last ring has left something to be tried again.
    pub unfinished: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Waiter {
    Submission(usize),
    Copy(usize),
}

/// A call to the origin that has not ended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Call {
    pub key: usize,
    pub claim: u8,
    /// Until the answer's headers are there.
    pub has_place: bool,
}

/// An alarm that rings: it looks at one record a turn.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ring {
    pub begun_at: u64,
    pub left: Vec<usize>,
    pub unfinished: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Submission {
    pub key: usize,
    pub was_sent: bool,
    /// Whether it has waited for a place in vain.
    pub is_denied: bool,
    pub stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    AtClient,
    AtWorker,
    AwaitsPlace {
        until: u64,
    },
    /// A place was handed to it.
    HasPlace,
    Joined {
        deadline: u64,
    },
    Woken,
    Leading {
        claim: u8,
        deadline: u64,
    },
    Answered,
}

impl State {
    pub fn initial(setting: &Setting) -> Self {
        let submission = |(key, _): &(usize, &str)| Submission {
            key: *key,
            was_sent: false,
            is_denied: false,
            stage: Stage::AtClient,
        };
        Self {
            now: BEGINNING,
            rows: vec![None; setting.keys],
            alarm: None,
            instance: Instance::new(setting.places),
            submissions: setting.submissions.iter().map(submission).collect(),
            crashes: setting.crashes,
            interventions: setting.interventions,
            ledger: Ledger::new(setting.keys),
        }
    }

    pub fn clock(&self) -> UnixMillis {
        UnixMillis(self.now)
    }

    pub fn ticks(&self) -> u64 {
        (self.now - BEGINNING) / TICK.0
    }

    pub fn record(&self, key: usize) -> Record {
        decode(&self.rows[key].as_ref().map(|row| row.record.clone()))
    }

    pub fn records(&self) -> impl Iterator<Item = Record> {
        (0..self.rows.len()).map(|key| self.record(key))
    }

    pub fn next_bucket(&self) -> Option<Bucket> {
        let buckets = self.rows.iter().flatten().map(|row| Bucket(UnixMillis(row.bucket)));
        buckets.filter(|bucket| *bucket != Bucket::WATCHED).min()
    }

    /// What somebody who sees everything knows that the shard waits for.
    pub fn agenda(&self) -> Agenda {
        Agenda {
            next_bucket: self.next_bucket(),
            watch: WATCH,
            in_flight: self.records().any(|record| matches!(record, Record::InFlight { .. })),
            orphaned: false,
            unfinished: self.records().any(|record| record == Record::Forgotten { until: None }),
            next_probe: None,
        }
    }

    /// How many connections wait for headers.
    pub fn connections(&self) -> usize {
        let calls = self.instance.calls.iter().filter(|call| call.has_place).count();
        calls + self.instance.copies.iter().filter(|(_, has_place)| *has_place).count()
    }

    pub fn count(&self, is_there: impl Fn(&Stage) -> bool) -> usize {
        self.submissions.iter().filter(|one| is_there(&one.stage)).count()
    }

    /// One form for states that differ in nothing that matters.
    pub fn normalise(&mut self) {
        if !self.agenda().in_flight {
            self.ledger.looked_at = 0;
        }
        self.instance.calls.sort();
        self.instance.copies.sort_unstable();
        self.instance.deletions.sort_unstable();
    }
}

impl Instance {
    pub fn new(places: u32) -> Self {
        Self {
            alarm_at: None,
            has_orphans: false,
            places: Places::new(places),
            calls: Vec::new(),
            copies: Vec::new(),
            deletions: Vec::new(),
            ring: None,
            unfinished: false,
        }
    }
}

impl Submission {
    pub fn place(&self) -> Place {
        if self.is_denied { Place::Denied } else { Place::Wanted }
    }

    pub fn deadline(&self) -> Option<u64> {
        match self.stage {
            Stage::Joined { deadline } | Stage::Leading { deadline, .. } => Some(deadline),
            _ => None,
        }
    }

    /// When its own timer goes off.
    pub fn waits_until(&self) -> Option<u64> {
        match self.stage {
            Stage::AwaitsPlace { until } => Some(until),
            _ => self.deadline(),
        }
    }

    /// Whether it is at the shard, and lost with its instance.
    pub fn is_at_shard(&self) -> bool {
        !matches!(self.stage, Stage::AtClient | Stage::AtWorker | Stage::Answered)
    }
}
