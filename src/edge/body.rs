//! Bodies: read to the end within a limit, and written without holding more than a chunk.

use super::held::Held;
use super::js::{self, FixedLengthStream, ReadResult, Readable, Reader, Writer};
use super::store::{RowName, Store};
use crate::guard::time::Millis;
use js_sys::{Promise, Uint8Array};
use std::future::Future;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{ReadableStream, Request};

/// Why a request's body could not be had.
pub enum BodyError {
    /// What has been read, and the rest.
    TooLarge(ReadAhead),
    /// The isolate holds too much already.
    NoRoom,
    /// The client went away before the end.
    BrokeOff,
}

/// The whole body of a request, outside WebAssembly's memory. Where the client promised its length
/// in bytes, within the limit, it is read in one go.
pub async fn read_request(
    request: &Request,
    promised: Option<u64>,
    limit: u64,
    held: &mut Held,
) -> Result<Uint8Array, BodyError> {
    match promised.filter(|length| *length <= limit) {
        Some(length) => read_promised(request, length, held).await,
        None => read_stream(request, limit, held).await,
    }
}

async fn read_promised(
    request: &Request,
    length: u64,
    held: &mut Held,
) -> Result<Uint8Array, BodyError> {
    if !held.grow(length) {
        return Err(BodyError::NoRoom);
    }
    let body = js::bytes(request).await.map_err(|_| BodyError::BrokeOff)?;
    if u64::from(body.length()) == length { Ok(body) } else { Err(BodyError::BrokeOff) }
}

async fn read_stream(
    request: &Request,
    limit: u64,
    held: &mut Held,
) -> Result<Uint8Array, BodyError> {
    let Some(stream) = request.body() else { return Ok(Uint8Array::new_with_length(0)) };
    let mut chunks = Chunks::of(&stream).map_err(|_| BodyError::BrokeOff)?;
    let mut body = Gathered::default();
    while let Some(chunk) = chunks.next().await.map_err(|_| BodyError::BrokeOff)? {
        if body.length.saturating_add(chunk.length().into()) > limit {
            body.push(chunk);
            return Err(BodyError::TooLarge(ReadAhead { body, rest: Some(chunks) }));
        }
        if !held.grow(chunk.length().into()) {
            return Err(BodyError::NoRoom);
        }
        body.push(chunk);
    }
    Ok(body.join())
}

/// The beginning of a body, and the rest where there is more.
pub struct ReadAhead {
    pub body: Gathered,
    pub rest: Option<Chunks>,
}

/// The chunks of a stream, in order.
///
/// The JavaScript reader is used as it is: its rejection is the only sign that a body broke off.
pub struct Chunks(Reader);

impl Chunks {
    pub fn of(stream: &ReadableStream) -> Result<Self, JsValue> {
        stream.unchecked_ref::<Readable>().lock().map(Self)
    }

    /// The next chunk, nothing at the end, or an error where the stream broke off.
    pub async fn next(&mut self) -> Result<Option<Uint8Array>, JsValue> {
        let result: ReadResult = js::wait(self.0.read()).await?;
        Ok(if result.done() { None } else { Some(result.value()) })
    }
}

/// Chunks that wait to be joined, outside WebAssembly's memory.
#[derive(Default)]
pub struct Gathered {
    chunks: Vec<Uint8Array>,
    pub length: u64,
}

impl Gathered {
    pub fn push(&mut self, chunk: Uint8Array) {
        self.length = self.length.saturating_add(chunk.length().into());
        self.chunks.push(chunk);
    }

    /// All bytes in one piece; nothing is left behind.
    pub fn join(&mut self) -> Uint8Array {
        let chunks = std::mem::take(&mut self.chunks);
        let length = u32::try_from(std::mem::take(&mut self.length)).unwrap_or(u32::MAX);
        if let [only] = chunks.as_slice() {
            return only.clone();
        }
        let whole = Uint8Array::new_with_length(length);
        let mut at = 0_u32;
        for chunk in chunks {
            whole.set(&chunk, at);
            at = at.saturating_add(chunk.length());
        }
        whole
    }
}

/// A body that is written piece by piece and promises its length beforehand.
pub struct Pipe {
    pub readable: ReadableStream,
    writer: Writer,
}

impl Pipe {
    pub fn of_length(length: u64) -> Result<Self, JsValue> {
        let stream = FixedLengthStream::new(length as f64)?;
        Ok(Self { readable: stream.readable(), writer: stream.writable().get_writer()? })
    }

    pub fn of_any_length() -> Result<Self, JsValue> {
        let stream = js::IdentityTransformStream::new_identity()?;
        Ok(Self { readable: stream.readable_side(), writer: stream.writable_side().get_writer()? })
    }

    /// Writes what stands before the rows of an answer, and the rows, one in memory at a time.
    pub fn write_rows(
        self,
        store: &Store,
        rows: Rows<'_>,
        before: Option<&Uint8Array>,
    ) -> impl Future<Output = ()> + use<> {
        self.write(store, rows, before, &Uint8Array::new_with_length(0), None)
    }

    /// The same in base64, with something after it; `inline` is a body that has no rows.
    pub fn write_base64(
        self,
        store: &Store,
        rows: Rows<'_>,
        [before, inline]: [&Uint8Array; 2],
        after: &str,
    ) -> impl Future<Output = ()> + use<> {
        self.write(store, rows, Some(before), inline, Some(after))
    }

    fn write(
        self,
        store: &Store,
        (name, rows): Rows<'_>,
        before: Option<&Uint8Array>,
        inline: &Uint8Array,
        after: Option<&str>,
    ) -> impl Future<Output = ()> + use<> {
        let (writer, kv, patience) = (&self.writer, store.kv(), READER_PATIENCE.0 as f64);
        let name = name.as_str();
        settled(js::write_rows(writer, kv, name, rows, before, inline, after, patience))
    }
}

/// What the rows of an answer are called, and how many there are.
type Rows<'a> = (&'a RowName, u32);

/// How long a reader may take for one row: whoever stalls for longer keeps an object in memory.
const READER_PATIENCE: Millis = Millis::seconds(120);

/// Hands a body on as it comes. Where nobody reads it, its sender is told to stop.
pub fn pass_on(pipe: Option<Pipe>, read: ReadAhead) -> impl Future<Output = ()> + use<> {
    pass_on_stored(None, pipe, read)
}

/// The same, with rows of it that are stored already: they are deleted on the way.
pub fn pass_on_stored(
    stored: Option<(&Store, &RowName, u32)>,
    pipe: Option<Pipe>,
    ReadAhead { mut body, rest }: ReadAhead,
) -> impl Future<Output = ()> + use<> {
    let kv = stored.map(|(store, ..)| store.kv());
    let (name, rows) = stored.map_or(("", 0), |(_, name, rows)| (name.as_str(), rows));
    let writer = pipe.as_ref().map(|pipe| &pipe.writer);
    let rest = rest.as_ref().map(|chunks| &chunks.0);
    settled(js::pass_on(writer, kv, name, rows, &body.join(), rest))
}

/// Both ends of a stream see to themselves.
async fn settled(promise: Promise) {
    let _ = js::wait::<JsValue>(Ok(promise)).await;
}
