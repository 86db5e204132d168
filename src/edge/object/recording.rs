//! The body of an answer as it comes in: in the record itself where it is small, else in rows that are
//! written as it comes, so that no large body is ever held in memory. One that is not kept as it comes is held
//! in memory to its end, and is short.
//!
//! 1. The origin is read as fast as it sends: a connection that nobody reads may be closed by the platform
//!    in favour of another (Workers, "Limits"), and a caller may be slow or gone.
//! 2. A caller who may see the body before its end follows at a pace of its own, from the rows and from what
//!    is not in a row yet.

use super::super::platform::streams::{Chunks, Pipe, RowBuffer};
use super::context::ObjectContext;
use super::record_store::{BodyRows, ROW_BYTES};
use super::reply::is_taken_in_time;
use crate::guard::record::{Body, INLINE_LIMIT};
use futures_channel::oneshot;
use js_sys::Uint8Array;
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::JsValue;

pub struct Recording {
    context: Rc<ObjectContext>,
    name: BodyRows,
    /// In bytes.
    limit: u64,
    /// Nothing of it is stored before its end.
    in_memory: bool,
    so_far: RefCell<SoFar>,
}

#[derive(Default)]
struct SoFar {
    rows: u32,
    /// How many bytes are in rows.
    stored: u64,
    /// What is in none yet.
    buffer: RowBuffer,
    /// Nothing is added any more.
    has_ended: bool,
    follower: Option<oneshot::Sender<()>>,
}

/// What became of a body.
pub enum Recorded {
    Whole(Body),
    BrokeOff,
    /// It is over the limit; this has not been read.
    TooMuch(Chunks),
}

/// What there is for one who follows.
enum Next {
    Bytes(Uint8Array),
    /// Nothing yet.
    Later(oneshot::Receiver<()>),
    End,
}

impl SoFar {
    fn length(&self) -> u64 {
        self.stored.saturating_add(self.buffer.length().into())
    }

    fn wake_follower(&mut self) {
        // One that is gone needs no word.
        let _ = self.follower.take().map(|follower| follower.send(()));
    }
}

impl Recording {
    pub fn new(context: Rc<ObjectContext>, name: BodyRows, limit: u64, in_memory: bool) -> Self {
        Self { context, name, limit, in_memory, so_far: RefCell::default() }
    }

    /// Records what has come and what comes, to its end or to the limit.
    pub async fn record(&self, begun: &Uint8Array, mut chunks: Chunks) -> Recorded {
        let mut length = self.add(begun);
        loop {
            match length {
                Ok(length) if length > self.limit => return Recorded::TooMuch(chunks),
                Ok(_) => {}
                Err(_) => return Recorded::BrokeOff,
            }
            length = match chunks.next().await {
                Ok(Some(chunk)) => self.add(&chunk),
                Ok(None) => return self.whole(),
                Err(_) => return Recorded::BrokeOff,
            }
        }
    }

    /// Adds a piece, and writes the rows that are full. Returns the length by now.
    fn add(&self, chunk: &Uint8Array) -> Result<u64, JsValue> {
        let mut so_far = self.so_far.borrow_mut();
        so_far.buffer.push(chunk);
        let mut from = 0_u32;
        while !self.in_memory && so_far.buffer.length().saturating_sub(from) >= ROW_BYTES {
            let row = so_far.buffer.since(from).subarray(0, ROW_BYTES);
            self.put_row(&mut so_far, &row)?;
            from = from.saturating_add(ROW_BYTES);
        }
        if from > 0 {
            so_far.buffer.drop_first(from);
        }
        so_far.wake_follower();
        Ok(so_far.length())
    }

    fn put_row(&self, so_far: &mut SoFar, bytes: &Uint8Array) -> Result<(), JsValue> {
        self.context.store.put_row(&self.name, so_far.rows, bytes)?;
        so_far.rows = so_far.rows.saturating_add(1);
        so_far.stored = so_far.stored.saturating_add(bytes.length().into());
        Ok(())
    }

    fn whole(&self) -> Recorded {
        match self.body(&mut self.so_far.borrow_mut()) {
            Ok(body) => Recorded::Whole(body),
            Err(_) => Recorded::BrokeOff,
        }
    }

    fn body(&self, so_far: &mut SoFar) -> Result<Body, JsValue> {
        let is_small = so_far.rows == 0 && so_far.buffer.length() as usize <= INLINE_LIMIT;
        if is_small || self.in_memory {
            return Ok(Body::Inline { bytes: so_far.buffer.since(0).to_vec() });
        }
        let rest = std::mem::take(&mut so_far.buffer);
        if rest.length() > 0 {
            self.put_row(so_far, &rest.since(0))?;
        }
        Ok(Body::Rows { attempt: self.name.attempt, rows: so_far.rows, length: so_far.stored })
    }

    /// Nothing is added any more, and a follower may come to its end.
    pub fn end(&self) {
        let mut so_far = self.so_far.borrow_mut();
        so_far.has_ended = true;
        so_far.wake_follower();
    }

    /// Hands all that is recorded to a caller, as it comes. Returns the caller's pipe once it has everything,
    /// and `None` if the caller is gone.
    pub async fn follow(&self, pipe: Option<Pipe>) -> Option<Pipe> {
        let pipe = pipe?;
        let mut given = 0_u64;
        loop {
            match self.next(given) {
                Ok(Next::Bytes(bytes)) if is_taken_in_time(&pipe, &bytes).await => {
                    given = given.saturating_add(bytes.length().into());
                }
                Ok(Next::Bytes(_)) | Err(_) => {
                    pipe.abort("the answer could not be read to its end").await;
                    return None;
                }
                // That nothing is added any more is told as well.
                Ok(Next::Later(more)) => drop(more.await),
                Ok(Next::End) => return Some(pipe),
            }
        }
    }

    /// What there is behind the bytes that a follower has. All rows but the last are full.
    fn next(&self, given: u64) -> Result<Next, JsValue> {
        let mut so_far = self.so_far.borrow_mut();
        if given < so_far.stored {
            let row_bytes = u64::from(ROW_BYTES);
            let row = given.checked_div(row_bytes).and_then(|row| u32::try_from(row).ok());
            let bytes = self.context.store.row(&self.name, row.unwrap_or(u32::MAX))?;
            let from = given.checked_rem(row_bytes).and_then(|from| u32::try_from(from).ok());
            let bytes = bytes.ok_or("a row of the answer is missing")?;
            return Ok(Next::Bytes(bytes.subarray(from.unwrap_or_default(), bytes.length())));
        }
        if given < so_far.length() {
            let from = u32::try_from(given.saturating_sub(so_far.stored)).unwrap_or(u32::MAX);
            let bytes = so_far.buffer.since(from);
            // A view would change under whoever reads it.
            return Ok(Next::Bytes(bytes.slice(0, bytes.length())));
        }
        if so_far.has_ended {
            return Ok(Next::End);
        }
        let (follower, more) = oneshot::channel();
        so_far.follower = Some(follower);
        Ok(Next::Later(more))
    }

    /// What is over the limit: what was recorded goes, and the caller who has it gets the rest as it comes.
    /// One who leaves does not end the origin's work: it is read to its end.
    pub async fn hand_on(&self, rest: Chunks, pipe: Option<Pipe>) {
        for row in 0..self.so_far.borrow().rows {
            self.context.store.delete_row(&self.name, row);
        }
        match pipe {
            Some(pipe) => pipe.pass_on_to_its_end(rest).await,
            None => rest.read_to_end().await,
        }
    }
}
