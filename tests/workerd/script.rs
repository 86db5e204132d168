//! What the origin answers: replies as data, and gates that hold them back.
//!
//! 1. A gate is the only way a test makes the origin slow: the test learns that a request is held there,
//!    and lets it go.
//! 2. A gate whose test has ended is open: no thread waits for a test that is gone.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use crate::wire::Headers;

/// How long a test waits for a signal before it fails.
pub const SIGNAL: Duration = Duration::from_secs(30);

/// gzip of "tea"; to decode it and encode it again would not make the same bytes.
pub const GZIPPED_TEA: [u8; 23] = [
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x2b, 0x49, 0x4d, 0x04, 0x00, 0xb2,
    0xd7, 0x86, 0x8e, 0x03, 0x00, 0x00, 0x00,
];

#[derive(Clone)]
pub struct Reply {
    pub status: u16,
    pub reason: &'static str,
    pub headers: Headers,
    pub body: Vec<u8>,
    pub ending: Ending,
    pub latch: Option<Arc<Latch>>,
}

/// How the reply goes out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ending {
    Whole,
    /// In chunks of this size, then the last chunk.
    Chunked(usize),
    /// The same, and then the connection closes where the last chunk should be.
    ChunkedWithoutEnd(usize),
    /// In chunks, with the gate behind this many bytes of the body.
    ChunkedPauseAfter(usize),
    /// Whole, but the gate is behind this many bytes of the body and not before the head.
    PauseAfter(usize),
    /// The connection closes after this many bytes of a body whose full length was promised.
    CutAfter(usize),
    /// The request is read and the connection closed without a byte of answer.
    NoAnswer,
}

impl Reply {
    pub fn new(status: u16) -> Reply {
        Reply {
            status,
            reason: "Scripted",
            headers: Headers::default(),
            body: Vec::new(),
            ending: Ending::Whole,
            latch: None,
        }
    }

    pub fn json(status: u16, body: &str) -> Reply {
        Reply::new(status).header("Content-Type", "application/json").body(body)
    }

    pub fn reason(mut self, reason: &'static str) -> Reply {
        self.reason = reason;
        self
    }

    /// The connection is dropped after the request was read.
    pub fn no_answer() -> Reply {
        Reply::new(0).ending(Ending::NoAnswer)
    }

    pub fn header(mut self, name: &str, value: &str) -> Reply {
        self.headers.push(name, value);
        self
    }

    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Reply {
        self.body = body.into();
        self
    }

    pub fn ending(mut self, ending: Ending) -> Reply {
        self.ending = ending;
        self
    }

    pub fn held_by(self, gate: &Gate) -> Reply {
        self.waiting_at(gate.latch())
    }

    pub fn waiting_at(mut self, latch: Arc<Latch>) -> Reply {
        self.latch = Some(latch);
        self
    }

    pub fn pass_gate(&self) {
        if let Some(latch) = &self.latch {
            latch.pass();
        }
    }
}

/// The test's end of a latch; opening it (or dropping it) lets every held request go on.
pub struct Gate(Arc<Latch>);

impl Gate {
    pub fn new() -> Gate {
        Gate(Arc::default())
    }

    /// What a script that makes its replies one by one holds them with.
    pub fn latch(&self) -> Arc<Latch> {
        self.0.clone()
    }

    /// Returns when `count` requests have come to this gate.
    #[track_caller]
    pub fn wait_for(&self, count: usize) {
        let held = self.0.state.lock().unwrap();
        let fewer = |state: &mut State| state.arrived < count;
        let (state, late) = self.0.changed.wait_timeout_while(held, SIGNAL, fewer).unwrap();
        let arrived = state.arrived;
        drop(state);
        assert!(!late.timed_out(), "the origin holds {arrived} requests, {count} were to come");
    }

    pub fn open(&self) {
        self.0.state.lock().unwrap().open = true;
        self.0.changed.notify_all();
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.open();
    }
}

/// The origin's end.
#[derive(Default)]
pub struct Latch {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    arrived: usize,
    open: bool,
}

impl Latch {
    fn pass(&self) {
        let mut state = self.state.lock().unwrap();
        state.arrived += 1;
        self.changed.notify_all();
        drop(self.changed.wait_while(state, |state| !state.open).unwrap());
    }
}
