//! Everything that a moment consists of: what is stored, what an instance of the object remembers,
//! what is on its way, and the ledger of what has happened.
//!
//! Records are held as the bytes that the shipped codec makes of them, in the object and in every
//! copy, so that what is explored is what is stored.

use crate::ledger::Ledger;
use crate::origin::Report;
use crate::probe::settle;
use crate::setting::{Setting, TICK};
use onlyonce::guard::record::Record;
use onlyonce::guard::settle::PATIENCE;
use onlyonce::guard::shard::alarm::{Agenda, WATCH};
use onlyonce::guard::shard::retention::Bucket;
use onlyonce::guard::time::UnixMillis;
use std::sync::Arc;

pub type Bytes = Arc<[u8]>;

/// When the model's time begins.
const BEGINNING: u64 = 1_800_000_000_000;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    pub now: u64,
    pub object: Object,
    /// Where a bug lets a request leave before its claim is durable: what storage really holds.
    pub undurable: Option<Option<Bytes>>,
    pub submissions: Vec<Submission>,
    pub clients: [ClientState; 3],
    pub kv: Kv,
    pub isolates: [Option<CachedAnswer>; 2],
    pub left: Left,
    pub ledger: Ledger,
}

/// What a client still has to do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientState {
    pub attempts: u8,
    pub waits: bool,
}

/// What may still go wrong.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Left {
    pub crashes: u8,
    pub duplicates: u8,
    pub interventions: u8,
    pub fences: u8,
    pub probes: u8,
}

/// What a shard has of the key: what is stored, the shard's alarm, and what its instance remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Object {
    pub stored: Option<Bytes>,
    /// The end of the bucket that the record is in.
    pub bucket: Option<u64>,
    pub alarm: Option<u64>,
    pub calls: Vec<Call>,
    /// A copy that is being written to KV.
    pub copying: Option<Bytes>,
    /// The copy in KV is being deleted.
    pub deleting: bool,
    /// The origin is being asked.
    pub probes: Vec<Probe>,
}

/// A question to the origin whose answer is not there yet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Probe {
    pub claim: u8,
    pub asked_at: u64,
}

/// A call to the origin that has not ended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Call {
    pub claim: u8,
    pub attempt: u32,
    /// Whether the origin has received it.
    pub sent: bool,
    /// Whether its answer is coming in, piece by piece.
    pub streams: bool,
    /// Its answer is there to the last byte, and is being sealed.
    pub sealing: Option<Sealing>,
}

/// What is awaited between an answer and its storing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sealing {
    pub report: Report,
    /// The record as it was when the answer came; only a bug goes by it.
    pub found: Option<Bytes>,
}

/// One request on its way through Worker and object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Submission {
    pub client: usize,
    /// Whether the client still waits for this attempt.
    pub is_read: bool,
    pub isolate: usize,
    pub redelivered: bool,
    pub pass: Pass,
    pub has_body: bool,
    pub stage: Stage,
}

/// As in `edge::object::incoming_submission`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pass {
    First,
    Waited,
    Led,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Complete, and not yet at the object.
    AtWorker,
    /// Has read the record and not yet decided; only a bug lets anything come in between.
    Between(Option<Bytes>),
    /// Waits for the call that is open, until its deadline.
    Joined {
        deadline: u64,
    },
    Woken(Wakeup),
    /// Has the origin asked, and waits for what it says.
    Asking,
    /// Its own request is at the origin.
    Leading {
        claim: u8,
        attempt: u32,
        deadline: u64,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wakeup {
    LookAgain,
    /// The key was freed by this claim's origin; who shows its credential shares the answer.
    Released {
        claim: u8,
    },
}

/// The copy in KV. A reader may see what it was until a moment ago.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Kv {
    pub copy: Option<Bytes>,
    pub before: Option<(Bytes, u64)>,
    /// With a fault of the platform: what a dead instance was writing.
    pub stray: Option<Bytes>,
}

/// What an isolate remembers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CachedAnswer {
    pub record: Bytes,
    pub at: u64,
}

impl State {
    pub fn initial(setting: &Setting) -> Self {
        let client =
            |index: usize| ClientState { attempts: setting.clients[index].attempts, waits: false };
        Self {
            now: BEGINNING,
            object: Object::default(),
            undurable: None,
            submissions: Vec::new(),
            clients: [client(0), client(1), client(2)],
            kv: Kv::default(),
            isolates: [None, None],
            left: Left {
                crashes: setting.crashes,
                duplicates: setting.duplicates,
                interventions: setting.interventions,
                fences: setting.fences,
                probes: setting.probes,
            },
            ledger: Ledger::default(),
        }
    }

    pub fn ticks(&self) -> u64 {
        (self.now - BEGINNING) / TICK.0
    }

    pub fn clock(&self) -> UnixMillis {
        UnixMillis(self.now)
    }

    /// What the shard waits for, if it has no other key.
    pub fn agenda(&self) -> Agenda {
        let record = decode(&self.object.stored);
        let bucket = self.object.bucket.map(|at| Bucket(UnixMillis(at)));
        Agenda {
            next_bucket: bucket.filter(|bucket| *bucket != Bucket::WATCHED),
            watch: WATCH,
            in_flight: matches!(record, Record::InFlight { .. }),
            // The instances of this model know the alarm: that one may not is another's, `shard`.
            orphaned: false,
            unfinished: record == Record::Forgotten { until: None },
            next_probe: self.next_probe(&record),
        }
    }

    /// `probe::next_look`.
    fn next_probe(&self, record: &Record) -> Option<UnixMillis> {
        let Record::Unknown { claim, outcome } = record else { return None };
        let next = self.probes_left().then(|| settle().next_at(claim, outcome));
        // What is asked may have died, and is found once it has to be over.
        let next = next.map(|next| next.max(self.clock().plus(PATIENCE)));
        let end = claim.window_ends_at;
        claim.settles.then(|| next.map_or(end, |next| next.min(end)))
    }

    /// Whether the alarm has anything to ask with.
    pub fn probes_left(&self) -> bool {
        self.left.probes > 0
    }

    /// Whether an alarm rings by the time at which the shard wants to be woken.
    pub fn is_watched(&self) -> bool {
        let wanted = self.agenda().wants(self.clock());
        wanted.is_none_or(|latest| self.object.alarm.is_some_and(|at| at <= latest.0))
    }

    /// Whether there is anything that time could do something to.
    pub fn holds_something(&self) -> bool {
        let copies = self.kv.copy.is_some() || self.kv.before.is_some();
        self.object.stored.is_some() || copies || self.isolates.iter().any(Option::is_some)
    }

    /// Whether the object's instance holds anything in memory.
    pub fn lives(&self) -> bool {
        let Object { calls, copying, deleting, probes, .. } = &self.object;
        let works = !calls.is_empty() || copying.is_some() || *deleting || !probes.is_empty();
        works || self.submissions.iter().any(|one| one.stage != Stage::AtWorker)
    }

    /// One form for states that differ in nothing that matters: what nobody will hear of and what
    /// can no longer act is left out, and what has no order gets one.
    pub fn normalise(&mut self, setting: &Setting) {
        self.normalise_alarm();
        self.submissions.retain(|one| one.is_read || one.may_still_send());
        for one in self.submissions.iter_mut().filter(|one| !one.is_read) {
            one.isolate = 0;
            one.client = setting.first_like(one.client);
        }
        self.submissions.sort();
        self.object.calls.sort();
        self.object.probes.sort();
        if setting.first_like(1) == 0 {
            self.order_twins();
        }
    }

    /// An alarm may ring at any time, so that it rings too soon is explored without its being set so. It
    /// counts as set for the last moment that will do, if it is in time; where nothing is stored, it
    /// finds nothing. What several keys make of one alarm is another model's, `shard`.
    fn normalise_alarm(&mut self) {
        if self.is_watched() {
            self.object.alarm = self.agenda().wants(self.clock()).map(|at| at.0);
        }
    }

    /// The first two clients send the same: which of them is where makes no difference.
    fn order_twins(&mut self) {
        let mut other = self.submissions.clone();
        for one in other.iter_mut().filter(|one| one.is_read && one.client < 2) {
            one.client = 1 - one.client;
        }
        other.sort();
        let [first, second, _] = &self.clients;
        if (second, first, &other) < (first, second, &self.submissions) {
            self.submissions = other;
            self.clients.swap(0, 1);
        }
    }
}

impl Submission {
    /// When it looks at the record again, whatever it has heard by then.
    pub fn deadline(&self) -> Option<u64> {
        match self.stage {
            Stage::Joined { deadline } | Stage::Leading { deadline, .. } => Some(deadline),
            _ => None,
        }
    }

    pub fn waits(&self) -> bool {
        matches!(self.stage, Stage::Joined { .. })
    }

    /// Whether it can still make a claim, though nobody reads what it is told.
    fn may_still_send(&self) -> bool {
        let leads = matches!(self.stage, Stage::Leading { .. });
        self.has_body && self.pass != Pass::Led && !leads
    }
}

/// A record as it is stored; nothing for a vacant key.
pub fn encode(record: &Record) -> Option<Bytes> {
    match record {
        Record::Vacant => None,
        record => Some(record.encode().expect("a record that is not vacant is written").into()),
    }
}

pub fn decode(bytes: &Option<Bytes>) -> Record {
    bytes.as_ref().map_or(Record::Vacant, |bytes| {
        Record::decode(bytes).expect("what the codec wrote, it reads")
    })
}
