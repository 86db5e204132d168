//! A record as it arrives from the object or from KV, with the answer's body.

use super::body::{Chunks, Gathered};
use crate::guard::record::{Body, Record};
use js_sys::Uint8Array;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::ReadableStream;

/// A record whose body, where it is large, has yet to come in.
pub struct Stored {
    pub record: Rc<Record>,
    pub rest: Option<Rest>,
}

/// The body that follows a record: what has come with it, and what is on its way.
pub struct Rest {
    pub length: u64,
    pub begun: Gathered,
    pub chunks: Chunks,
}

impl Stored {
    pub async fn read(stream: &ReadableStream) -> Result<Self, JsValue> {
        let mut chunks = Chunks::of(stream)?;
        let mut bytes = Vec::new();
        loop {
            let chunk = chunks.next().await?.ok_or("the record broke off")?;
            bytes.extend(chunk.to_vec());
            let decoded = Record::decode_head(&bytes).map_err(|error| error.sentence())?;
            let Some((record, _, body)) = decoded else { continue };
            let Some(Body::Rows { length, .. }) = record.answer().map(|answer| &answer.body) else {
                return Self::small(bytes, chunks).await;
            };
            let (length, mut begun) = (*length, Gathered::default());
            begun.push(Uint8Array::from(body));
            let record = Rc::new(record);
            return Ok(Self { record, rest: Some(Rest { length, begun, chunks }) });
        }
    }

    async fn small(mut bytes: Vec<u8>, mut chunks: Chunks) -> Result<Self, JsValue> {
        while let Some(chunk) = chunks.next().await? {
            bytes.extend(chunk.to_vec());
        }
        Self::decode(&bytes)
    }

    fn decode(bytes: &[u8]) -> Result<Self, JsValue> {
        let record = Record::decode(bytes).map_err(|error| error.sentence())?;
        Ok(Self { record: Rc::new(record), rest: None })
    }

    /// A record that came in one piece, and its body where that lies in rows.
    pub fn handed_over(bytes: &[u8], body: JsValue) -> Result<Self, JsValue> {
        let mut stored = Self::decode(bytes)?;
        if let Some(Body::Rows { length, .. }) = stored.record.answer().map(|answer| &answer.body) {
            let stream: ReadableStream = body.dyn_into()?;
            let (length, begun) = (*length, Gathered::default());
            stored.rest = Some(Rest { length, begun, chunks: Chunks::of(&stream)? });
        }
        Ok(stored)
    }
}
