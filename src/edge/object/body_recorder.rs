//! Records the body of an answer: in the record itself where it is small, else in rows that are
//! written as it comes in, so that no large body is ever held in memory.

use super::super::platform::body::read_all;
use super::super::platform::streams::{ChunkBuffer, Chunks, Pipe, ReadAhead};
use super::origin_request::OriginRequest;
use super::record_store::{BodyRows, ROW_BYTES, RecordStore};
use crate::guard::origin::{has_no_body, may_end};
use crate::guard::record::{Answer, Body, INLINE_LIMIT};
use js_sys::Uint8Array;
use wasm_bindgen::JsValue;
use web_sys::Response;

pub struct BodyRecorder<'a> {
    store: &'a RecordStore,
    name: BodyRows,
    /// In bytes.
    limit: u64,
    rows: u32,
    stored: u64,
    buffer: ChunkBuffer,
}

/// What became of a body.
pub enum Recorded {
    Whole(Body),
    BrokeOff,
    TooMuch(TooMuch),
}

/// A body over the limit or without an end: what of it is stored, what is held, what is to come.
pub struct TooMuch {
    name: BodyRows,
    rows: u32,
    buffer: ChunkBuffer,
    rest: Chunks,
}

impl<'a> BodyRecorder<'a> {
    pub fn new(store: &'a RecordStore, request: &OriginRequest) -> Self {
        Self {
            store,
            name: BodyRows { claim: request.claim.id, attempt: request.claim.attempt },
            limit: request.settings.max_stored_response,
            rows: 0,
            stored: 0,
            buffer: ChunkBuffer::default(),
        }
    }

    /// Records the body of a response whose headers are in the answer; `promised` is its length in
    /// bytes.
    pub async fn record(
        self,
        response: &Response,
        answer: &Answer,
        promised: Option<u64>,
    ) -> Recorded {
        if has_no_body(answer.status) {
            return Recorded::Whole(Body::Inline { bytes: Vec::new() });
        }
        let content_type = answer.headers.iter().find(|(name, _)| name == "content-type");
        let endless = content_type.is_some_and(|(_, value)| !may_end(value));
        let small = |length: &u64| *length <= self.limit.min(INLINE_LIMIT as u64);
        match promised.filter(small) {
            Some(length) if !endless => record_small(response, length).await,
            _ => self.record_stream(response, endless, promised).await,
        }
    }

    async fn record_stream(
        mut self,
        response: &Response,
        endless: bool,
        promised: Option<u64>,
    ) -> Recorded {
        let Some(stream) = response.body() else {
            return Recorded::Whole(Body::Inline { bytes: Vec::new() });
        };
        let Ok(mut chunks) = Chunks::of(stream) else { return Recorded::BrokeOff };
        if endless || promised.is_some_and(|length| length > self.limit) {
            return self.too_much(chunks);
        }
        loop {
            match chunks.next().await {
                Ok(Some(chunk)) => self.buffer.push(chunk),
                Ok(None) if promised.is_none_or(|promised| promised == self.length()) => break,
                Ok(None) | Err(_) => return Recorded::BrokeOff,
            }
            if self.length() > self.limit {
                return self.too_much(chunks);
            }
            if self.store_full_rows().is_err() {
                return Recorded::BrokeOff;
            }
        }
        self.finish().map_or(Recorded::BrokeOff, Recorded::Whole)
    }

    fn length(&self) -> u64 {
        self.stored.saturating_add(self.buffer.length)
    }

    fn store_full_rows(&mut self) -> Result<(), JsValue> {
        if self.buffer.length < u64::from(ROW_BYTES) {
            return Ok(());
        }
        let bytes = self.buffer.take();
        let mut from = 0_u32;
        while bytes.length().saturating_sub(from) >= ROW_BYTES {
            let to = from.saturating_add(ROW_BYTES);
            self.put_row(&bytes.subarray(from, to))?;
            from = to;
        }
        if from < bytes.length() {
            self.buffer.push(bytes.slice(from, bytes.length()));
        }
        Ok(())
    }

    fn put_row(&mut self, bytes: &Uint8Array) -> Result<(), JsValue> {
        self.store.put_row(&self.name, self.rows, bytes)?;
        self.rows = self.rows.saturating_add(1);
        self.stored = self.stored.saturating_add(bytes.length().into());
        Ok(())
    }

    fn finish(mut self) -> Result<Body, JsValue> {
        let bytes = self.buffer.take();
        if self.rows == 0 && bytes.length() as usize <= INLINE_LIMIT {
            return Ok(Body::Inline { bytes: bytes.to_vec() });
        }
        if bytes.length() > 0 {
            self.put_row(&bytes)?;
        }
        Ok(Body::Rows { attempt: self.name.attempt, rows: self.rows, length: self.stored })
    }

    fn too_much(self, rest: Chunks) -> Recorded {
        let Self { name, rows, buffer, .. } = self;
        Recorded::TooMuch(TooMuch { name, rows, buffer, rest })
    }
}

/// A body that fits into the record, in one go.
async fn record_small(response: &Response, promised: u64) -> Recorded {
    match read_all(response).await {
        Ok(bytes) if u64::from(bytes.length()) == promised => {
            Recorded::Whole(Body::Inline { bytes: bytes.to_vec() })
        }
        Ok(_) | Err(_) => Recorded::BrokeOff,
    }
}

impl TooMuch {
    /// Hands the body on, and deletes what was stored of it.
    pub async fn pass_on(self, store: &RecordStore, pipe: Option<Pipe>) {
        let mut pipe = pipe;
        for row in 0..self.rows {
            let bytes = store.row(&self.name, row).ok().flatten();
            store.delete_row(&self.name, row);
            pipe = match (pipe, bytes) {
                (Some(pipe), Some(bytes)) => pipe.write(&bytes).await.is_ok().then_some(pipe),
                (Some(pipe), None) => {
                    pipe.abort("a row of the answer is missing").await;
                    None
                }
                (None, _) => None,
            };
        }
        let rest = ReadAhead { begun: self.buffer, rest: Some(self.rest) };
        match pipe {
            Some(pipe) => pipe.pass_on(rest).await,
            None => rest.discard().await,
        }
    }
}
