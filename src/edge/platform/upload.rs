//! A request's body as it comes in, outside WebAssembly's memory and within the limits of
//! [`crate::guard::uploads`].

use super::body_budget::BodyReservation;
use super::now;
use super::streams::{ByobReader, ChunkBuffer, Chunks, ReadAhead, ReadResult, byob_reader};
use super::timeout::sleep;
use crate::guard::time::{Millis, UnixMillis};
use crate::guard::uploads::next_buffer;
use futures_util::future::{Either, select};
use js_sys::futures::JsFuture;
use js_sys::{ArrayBuffer, Promise, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{ReadableStream, Request};
use worker::Delay;

/// Why a request's body could not be had.
pub enum BodyError {
    /// What has been read, and the rest.
    TooLarge(ReadAhead),
    /// The isolate, or the caller, holds too much already. What has been read, and the rest.
    NoRoom(ReadAhead),
    /// The client went away before the end.
    BrokeOff,
    /// The client is there, and sends nothing more.
    Stalled,
}

/// What a body may take of lengths, in bytes, and of time.
pub struct Limits {
    /// The length that the client said.
    pub promised: Option<u64>,
    pub most: u64,
    /// How long nothing may come.
    pub patience: Millis,
}

/// The whole body of a request.
pub async fn read_request(
    request: &Request,
    limits: Limits,
    reservation: &mut BodyReservation,
) -> Result<Uint8Array, BodyError> {
    let Some(stream) = request.body() else { return Ok(Uint8Array::new_with_length(0)) };
    let Limits { promised, most, .. } = limits;
    let mut upload = Upload::of(stream, limits).map_err(|_| BodyError::BrokeOff)?;
    while let Some(bytes) = upload.next().await? {
        if upload.arrived > most {
            return Err(BodyError::TooLarge(upload.pause()));
        }
        if !reservation.grow(bytes) {
            return Err(BodyError::NoRoom(upload.pause()));
        }
    }
    if promised.is_some_and(|length| length != upload.arrived) {
        return Err(BodyError::BrokeOff);
    }
    Ok(upload.take().take())
}

/// A body on its way. One buffer after the other is filled, so that many small pieces take no more
/// memory than a few large ones.
struct Upload {
    stream: ReadableStream,
    reader: ByobReader,
    limits: Limits,
    /// In bytes.
    arrived: u64,
    /// The buffers that are full.
    full: ChunkBuffer,
    /// The one that is being filled, up to here.
    buffer: ArrayBuffer,
    filled: u32,
    last_arrival: UnixMillis,
    /// One timer for the whole of it, which looks how long ago something came.
    timer: Delay,
}

impl Upload {
    fn of(stream: ReadableStream, limits: Limits) -> Result<Self, JsValue> {
        Ok(Self {
            reader: byob_reader(&stream)?,
            stream,
            arrived: 0,
            full: ChunkBuffer::default(),
            buffer: ArrayBuffer::new(next_buffer(0, limits.promised)),
            filled: 0,
            last_arrival: now(),
            timer: sleep(limits.patience),
            limits,
        })
    }

    /// Reads on. Returns how many bytes came, and `None` at the end.
    async fn next(&mut self) -> Result<Option<u64>, BodyError> {
        if self.filled == self.buffer.byte_length() {
            self.put_aside();
            self.buffer = ArrayBuffer::new(next_buffer(self.arrived, self.limits.promised));
        }
        let view = Uint8Array::new_with_byte_offset(&self.buffer, self.filled);
        let result = self.in_time(self.reader.read(&view)).await?;
        // The view's memory has moved into what the reader gives back (Streams, "BYOB").
        let chunk = result.value();
        self.buffer = chunk.buffer();
        if result.done() {
            return Ok(None);
        }
        let bytes = chunk.byte_length();
        self.filled = self.filled.saturating_add(bytes);
        self.arrived = self.arrived.saturating_add(bytes.into());
        self.last_arrival = now();
        Ok(Some(bytes.into()))
    }

    /// What a read gives, unless nothing comes for too long.
    async fn in_time(&mut self, read: Promise) -> Result<ReadResult, BodyError> {
        let mut read = JsFuture::from(read);
        loop {
            match select(&mut read, &mut self.timer).await {
                Either::Left((result, _)) => {
                    return result.map(JsCast::unchecked_into).map_err(|_| BodyError::BrokeOff);
                }
                Either::Right(((), _)) => {
                    let quiet = now().since(self.last_arrival);
                    let left = self.limits.patience.0.saturating_sub(quiet.0);
                    if left == 0 {
                        return Err(BodyError::Stalled);
                    }
                    self.timer = sleep(Millis(left));
                }
            }
        }
    }

    /// Puts what is in the buffer behind what is full.
    fn put_aside(&mut self) {
        let filled = std::mem::take(&mut self.filled);
        if filled > 0 {
            let part = Uint8Array::new_with_byte_offset_and_length(&self.buffer, 0, filled);
            self.full.push(part);
        }
    }

    /// All that has arrived.
    fn take(&mut self) -> ChunkBuffer {
        self.put_aside();
        std::mem::take(&mut self.full)
    }

    /// What has arrived, and the rest for somebody else to read.
    fn pause(mut self) -> ReadAhead {
        let begun = self.take();
        self.reader.release_lock();
        ReadAhead { begun, rest: Chunks::of(self.stream).ok() }
    }
}
