//! Keeps the body of an answer: in the record itself where it is small, else in rows that are
//! written as it comes in, so that no large body is ever held in memory.

use super::body::{Chunks, Gathered, Pipe, ReadAhead, pass_on_stored};
use super::js;
use super::origin_call::Order;
use super::store::{ROW_BYTES, RowName, Store};
use crate::guard::origin::{has_no_body, may_end};
use crate::guard::record::{Answer, Body, INLINE_LIMIT};
use std::future::Future;
use wasm_bindgen::JsValue;
use web_sys::Response;

pub struct Keeper<'a> {
    store: &'a Store,
    name: RowName,
    attempt: u32,
    limit: u64,
    rows: u32,
    stored: u64,
    gathered: Gathered,
}

/// What became of a body.
pub enum Kept {
    Whole(Body),
    BrokeOff,
    TooMuch(TooMuch),
}

/// A body over the limit or without an end: what of it is stored, what is held, what is to come.
pub struct TooMuch {
    name: RowName,
    rows: u32,
    gathered: Gathered,
    rest: Chunks,
}

impl<'a> Keeper<'a> {
    pub fn new(store: &'a Store, order: &Order) -> Self {
        let attempt = order.claim.attempt;
        Self {
            store,
            name: RowName::new(&order.claim.id, attempt),
            attempt,
            limit: order.settings.max_stored_response,
            rows: 0,
            stored: 0,
            gathered: Gathered::default(),
        }
    }

    /// The body of a response whose headers are in the answer; `promised` is its length in bytes.
    pub async fn keep(self, response: &Response, answer: &Answer, promised: Option<u64>) -> Kept {
        if has_no_body(answer.status) {
            return Kept::Whole(Body::Inline { bytes: Vec::new() });
        }
        let content_type = answer.headers.iter().find(|(name, _)| name == "content-type");
        let endless = content_type.is_some_and(|(_, value)| !may_end(value));
        let small = |length: &u64| *length <= self.limit.min(INLINE_LIMIT as u64);
        match promised.filter(small) {
            Some(length) if !endless => small_body(response, length).await,
            _ => self.keep_stream(response, endless, promised).await,
        }
    }

    async fn keep_stream(
        mut self,
        response: &Response,
        endless: bool,
        promised: Option<u64>,
    ) -> Kept {
        let Some(stream) = response.body() else {
            return Kept::Whole(Body::Inline { bytes: Vec::new() });
        };
        let Ok(mut chunks) = Chunks::of(&stream) else { return Kept::BrokeOff };
        if endless || promised.is_some_and(|length| length > self.limit) {
            return self.too_much(chunks);
        }
        loop {
            match chunks.next().await {
                Ok(Some(chunk)) => self.gathered.push(chunk),
                Ok(None) if promised.is_none_or(|promised| promised == self.length()) => break,
                Ok(None) | Err(_) => return Kept::BrokeOff,
            }
            if self.length() > self.limit {
                return self.too_much(chunks);
            }
            if self.store_full_rows().is_err() {
                return Kept::BrokeOff;
            }
        }
        self.finish().map_or(Kept::BrokeOff, Kept::Whole)
    }

    fn length(&self) -> u64 {
        self.stored.saturating_add(self.gathered.length)
    }

    fn store_full_rows(&mut self) -> Result<(), JsValue> {
        if self.gathered.length < u64::from(ROW_BYTES) {
            return Ok(());
        }
        let bytes = self.gathered.join();
        let mut from = 0_u32;
        while bytes.length().saturating_sub(from) >= ROW_BYTES {
            let to = from.saturating_add(ROW_BYTES);
            self.put_row(&bytes.subarray(from, to))?;
            from = to;
        }
        if from < bytes.length() {
            self.gathered.push(bytes.slice(from, bytes.length()));
        }
        Ok(())
    }

    fn put_row(&mut self, bytes: &js_sys::Uint8Array) -> Result<(), JsValue> {
        self.store.put_row(&self.name, self.rows, bytes)?;
        self.rows = self.rows.saturating_add(1);
        self.stored = self.stored.saturating_add(bytes.length().into());
        Ok(())
    }

    fn finish(mut self) -> Result<Body, JsValue> {
        let bytes = self.gathered.join();
        if self.rows == 0 && bytes.length() as usize <= INLINE_LIMIT {
            return Ok(Body::Inline { bytes: bytes.to_vec() });
        }
        if bytes.length() > 0 {
            self.put_row(&bytes)?;
        }
        Ok(Body::Rows { attempt: self.attempt, rows: self.rows, length: self.stored })
    }

    fn too_much(self, rest: Chunks) -> Kept {
        let Self { name, rows, gathered, .. } = self;
        Kept::TooMuch(TooMuch { name, rows, gathered, rest })
    }
}

/// A body that fits into the record, in one go.
async fn small_body(response: &Response, promised: u64) -> Kept {
    match js::bytes(response).await {
        Ok(bytes) if u64::from(bytes.length()) == promised => {
            Kept::Whole(Body::Inline { bytes: bytes.to_vec() })
        }
        Ok(_) | Err(_) => Kept::BrokeOff,
    }
}

impl TooMuch {
    /// Hands the body on, and deletes what was stored of it.
    pub fn hand_on(self, store: &Store, pipe: Option<Pipe>) -> impl Future<Output = ()> + use<> {
        let stored = (store, &self.name, self.rows);
        let read = ReadAhead { body: self.gathered, rest: Some(self.rest) };
        pass_on_stored(Some(stored), pipe, read)
    }
}
