//! The platform's JavaScript surface, as far as the guard uses it and web_sys does not have it.

use super::tasks::Waiting;
use crate::guard::bytes::from_decimal;
use crate::guard::time::UnixMillis;
use js_sys::{Array, Promise, Uint8Array};
use std::cell::Cell;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{self, Poll};
use wasm_bindgen::prelude::*;
use web_sys::{AbortController, Headers, ReadableStream, Request, Response};

#[wasm_bindgen(module = "onlyonce-platform")]
extern "C" {
    #[wasm_bindgen(js_namespace = platform, js_name = readHead)]
    pub fn read_head(request: &Request, names: &Lines) -> String;
    #[wasm_bindgen(js_namespace = platform, js_name = readHeaders)]
    pub fn read_headers(headers: &Headers, names: &Lines) -> String;
    #[wasm_bindgen(js_namespace = platform, js_name = readResponse)]
    fn read_response(response: &Response) -> String;
    #[wasm_bindgen(js_namespace = platform, catch)]
    pub fn respond(status: u16, headers: &str, body: &JsValue) -> Result<Response, JsValue>;
    /// The promise is never rejected: where the origin cannot be reached, a problem answers.
    #[wasm_bindgen(js_namespace = platform, js_name = sendOn, catch)]
    pub fn send_on(
        service: Option<&Fetcher>,
        request: &Request,
        url: &str,
        headers: &str,
    ) -> Result<Promise, JsValue>;
    #[wasm_bindgen(js_namespace = platform, js_name = sendAfresh, catch)]
    pub fn send_afresh(
        service: Option<&Fetcher>,
        method: &str,
        given: &Headers,
        url: &str,
        without: &str,
        headers: &str,
        body: &JsValue,
        controller: Option<&AbortController>,
    ) -> Result<Promise, JsValue>;
    /// The promise of a [`Said`].
    #[wasm_bindgen(js_namespace = platform, catch)]
    pub fn submit(
        stub: &Fetcher,
        message: &[u8],
        headers: &Headers,
        body: &Uint8Array,
    ) -> Result<Promise, JsValue>;
    #[wasm_bindgen(js_namespace = platform)]
    pub fn say(message: &[u8], body: &JsValue) -> Said;
    /// The promise of all bytes of a stream.
    #[wasm_bindgen(js_namespace = platform, js_name = wholeBody, catch)]
    fn whole_body(stream: &JsValue) -> Result<Promise, JsValue>;
    #[wasm_bindgen(js_namespace = platform)]
    pub fn lines(text: &str) -> Lines;
    #[wasm_bindgen(js_namespace = platform, js_name = putCopy, catch)]
    pub fn put_copy(
        kv: &KvNamespace,
        name: &str,
        value: &JsValue,
        seconds: f64,
    ) -> Result<Promise, JsValue>;
    #[wasm_bindgen(js_namespace = platform, js_name = readMessage)]
    pub fn read_message(message: &QueueMessage) -> String;
    #[wasm_bindgen(js_namespace = platform, catch)]
    pub fn settle(message: &QueueMessage, seconds: Option<f64>) -> Result<(), JsValue>;
    #[wasm_bindgen(js_namespace = platform, js_name = sendLetter, catch)]
    pub fn send_letter(
        queue: &QueueProducer,
        message: &QueueMessage,
        letter: &str,
    ) -> Result<Promise, JsValue>;
    #[wasm_bindgen(js_namespace = platform, js_name = sendMalformed, catch)]
    pub fn send_malformed(
        queue: &QueueProducer,
        message: &QueueMessage,
        letter: &str,
    ) -> Result<Promise, JsValue>;
    /// Ends well whatever becomes of either side.
    #[wasm_bindgen(js_namespace = platform, js_name = passOn)]
    pub fn pass_on(
        writer: Option<&Writer>,
        kv: Option<&SyncKv>,
        name: &str,
        rows: u32,
        begun: &Uint8Array,
        rest: Option<&Reader>,
    ) -> Promise;
    /// The same.
    #[wasm_bindgen(js_namespace = platform, js_name = writeRows)]
    pub fn write_rows(
        writer: &Writer,
        kv: &SyncKv,
        name: &str,
        rows: u32,
        before: Option<&Uint8Array>,
        left: &Uint8Array,
        after: Option<&str>,
        patience: f64,
    ) -> Promise;
}

#[wasm_bindgen]
extern "C" {
    /// What a request's handler is given beside the bindings (Execution Context).
    pub type Context;
    #[wasm_bindgen(method, catch, js_name = waitUntil)]
    pub fn keep_alive(this: &Context, promise: &Promise) -> Result<(), JsValue>;

    /// What an object is constructed with (Durable Object State).
    pub type ObjectState;
    #[wasm_bindgen(method, getter)]
    pub fn storage(this: &ObjectState) -> ObjectStorage;
    #[wasm_bindgen(method, catch, js_name = waitUntil)]
    pub fn wait_until(this: &ObjectState, promise: &Promise) -> Result<(), JsValue>;

    /// The storage of an object (SQLite-backed Durable Object Storage).
    pub type ObjectStorage;
    #[wasm_bindgen(method, getter)]
    pub fn kv(this: &ObjectStorage) -> SyncKv;
    /// Milliseconds since the epoch.
    #[wasm_bindgen(method, catch, js_name = setAlarm)]
    pub fn set_alarm(this: &ObjectStorage, at: f64) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch, js_name = deleteAll)]
    pub fn delete_all(this: &ObjectStorage) -> Result<Promise, JsValue>;

    /// The synchronous key-value interface of SQLite-backed storage.
    pub type SyncKv;
    #[wasm_bindgen(method, catch)]
    pub fn get(this: &SyncKv, key: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    pub fn put(this: &SyncKv, key: &str, value: &JsValue) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    pub fn delete(this: &SyncKv, key: &str) -> Result<bool, JsValue>;

    /// A namespace of objects.
    #[derive(Clone)]
    pub type ObjectNamespace;
    #[wasm_bindgen(method, catch, js_name = getByName)]
    pub fn get_by_name(this: &ObjectNamespace, name: &str) -> Result<Fetcher, JsValue>;

    /// Something that answers requests: an object's stub or a service binding.
    pub type Fetcher;
    #[wasm_bindgen(method, catch, js_name = fetch)]
    pub fn fetch_request(this: &Fetcher, request: &Request) -> Result<Promise, JsValue>;

    /// What an object says: a message, and a body or nothing.
    pub type Said;
    #[wasm_bindgen(method, getter)]
    pub fn message(this: &Said) -> Uint8Array;
    #[wasm_bindgen(method, getter)]
    pub fn body(this: &Said) -> JsValue;

    /// A Workers KV namespace.
    #[derive(Clone)]
    pub type KvNamespace;
    #[wasm_bindgen(method, catch, js_name = get)]
    pub fn kv_get(this: &KvNamespace, name: &str, kind: &str) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch, js_name = delete)]
    pub fn kv_delete(this: &KvNamespace, name: &str) -> Result<Promise, JsValue>;

    /// A dataset of Workers Analytics Engine.
    pub type Metrics;
    #[wasm_bindgen(method, catch, js_name = writeDataPoint)]
    pub fn write_data_point(this: &Metrics, point: &JsValue) -> Result<(), JsValue>;

    /// A batch of a queue's messages (Queues, JavaScript APIs).
    pub type MessageBatch;
    #[wasm_bindgen(method, getter, js_name = queue)]
    pub fn queue_name(this: &MessageBatch) -> String;
    #[wasm_bindgen(method, getter)]
    pub fn messages(this: &MessageBatch) -> Array;

    pub type QueueMessage;
    /// A queue that can be sent to.
    pub type QueueProducer;

    /// Lines of a text, on the platform's side.
    pub type Lines;

    /// A body, read to its end.
    pub type Body;
    #[wasm_bindgen(method, catch)]
    pub fn bytes(this: &Body) -> Result<Promise, JsValue>;

    /// A pair of streams that promises how much will pass through (Workers streams).
    pub type FixedLengthStream;
    #[wasm_bindgen(constructor, catch)]
    pub fn new(length: f64) -> Result<FixedLengthStream, JsValue>;
    #[wasm_bindgen(method, getter)]
    pub fn readable(this: &FixedLengthStream) -> ReadableStream;
    #[wasm_bindgen(method, getter)]
    pub fn writable(this: &FixedLengthStream) -> Writable;

    /// A pair of streams of unknown length (Workers streams).
    pub type IdentityTransformStream;
    #[wasm_bindgen(constructor, catch, js_name = new)]
    pub fn new_identity() -> Result<IdentityTransformStream, JsValue>;
    #[wasm_bindgen(method, getter, js_name = readable)]
    pub fn readable_side(this: &IdentityTransformStream) -> ReadableStream;
    #[wasm_bindgen(method, getter, js_name = writable)]
    pub fn writable_side(this: &IdentityTransformStream) -> Writable;

    pub type Writable;
    #[wasm_bindgen(method, catch, js_name = getWriter)]
    pub fn get_writer(this: &Writable) -> Result<Writer, JsValue>;

    pub type Writer;

    /// `getReader` of a stream; web_sys's own cannot report that the stream is locked.
    #[wasm_bindgen(extends = ReadableStream)]
    pub type Readable;
    #[wasm_bindgen(method, catch, js_name = getReader)]
    pub fn lock(this: &Readable) -> Result<Reader, JsValue>;

    pub type Reader;
    #[wasm_bindgen(method, catch)]
    pub fn read(this: &Reader) -> Result<Promise, JsValue>;

    pub type ReadResult;
    #[wasm_bindgen(method, getter)]
    pub fn done(this: &ReadResult) -> bool;
    #[wasm_bindgen(method, getter)]
    pub fn value(this: &ReadResult) -> Uint8Array;

    #[wasm_bindgen(js_namespace = console, js_name = log)]
    pub fn log_line(text: &str);
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    pub fn log_error(text: &str);
    #[wasm_bindgen(js_namespace = console, js_name = warn)]
    pub fn log_warning(text: &str);
}

/// The member of a JavaScript object; nothing where it is absent, undefined or null.
pub fn member(object: &JsValue, name: &str) -> Option<JsValue> {
    js_sys::Reflect::get(object, &name.into())
        .ok()
        .filter(|value| !value.is_undefined() && !value.is_null())
}

/// What a promise gives, read as the type that the platform documents for it. No `async fn`, which
/// would make a state machine of its own for every type.
pub struct Awaited<T>(Waiting, PhantomData<fn() -> T>);

/// Waits for a promise.
pub fn wait<T: JsCast>(promise: Result<Promise, JsValue>) -> Awaited<T> {
    Awaited(Waiting::of(promise), PhantomData)
}

/// For one who has nothing to wait for.
pub fn ended<T: JsCast>(outcome: Result<JsValue, JsValue>) -> Awaited<T> {
    Awaited(Waiting::ended(outcome), PhantomData)
}

impl<T: JsCast> Future for Awaited<T> {
    type Output = Result<T, JsValue>;

    fn poll(mut self: Pin<&mut Self>, context: &mut task::Context) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(|outcome| outcome.map(JsCast::unchecked_into))
    }
}

/// Status and headers of a response; repeated `Set-Cookie` lines stay apart.
pub fn status_and_headers(response: &Response) -> (u16, Vec<(String, String)>) {
    let text = read_response(response);
    let mut lines = text.split('\n').map(str::to_owned);
    let status =
        lines.next().and_then(|status| from_decimal(&status)?.try_into().ok()).unwrap_or_default();
    (status, std::iter::from_fn(|| Some((lines.next()?, lines.next()?))).collect())
}

/// Pairs of name and value as lines of text, which is how they cross.
pub fn pairs<N: AsRef<str>>(list: &[(N, String)]) -> String {
    let mut text = String::new();
    for (name, value) in list {
        for line in [name.as_ref(), value] {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(line);
        }
    }
    text
}

thread_local! {
    static NOW: Cell<Option<UnixMillis>> = const { Cell::new(None) };
}

/// Milliseconds since the epoch. The clock stands still while code runs (Workers, "Performance and
/// timers"), so it is read once a turn.
pub fn now() -> UnixMillis {
    NOW.with(|now| {
        let read = now.get().unwrap_or_else(|| UnixMillis(js_sys::Date::now() as u64));
        now.set(Some(read));
        read
    })
}

/// The platform has called: time may have passed.
pub fn new_turn() {
    NOW.set(None);
}

/// A whole body, outside WebAssembly's memory.
pub fn bytes(message: &JsValue) -> Awaited<Uint8Array> {
    wait(message.unchecked_ref::<Body>().bytes())
}

/// All bytes of a body that was handed over, at once or as a stream.
pub fn whole(body: JsValue) -> Awaited<Uint8Array> {
    match body.is_instance_of::<Uint8Array>() {
        true => ended(Ok(body)),
        false => wait(whole_body(&body)),
    }
}
