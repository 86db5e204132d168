//! Everything that a moment consists of: what is stored, what an instance of the object remembers,
//! what is on its way, and the ledger of what has happened.
//!
//! Records are held as the bytes that the shipped codec makes of them, in the object and in every
//! copy, so that what is explored is what is stored.

use crate::ledger::Ledger;
use crate::setting::{Setting, TICK};
use onlyonce::guard::record::Record;
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
    pub isolates: [Option<Seen>; 2],
    pub left: Left,
    pub ledger: Ledger,
}

/// What a client still has to do.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
}

/// One key's object: its storage, its alarm, and what its instance remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Object {
    pub stored: Option<Bytes>,
    pub alarm: Option<u64>,
    pub calls: Vec<Call>,
    /// A copy that is being written to KV.
    pub copying: Option<Bytes>,
}

/// A call to the origin that has not ended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Call {
    pub claim: u8,
    pub attempt: u32,
    /// Whether the origin has received it.
    pub sent: bool,
}

/// One request on its way through Worker and object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Submission {
    pub client: usize,
    /// Whether the client still waits for this attempt.
    pub is_read: bool,
    pub isolate: usize,
    pub redelivered: bool,
    pub turn: Turn,
    pub has_body: bool,
    pub stage: Stage,
}

/// As in `edge::key_object`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Turn {
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
    Joined,
    Woken(News),
    /// Its own request is at the origin.
    Leading { claim: u8, attempt: u32, deadline: u64 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum News {
    LookAgain,
    /// The key was freed by this claim's origin; who shows its credential shares the answer.
    Released { claim: u8 },
}

/// The copy in KV. A reader may see what it was until a moment ago.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Kv {
    pub copy: Option<Bytes>,
    pub before: Option<(Bytes, u64)>,
}

/// What an isolate remembers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Seen {
    pub record: Bytes,
    pub at: u64,
}

impl State {
    pub fn initial(setting: &Setting) -> Self {
        let client = |index: usize| ClientState {
            attempts: setting.clients[index].attempts,
            waits: false,
        };
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

    /// One order for what has none, so that no two states differ by it alone.
    pub fn normalise(&mut self) {
        self.submissions.sort();
        self.object.calls.sort();
    }
}

/// A record as it is stored; nothing for a vacant key.
pub fn encode(record: &Record) -> Option<Bytes> {
    record.encode().map(Bytes::from)
}

pub fn decode(bytes: &Option<Bytes>) -> Record {
    bytes.as_ref().map_or(Record::Vacant, |bytes| {
        Record::decode(bytes).expect("what the codec wrote, it reads")
    })
}
