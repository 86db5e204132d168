//! What one instance of a shard knows of its keys besides their records: who waits, which calls are
//! open, and what is being copied, read or asked.
//!
//! 1. Never a static: objects share isolates.
//! 2. Everything is kept by key, and a key of which nothing is to be known is not in here.
//! 3. A new instance starts with nothing of it, and the rules make a record in flight without an
//!    open call unknown.

use super::live_head::LiveHead;
use crate::guard::machine::InMemoryState;
use crate::guard::record::{Claim, ClaimId, Record};
use crate::guard::scope::{Credential, RecordId};
use crate::guard::shard::places::is_given_up;
use crate::guard::time::{Millis, UnixMillis};
use futures_channel::oneshot;
use js_sys::Uint8Array;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use web_sys::AbortController;

#[derive(Default)]
pub struct InMemory {
    keys: RefCell<HashMap<RecordId, KeyMemory>>,
}

/// What is known of one key.
#[derive(Default)]
struct KeyMemory {
    /// The attempts of the living claim whose calls have not ended.
    open_calls: Vec<OpenCall>,
    waiting: Vec<Waiter>,
    /// What else is going on, each as often as it is.
    under_way: Vec<Work>,
}

/// Somebody who waits for the answer of an open call.
struct Waiter {
    /// Whether they show the claim's credential.
    is_owner: bool,
    wakeup: oneshot::Sender<Wakeup>,
}

/// A call to the origin that has not ended.
struct OpenCall {
    attempt: u32,
    abort: AbortController,
    /// By when its headers were due, as long as it waits for them.
    headers_due: Option<UnixMillis>,
    /// Whether its answer is coming in as a stream.
    streams: bool,
}

/// What those who wait are woken with.
#[derive(Clone)]
pub enum Wakeup {
    /// The record has changed.
    LookAgain,
    /// It has, and holds an answer now, of which those who wait may see all that its first caller sees.
    Answered(Rc<Answered>),
    /// The origin did not process it; who shows the same credential may share the answer.
    Released(Rc<Released>),
}

impl Wakeup {
    /// Whatever the record is now.
    pub fn look_again(_: &Record) -> Self {
        Self::LookAgain
    }
}

/// A claim's answer as it came.
pub struct Answered {
    pub claim: ClaimId,
    pub head: LiveHead,
}

/// An answer that is passed on and not stored.
pub struct Released {
    pub head: LiveHead,
    pub body: Uint8Array,
    pub credential: Credential,
    pub origin_time: Millis,
}

/// What of a key is under way, which the rules have to know.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Work {
    /// A copy of the answer is on its way to KV.
    Copying,
    /// The answer is being read from rows.
    Reading,
    /// The copy is being deleted.
    Deleting,
    /// The origin is being asked what became of this claim.
    Probing(ClaimId),
}

/// Work that counts as under way until this is dropped.
pub struct UnderWay {
    memory: Rc<InMemory>,
    id: RecordId,
    work: Work,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.memory.change(&self.id, |key| {
            if let Some(at) = key.under_way.iter().position(|work| *work == self.work) {
                key.under_way.swap_remove(at);
            }
        });
    }
}

impl KeyMemory {
    fn is_under_way(&self, work: Work) -> bool {
        self.under_way.contains(&work)
    }

    /// The claims of which the origin is being asked what became.
    fn probing(&self) -> Vec<ClaimId> {
        let claim = |work: &Work| match work {
            Work::Probing(claim) => Some(*claim),
            _ => None,
        };
        self.under_way.iter().filter_map(claim).collect()
    }

    fn is_empty(&self) -> bool {
        self.open_calls.is_empty() && self.waiting.is_empty() && self.under_way.is_empty()
    }
}

impl InMemory {
    /// A key as the rules look at it.
    pub fn with_state<T>(&self, id: &RecordId, look: impl FnOnce(InMemoryState) -> T) -> T {
        let keys = self.keys.borrow();
        let Some(key) = keys.get(id) else { return look(InMemoryState::default()) };
        let open_calls: Vec<u32> = key.open_calls.iter().map(|call| call.attempt).collect();
        let streams = key.open_calls.iter().filter(|call| call.streams);
        let streaming: Vec<u32> = streams.map(|call| call.attempt).collect();
        let probing = key.probing();
        let waiting = || key.waiting.iter().filter(|waiter| !waiter.wakeup.is_canceled());
        look(InMemoryState {
            open_calls: &open_calls,
            streaming: &streaming,
            waiting: waiting().count(),
            others_waiting: waiting().filter(|waiter| !waiter.is_owner).count(),
            copying: key.is_under_way(Work::Copying),
            reading: key.is_under_way(Work::Reading),
            probing: &probing,
        })
    }

    fn change<T>(&self, id: &RecordId, change: impl FnOnce(&mut KeyMemory) -> T) -> T {
        let mut keys = self.keys.borrow_mut();
        let key = keys.entry(*id).or_default();
        let changed = change(key);
        if key.is_empty() {
            keys.remove(id);
        }
        changed
    }

    pub fn begin_call(&self, id: &RecordId, claim: &Claim, abort: AbortController) {
        let headers_due = Some(claim.deadline_at);
        let call = OpenCall { attempt: claim.attempt, abort, headers_due, streams: false };
        self.change(id, |key| key.open_calls.push(call));
    }

    pub fn headers_came(&self, id: &RecordId, attempt: u32) {
        self.change(id, |key| {
            let mut calls = key.open_calls.iter_mut();
            if let Some(call) = calls.find(|call| call.attempt == attempt) {
                call.headers_due = None;
            }
        });
    }

    /// Ends the calls whose headers are waited for no longer.
    pub fn abort_given_up(&self, now: UnixMillis) {
        let keys = self.keys.borrow();
        for call in keys.values().flat_map(|key| &key.open_calls) {
            if call.headers_due.is_some_and(|due| is_given_up(due, now)) {
                call.abort.abort();
            }
        }
    }

    /// The answer to a call has begun to come in, and is a stream.
    pub fn begin_stream(&self, id: &RecordId, attempt: u32) {
        self.change(id, |key| {
            let call = key.open_calls.iter_mut().find(|call| call.attempt == attempt);
            call.into_iter().for_each(|call| call.streams = true);
        });
    }

    pub fn streams(&self, id: &RecordId, attempt: u32) -> bool {
        self.with_state(id, |state| state.streaming.contains(&attempt))
    }

    pub fn end_call(&self, id: &RecordId, attempt: u32) {
        self.change(id, |key| key.open_calls.retain(|open| open.attempt != attempt));
    }

    pub fn abort_calls(&self, id: &RecordId) {
        if let Some(key) = self.keys.borrow().get(id) {
            key.open_calls.iter().for_each(|call| call.abort.abort());
        }
    }

    pub fn has_open_calls(&self) -> bool {
        self.keys.borrow().values().any(|key| !key.open_calls.is_empty())
    }

    /// One more who waits for a key, and hears what [`InMemory::wake`] is given.
    pub fn wait(&self, id: &RecordId, is_owner: bool) -> oneshot::Receiver<Wakeup> {
        let (wakeup, woken) = oneshot::channel();
        self.change(id, |key| {
            key.waiting.retain(|waiter| !waiter.wakeup.is_canceled());
            key.waiting.push(Waiter { is_owner, wakeup });
        });
        woken
    }

    pub fn wake(&self, id: &RecordId, wakeup: &Wakeup) {
        let waiting = self.change(id, |key| std::mem::take(&mut key.waiting));
        for waiter in waiting {
            // One that gave up needs no word.
            let _ = waiter.wakeup.send(wakeup.clone());
        }
    }

    pub fn begin_copy(self: &Rc<Self>, id: &RecordId) -> UnderWay {
        self.begin(id, Work::Copying)
    }

    /// The alarm deletes no rows of an answer until what this returns is dropped.
    pub fn begin_reading(self: &Rc<Self>, id: &RecordId) -> UnderWay {
        self.begin(id, Work::Reading)
    }

    /// Returns `None` while the copy is being deleted already.
    pub fn begin_deleting(self: &Rc<Self>, id: &RecordId) -> Option<UnderWay> {
        let is_under_way = |key: &KeyMemory| key.is_under_way(Work::Deleting);
        let is_deleting = self.keys.borrow().get(id).is_some_and(is_under_way);
        (!is_deleting).then(|| self.begin(id, Work::Deleting))
    }

    /// Nobody else asks about the claim until what this returns is dropped.
    pub fn begin_probe(self: &Rc<Self>, id: &RecordId, claim: ClaimId) -> UnderWay {
        self.begin(id, Work::Probing(claim))
    }

    fn begin(self: &Rc<Self>, id: &RecordId, work: Work) -> UnderWay {
        self.change(id, |key| key.under_way.push(work));
        UnderWay { memory: self.clone(), id: *id, work }
    }
}
