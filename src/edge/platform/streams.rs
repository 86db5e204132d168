//! Streams. Reads go through the JavaScript reader, whose rejection is the only sign that a body broke
//! off; `worker`'s `ByteStream` ends cleanly there.

use js_sys::futures::JsFuture;
use js_sys::{Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{
    ReadableStream, ReadableStreamDefaultReader, WritableStream, WritableStreamDefaultWriter,
};
use worker::worker_sys::FixedLengthStream;

#[wasm_bindgen]
extern "C" {
    /// A pair of streams of unknown length (Workers, "Streams"), native as `TransformStream` is not.
    type IdentityTransformStream;
    #[wasm_bindgen(constructor, catch)]
    fn new() -> Result<IdentityTransformStream, JsValue>;
    #[wasm_bindgen(method, getter)]
    fn readable(this: &IdentityTransformStream) -> ReadableStream;
    #[wasm_bindgen(method, getter)]
    fn writable(this: &IdentityTransformStream) -> WritableStream;

    /// `getReader`, which throws where the stream is locked.
    type Lockable;
    #[wasm_bindgen(method, catch, js_name = getReader)]
    fn get_reader(this: &Lockable) -> Result<ReadableStreamDefaultReader, JsValue>;
    /// The same for a reader of another mode.
    #[wasm_bindgen(method, catch, js_name = getReader)]
    fn get_reader_with(this: &Lockable, options: &js_sys::Object) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch, js_name = pipeTo)]
    fn pipe_to(this: &Lockable, to: &WritableStream, options: &Object) -> Result<Promise, JsValue>;

    /// Reads into buffers of its caller's; the default reader's are of 4 KiB each.
    pub type ByobReader;
    #[wasm_bindgen(method)]
    pub fn read(this: &ByobReader, view: &Uint8Array) -> Promise;
    /// Reads until so many bytes are there, or the end (Workers, "ReadableStreamBYOBReader").
    #[wasm_bindgen(method, js_name = readAtLeast)]
    fn read_at_least(this: &ByobReader, least: u32, view: &Uint8Array) -> Promise;
    #[wasm_bindgen(method, js_name = releaseLock)]
    pub fn release_lock(this: &ByobReader);

    pub type ReadResult;
    #[wasm_bindgen(method, getter)]
    pub fn done(this: &ReadResult) -> bool;
    #[wasm_bindgen(method, getter)]
    pub fn value(this: &ReadResult) -> Uint8Array;
}

/// A reader that fills buffers of its caller's.
pub fn byob_reader(stream: &ReadableStream) -> Result<ByobReader, JsValue> {
    let options = Object::new();
    Reflect::set(&options, &"mode".into(), &"byob".into())?;
    let reader = stream.unchecked_ref::<Lockable>().get_reader_with(&options)?;
    Ok(reader.unchecked_into())
}

/// The chunks of a stream, in order.
pub struct Chunks {
    stream: ReadableStream,
    reader: ReadableStreamDefaultReader,
}

impl Chunks {
    pub fn of(stream: ReadableStream) -> Result<Self, JsValue> {
        let reader = stream.unchecked_ref::<Lockable>().get_reader()?;
        Ok(Self { stream, reader })
    }

    /// The next chunk. Returns `None` at the end, and an error where the stream broke off.
    pub async fn next(&mut self) -> Result<Option<Uint8Array>, JsValue> {
        let result: ReadResult = JsFuture::from(self.reader.read()).await?.unchecked_into();
        Ok(if result.done() { None } else { Some(result.value()) })
    }

    /// Nobody wants what is left, and whoever sends it shall come to its end.
    pub async fn read_to_end(mut self) {
        while let Ok(Some(_)) = self.next().await {}
    }

    /// Whoever sends them is told to stop.
    async fn cancel(self) {
        // Both ends of a stream see to themselves.
        let _ = JsFuture::from(self.reader.cancel()).await;
    }

    /// The platform moves what is left, without a step in WebAssembly for each chunk. Where one side
    /// breaks off, the other learns of it.
    async fn pipe_to(self, to: &WritableStream) {
        self.move_to(to, &Object::new()).await;
    }

    /// The same, but whoever sends them is not told that the other side is gone: they are read to their end.
    async fn pipe_to_their_end(self, to: &WritableStream) {
        let (stream, options) = (self.stream.clone(), Object::new());
        // Setting a property of an object that was just made cannot fail.
        let _ = Reflect::set(&options, &"preventCancel".into(), &true.into());
        if !self.move_to(to, &options).await
            && let Ok(rest) = Self::of(stream)
        {
            rest.read_to_end().await;
        }
    }

    /// Whether all of them have been moved.
    async fn move_to(self, to: &WritableStream, options: &Object) -> bool {
        self.reader.release_lock();
        match self.stream.unchecked_ref::<Lockable>().pipe_to(to, options) {
            Ok(moved) => JsFuture::from(moved).await.is_ok(),
            Err(_) => false,
        }
    }
}

/// Chunks that wait to be joined, outside WebAssembly's memory.
#[derive(Default)]
pub struct ChunkBuffer {
    chunks: Vec<Uint8Array>,
    /// In bytes.
    pub length: u64,
}

impl ChunkBuffer {
    pub fn push(&mut self, chunk: Uint8Array) {
        self.length = self.length.saturating_add(chunk.length().into());
        self.chunks.push(chunk);
    }

    /// All bytes in one piece; the buffer is empty then.
    pub fn take(&mut self) -> Uint8Array {
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

/// Bytes that come in piece by piece, held in one piece and outside WebAssembly's memory. They are copied:
/// the platform's chunk of a few bytes may keep a buffer of some KB alive, and a stream has thousands.
#[derive(Default)]
pub struct RowBuffer {
    /// Longer than what is in it.
    bytes: Uint8Array,
    length: u32,
}

impl RowBuffer {
    /// In bytes.
    pub fn length(&self) -> u32 {
        self.length
    }

    pub fn push(&mut self, chunk: &Uint8Array) {
        let length = self.length.saturating_add(chunk.length());
        if length > self.bytes.length() {
            let room = length.max(self.bytes.length().saturating_mul(2)).max(LEAST_ROOM);
            let bytes = Uint8Array::new_with_length(room);
            bytes.set(&self.since(0), 0);
            self.bytes = bytes;
        }
        self.bytes.set(chunk, self.length);
        self.length = length;
    }

    /// A view of the bytes from some place on.
    pub fn since(&self, from: u32) -> Uint8Array {
        self.bytes.subarray(from, self.length)
    }

    /// Lets the first bytes go.
    pub fn drop_first(&mut self, count: u32) {
        let rest = self.since(count);
        *self = Self::default();
        self.push(&rest);
    }
}

/// In bytes: enough for most answers that do not promise their length.
const LEAST_ROOM: u32 = 4 * 1024;

/// The beginning of a body, and the rest where there is more.
#[derive(Default)]
pub struct ReadAhead {
    pub begun: ChunkBuffer,
    pub rest: Option<Chunks>,
}

impl ReadAhead {
    pub fn of_rest(rest: Chunks) -> Self {
        Self { begun: ChunkBuffer::default(), rest: Some(rest) }
    }

    /// A body that is expected to be so many bytes long: all of it where it is no longer, in one step. One
    /// that is longer has a rest.
    pub async fn in_one_go(body: ReadableStream, expected: u64) -> Result<Self, JsValue> {
        // A byte more than it should have, so that the end is seen.
        let room = u32::try_from(expected).unwrap_or(u32::MAX).saturating_add(1);
        let reader = byob_reader(&body)?;
        let read = reader.read_at_least(room, &Uint8Array::new_with_length(room));
        let read: ReadResult = JsFuture::from(read).await?.unchecked_into();
        let mut begun = ChunkBuffer::default();
        if !read.done() {
            begun.push(read.value());
        }
        if begun.length < room.into() {
            return Ok(Self { begun, rest: None });
        }
        reader.release_lock();
        Ok(Self { begun, rest: Some(Chunks::of(body)?) })
    }

    /// A body's beginning, up to about so many bytes; empty where it breaks off before.
    pub async fn up_to(body: Option<ReadableStream>, most: u64) -> Self {
        Self::try_up_to(body, most).await.unwrap_or_default()
    }

    /// The same, and an error where it breaks off before.
    pub async fn try_up_to(body: Option<ReadableStream>, most: u64) -> Result<Self, JsValue> {
        let mut read = Self::default();
        let Some(stream) = body else { return Ok(read) };
        let mut chunks = Chunks::of(stream)?;
        while let Some(chunk) = chunks.next().await? {
            read.begun.push(chunk);
            if read.begun.length > most {
                read.rest = Some(chunks);
                return Ok(read);
            }
        }
        Ok(read)
    }

    /// Nobody reads it: whoever sends it is told to stop.
    pub async fn discard(self) {
        if let Some(rest) = self.rest {
            rest.cancel().await;
        }
    }
}

/// A stream that is written here and read elsewhere.
pub struct Pipe {
    pub readable: ReadableStream,
    writable: WritableStream,
    writer: WritableStreamDefaultWriter,
}

impl Pipe {
    /// One that promises its length in bytes.
    pub fn of_length(length: u64) -> Result<Self, JsValue> {
        let length = u32::try_from(length).map_err(|_| "a body of 4 GiB cannot be streamed")?;
        let stream = FixedLengthStream::new(length)?;
        Self::new(stream.readable(), stream.writable())
    }

    pub fn of_any_length() -> Result<Self, JsValue> {
        let stream = IdentityTransformStream::new()?;
        Self::new(stream.readable(), stream.writable())
    }

    fn new(readable: ReadableStream, writable: WritableStream) -> Result<Self, JsValue> {
        let writer = writable.get_writer()?;
        Ok(Self { readable, writable, writer })
    }

    /// Returns once the reader has taken the bytes, and an error once it is gone.
    pub async fn write(&self, bytes: &Uint8Array) -> Result<(), JsValue> {
        if bytes.length() == 0 {
            return Ok(());
        }
        JsFuture::from(self.writer.write_with_chunk(bytes)).await.map(drop)
    }

    /// The end. A reader that has gone by now has all that it wanted.
    pub async fn close(self) {
        let _ = JsFuture::from(self.writer.close()).await;
    }

    /// The reader sees that something is missing.
    pub async fn abort(self, reason: &str) {
        let _ = JsFuture::from(self.writer.abort_with_reason(&reason.into())).await;
    }

    /// Hands on what is left of a body as it comes, and ends with it. Where its reader goes, whoever sends it
    /// is not told: the rest is read all the same.
    pub async fn pass_on_to_its_end(self, rest: Chunks) {
        self.writer.release_lock();
        rest.pipe_to_their_end(&self.writable).await;
    }

    /// Hands a body on as it comes, and ends with it.
    pub async fn pass_on(self, mut body: ReadAhead) {
        if self.write(&body.begun.take()).await.is_err() {
            return body.discard().await;
        }
        match body.rest {
            None => self.close().await,
            Some(rest) => {
                self.writer.release_lock();
                rest.pipe_to(&self.writable).await;
            }
        }
    }
}
