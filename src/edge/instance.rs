//! What one instance of an object knows besides the record: who waits, which calls are open, and
//! what is being copied or read.
//!
//! 1. Never a static: objects share isolates.
//! 2. A new instance starts with nothing of it, and the rules make a record in flight without an
//!    open call unknown.

use super::oneshot;
use crate::guard::machine::InMemoryState;
use crate::guard::record::Answer;
use crate::guard::scope::Credential;
use js_sys::Uint8Array;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use web_sys::AbortController;

#[derive(Default)]
pub struct Instance {
    /// The attempts of the living claim whose calls have not ended.
    open_calls: RefCell<Vec<OpenCall>>,
    waiting: RefCell<Vec<oneshot::Sender<News>>>,
    /// How many answers are being read from rows.
    readers: Rc<Cell<u32>>,
    /// How many copies of the answer are on their way to KV.
    copies: Rc<Cell<u32>>,
}

/// A call to the origin that has not ended.
struct OpenCall {
    attempt: u32,
    abort: AbortController,
}

/// What those who wait are woken with.
#[derive(Clone)]
pub enum News {
    /// The record has changed.
    LookAgain,
    /// The origin did not process it; who shows the same credential may share the answer.
    Released(Rc<Released>),
}

/// An answer that is passed on and not stored.
pub struct Released {
    pub answer: Answer,
    pub body: Uint8Array,
    pub credential: Credential,
    pub replay_set_cookie: bool,
}

/// Work that counts as under way until this is dropped.
pub struct UnderWay(Rc<Cell<u32>>);

impl UnderWay {
    fn one_more(count: &Rc<Cell<u32>>) -> Self {
        count.set(count.get().saturating_add(1));
        Self(count.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

impl Instance {
    /// As the rules look at it.
    pub fn with_live<T>(&self, look: impl FnOnce(InMemoryState) -> T) -> T {
        let waiting = self.waiting.borrow().iter().filter(|waiter| !waiter.is_alone()).count();
        let open_calls: Vec<u32> =
            self.open_calls.borrow().iter().map(|call| call.attempt).collect();
        look(InMemoryState { open_calls: &open_calls, waiting, copying: self.copies.get() > 0 })
    }

    pub fn begin_call(&self, attempt: u32, abort: AbortController) {
        self.open_calls.borrow_mut().push(OpenCall { attempt, abort });
    }

    pub fn end_call(&self, attempt: u32) {
        self.open_calls.borrow_mut().retain(|open| open.attempt != attempt);
    }

    pub fn abort_calls(&self) {
        self.open_calls.borrow().iter().for_each(|call| call.abort.abort());
    }

    /// One more who waits, and hears what [`Instance::wake`] is given.
    pub fn wait(&self) -> oneshot::Receiver<News> {
        let (waiter, news) = oneshot::channel();
        let mut waiting = self.waiting.borrow_mut();
        waiting.retain(|waiter| !waiter.is_alone());
        waiting.push(waiter);
        news
    }

    pub fn wake(&self, news: &News) {
        for waiter in self.waiting.take() {
            // A waiter that gave up needs no news.
            waiter.send(news.clone());
        }
    }

    pub fn begin_copy(&self) -> UnderWay {
        UnderWay::one_more(&self.copies)
    }

    /// The alarm deletes no rows of an answer until what this returns is dropped.
    pub fn begin_reading(&self) -> UnderWay {
        UnderWay::one_more(&self.readers)
    }

    pub fn is_read(&self) -> bool {
        self.readers.get() > 0
    }
}
