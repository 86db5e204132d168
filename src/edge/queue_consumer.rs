//! The queue consumer: each message is a request that goes the same way as one over HTTP.
//!
//! 1. Messages settle one by one, and none makes another wait: an error of one is a retry of one.
//!    An error out of the handler would retry the whole batch.
//! 2. A message is acknowledged only once its request has a final answer, or once it has been
//!    handed over to the dead letters.
//! 3. Whatever its route says of methods and keys, a message is guarded.

use super::config::{self, Config};
use super::guard_request::answer_unlogged;
use super::guarded_request::GuardedRequest;
use super::incoming::Incoming;
use super::platform::bindings::Bindings;
use super::platform::body::discard;
use super::platform::request_head::PlatformRequestHead;
use super::platform::{digits, log, message_of, now};
use crate::guard::delivery::{
    Attempt, AttemptResult, DeadLetter, DeadLetterReason, Disposition, delay, disposition,
};
use crate::guard::log as log_lines;
use crate::guard::message::{Malformed, Message};
use crate::guard::policy::Unknown;
use crate::guard::request_head::RequestHead;
use crate::guard::time::{Millis, UnixMillis, parse_http_date};
use futures_util::future::join_all;
use js_sys::{Array, ArrayBuffer, Date, JSON, Object, Uint8Array};
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{Headers, Request, RequestInit, Response};
use worker::worker_sys::Context;
use worker::{Env, QueueContentType, RawMessageBuilder};

#[wasm_bindgen]
extern "C" {
    /// A batch of a queue's messages (Queues, "JavaScript APIs"). `worker`'s message lacks `attempts`.
    pub type MessageBatch;
    #[wasm_bindgen(method, getter)]
    fn queue(this: &MessageBatch) -> String;
    #[wasm_bindgen(method, getter)]
    fn messages(this: &MessageBatch) -> Array;

    type QueueMessage;
    #[wasm_bindgen(method, getter)]
    fn id(this: &QueueMessage) -> String;
    #[wasm_bindgen(method, getter)]
    fn attempts(this: &QueueMessage) -> f64;
    #[wasm_bindgen(method, getter)]
    fn timestamp(this: &QueueMessage) -> Date;
    #[wasm_bindgen(method, getter)]
    fn body(this: &QueueMessage) -> JsValue;
    #[wasm_bindgen(method, catch)]
    fn ack(this: &QueueMessage) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    fn retry(this: &QueueMessage, options: &RetryOptions) -> Result<(), JsValue>;

    #[wasm_bindgen(extends = Object)]
    type RetryOptions;
    #[wasm_bindgen(method, setter, js_name = delaySeconds)]
    fn set_delay_seconds(this: &RetryOptions, seconds: f64);

    type TextDecoder;
    #[wasm_bindgen(constructor, catch)]
    fn new(label: &str, options: &JsValue) -> Result<TextDecoder, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn decode(this: &TextDecoder, bytes: &ArrayBuffer) -> Result<String, JsValue>;
}

/// How many messages are under way at once: an invocation has six open connections (Workers,
/// Limits), and a message needs one.
const WORKERS: usize = 6;

/// Delivers a batch.
pub async fn consume(batch: MessageBatch, env: Env, context: Context) -> Result<JsValue, JsValue> {
    let consumer = Consumer {
        queue: batch.queue(),
        messages: batch.messages(),
        next: Cell::default(),
        config: config::config(&env).ok(),
        bindings: Bindings::of(&env),
        context: Rc::new(context),
    };
    join_all((0..WORKERS).map(|_| consumer.work())).await;
    Ok(JsValue::UNDEFINED)
}

/// One batch.
struct Consumer {
    queue: String,
    messages: Array,
    next: Cell<u32>,
    /// What is wrong with the settings is in the log; it can be mended.
    config: Option<Rc<Config>>,
    bindings: Rc<Bindings>,
    context: Rc<Context>,
}

/// A message that is being delivered.
struct Delivery<'a> {
    consumer: &'a Consumer,
    message: &'a QueueMessage,
    id: String,
    attempt: Attempt,
}

impl Consumer {
    /// Takes one message after the other.
    async fn work(&self) {
        while let Some(message) = self.next_message() {
            let delivery = self.delivery(&message);
            let again = delivery.deliver().await.unwrap_or_else(|error| {
                log_error(&error);
                Some(delay(delivery.attempt.number))
            });
            settle(&message, again);
        }
    }

    fn next_message(&self) -> Option<QueueMessage> {
        let at = self.next.replace(self.next.get().saturating_add(1));
        (at < self.messages.length()).then(|| self.messages.get(at).unchecked_into())
    }

    fn delivery<'a>(&'a self, message: &'a QueueMessage) -> Delivery<'a> {
        let attempt = Attempt {
            number: message.attempts() as u32,
            sent_at: UnixMillis(message.timestamp().get_time() as u64),
            now: now(),
        };
        Delivery { consumer: self, message, id: message.id(), attempt }
    }
}

fn log_error(error: &JsValue) {
    log::error(&format!("onlyonce: an unforeseen error: {}", message_of(error)));
}

/// Acknowledges a message, or has it come again after some time.
fn settle(message: &QueueMessage, again: Option<Millis>) {
    let options: RetryOptions = Object::new().unchecked_into();
    let settled = match again {
        None => message.ack(),
        Some(after) => {
            options.set_delay_seconds(after.retry_after() as f64);
            message.retry(&options)
        }
    };
    if let Err(error) = settled {
        log_error(&error);
        // A message of which nothing is said counts as acknowledged: once more, plainly.
        if let Err(error) = message.retry(&Object::new().unchecked_into()) {
            log_error(&error);
        }
    }
}

/// A message's text. What was sent as bytes or as text holds its text itself; any other value is
/// written as JSON. Returns `None` if the body is neither.
fn text_of(body: &JsValue) -> Option<String> {
    if let Some(text) = body.as_string() {
        return Some(text);
    }
    match body.dyn_ref::<ArrayBuffer>() {
        Some(bytes) => {
            let options = Object::new();
            js_sys::Reflect::set(&options, &"fatal".into(), &JsValue::TRUE).ok()?;
            TextDecoder::new("utf-8", &options).ok()?.decode(bytes).ok()
        }
        None => JSON::stringify(body).ok()?.as_string(),
    }
}

impl Delivery<'_> {
    /// Delivers the message; where it is not settled by that, says when it is to come again.
    async fn deliver(&self) -> Result<Option<Millis>, JsValue> {
        let Some(config) = &self.consumer.config else {
            return Ok(Some(delay(self.attempt.number)));
        };
        match self.read(config) {
            Ok((text, message, incoming)) => self.send(&text, &message, incoming).await,
            Err(malformed) => Ok(self.send_malformed_to_dead_letters(malformed).await),
        }
    }

    fn read(&self, config: &Rc<Config>) -> Result<(String, Message, Incoming), Malformed> {
        let text = text_of(&self.message.body()).ok_or(Malformed::NotAnObject)?;
        let message = Message::read(&text, &self.id)?;
        let request = self.request(&message).map_err(|_| Malformed::NoRequest)?;
        let head = PlatformRequestHead::of(&request).ok_or(Malformed::NoRequest)?;
        if head.address().is_own() {
            return Err(Malformed::OwnPath);
        }
        if !config.holds(&head) {
            return Err(Malformed::OutsideOrigin);
        }
        let Consumer { bindings, context, .. } = self.consumer;
        let (config, bindings, context) = (config.clone(), bindings.clone(), context.clone());
        Ok((text, message, Incoming { request, head, config, bindings, context }))
    }

    /// The complete request, as if a client had sent it to the host that the realm names.
    fn request(&self, message: &Message) -> Result<Request, JsValue> {
        let host = message.realm.as_deref().filter(|realm| is_host(realm));
        let url = format!("https://{}{}", host.unwrap_or(&self.consumer.queue), message.path);
        let headers = Headers::new()?;
        for (name, value) in &message.headers {
            headers.append(name, value)?;
        }
        let init = RequestInit::new();
        init.set_method(&message.method);
        init.set_headers_headers(&headers);
        if let Some(body) = &message.body {
            init.set_body(&Uint8Array::from(body.as_bytes()));
        }
        Request::new_with_str_and_init(&url, &init)
    }

    async fn send(
        &self,
        text: &str,
        message: &Message,
        incoming: Incoming,
    ) -> Result<Option<Millis>, JsValue> {
        let guarded = self.guarded(message, incoming);
        let started = now();
        let response = answer_unlogged(&guarded, started).await?;
        discard(&response).await;
        let answer = AttemptResult {
            outcome: &guarded.log.outcome(),
            status: response.status(),
            retry_after: retry_after(&response),
            resends: guarded.settings.unknown == Unknown::Resend,
        };
        let again = match disposition(&answer, &self.attempt) {
            Disposition::Acknowledge => None,
            Disposition::Retry(after) => Some(after),
            Disposition::DeadLetter(reason) => {
                let letter = self.dead_letter(reason, Some(answer.status));
                let letter = letter.of_message(text, &message.key, &guarded.realm);
                let again = self.send_to_dead_letters(self.in_kind(&letter)).await;
                if again.is_none() {
                    guarded.log.set_dead_letter(reason.code());
                }
                again
            }
        };
        guarded.write_log(started, answer.status);
        Ok(again)
    }

    fn guarded(&self, message: &Message, incoming: Incoming) -> GuardedRequest {
        let (queue, policy) = (&self.consumer.queue, &incoming.config.policy);
        let (_, settings) = policy.route(incoming.head.path());
        let realm = match &message.realm {
            Some(realm) => policy.realm(realm),
            None => policy.realm(&format!("queue/{queue}")),
        };
        GuardedRequest::from_queue(incoming, settings, realm, queue.clone())
    }

    async fn send_malformed_to_dead_letters(&self, malformed: Malformed) -> Option<Millis> {
        let reason = DeadLetterReason::Malformed(malformed);
        let letter = self.dead_letter(reason, None).of_malformed();
        let again = self.send_to_dead_letters(self.with_malformed(&letter)).await;
        if again.is_none() {
            log::line(&log_lines::malformed(&self.consumer.queue, &malformed.to_string()));
        }
        again
    }

    fn dead_letter(&self, reason: DeadLetterReason, status: Option<u16>) -> DeadLetter<'_> {
        let attempts = self.attempt.number;
        DeadLetter { reason, status, queue: &self.consumer.queue, message_id: &self.id, attempts }
    }

    /// A letter that holds the message's members: a text stays one, so that none of its numbers is
    /// rounded.
    fn in_kind(&self, letter: &str) -> Result<(JsValue, QueueContentType), JsValue> {
        let body = self.message.body();
        match body.is_string() || body.is_instance_of::<ArrayBuffer>() {
            true => Ok((letter.into(), QueueContentType::Text)),
            false => Ok((JSON::parse(letter)?, QueueContentType::Json)),
        }
    }

    /// A letter about a message that is no request, with what it was. Of bytes that are no text only
    /// v8 takes them as they are.
    fn with_malformed(&self, letter: &str) -> Result<(JsValue, QueueContentType), JsValue> {
        let letter: Object = JSON::parse(letter)?.unchecked_into();
        let body = self.message.body();
        let text = text_of(&body);
        let kind = if text.is_some() { QueueContentType::Json } else { QueueContentType::V8 };
        let malformed = match text {
            Some(text) if body.is_instance_of::<ArrayBuffer>() => text.into(),
            _ => body,
        };
        js_sys::Reflect::set(&letter, &"malformed".into(), &malformed)?;
        Ok((letter.into(), kind))
    }

    /// Hands a letter over; where that fails, the message comes again.
    async fn send_to_dead_letters(
        &self,
        letter: Result<(JsValue, QueueContentType), JsValue>,
    ) -> Option<Millis> {
        let sent = match (letter, &self.consumer.bindings.dead_letters) {
            (Ok((body, kind)), Some(queue)) => {
                let message = RawMessageBuilder::new(body).build_with_content_type(kind);
                queue.send_raw(message).await.map_err(JsValue::from)
            }
            (Ok(_), None) => Err(NO_BINDING.into()),
            (Err(error), _) => Err(error),
        };
        let error = sent.err()?;
        log_error(&error);
        Some(delay(self.attempt.number))
    }
}

const NO_BINDING: &str = "a message cannot be settled without the binding DEAD_LETTERS; bind a queue to it in wrangler.toml, as docs/QUEUES.md says";

/// Whether a realm can stand in a URL.
fn is_host(realm: &str) -> bool {
    realm.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}

/// Seconds, or a date (RFC 9110 section 10.2.3).
fn retry_after(response: &Response) -> Option<Millis> {
    let text = response.headers().get("retry-after").ok().flatten()?;
    match digits(&text) {
        Some(seconds) => Some(Millis::seconds(seconds)),
        None => Some(parse_http_date(&text)?.since(now())),
    }
}
