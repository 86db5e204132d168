//! The queue consumer: each message is a request that goes the same way as one over HTTP.
//!
//! 1. Messages settle one by one, and none makes another wait: an error of one is a retry of one.
//!    An error out of the handler would retry the whole batch.
//! 2. A message is acknowledged only once its request has a final answer, or once it has been
//!    handed over to the dead letters.
//! 3. Whatever its route says of methods and keys, a message is guarded.

use super::body::{Chunks, Gathered, ReadAhead, pass_on};
use super::config::{self, Config};
use super::guarded::{Guarded, RequestLog};
use super::head::PlatformRequestHead;
use super::js::{self, Context, MessageBatch, QueueMessage, QueueProducer};
use super::tasks;
use crate::guard::bytes::from_decimal;
use crate::guard::delivery::{
    Answered, Attempt, DeadLetter, Disposition, Reason, delay, disposition,
};
use crate::guard::log;
use crate::guard::message::{Malformed, Message, NO_OBJECT};
use crate::guard::policy::Unknown;
use crate::guard::request_head::RequestHead;
use crate::guard::time::{Millis, UnixMillis};
use js_sys::{Array, Promise, Uint8Array};
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{Headers, Request, RequestInit, Response};

/// Every batch of a queue enters here.
#[wasm_bindgen]
pub fn queue(batch: MessageBatch, env: JsValue, context: Context) -> Promise {
    let (queue, messages) = (batch.queue_name(), batch.messages());
    let consumer = Rc::new(Consumer { queue, messages, next: Cell::default(), env, context });
    let lanes = [(); LANES].map(|()| tasks::spawn(consumer.clone().lane()));
    tasks::spawn(async move {
        for lane in lanes {
            // A lane settles its messages' errors itself.
            let _ = js::wait::<JsValue>(Ok(lane)).await;
        }
    })
}

/// How many messages are under way at once: an invocation has six open connections (Workers,
/// Limits), and a message needs one.
const LANES: usize = 6;

/// One batch.
struct Consumer {
    queue: String,
    messages: Array,
    next: Cell<u32>,
    env: JsValue,
    context: Context,
}

/// A message that is being delivered.
struct Delivery<'a> {
    consumer: &'a Consumer,
    message: &'a QueueMessage,
    id: String,
    attempt: Attempt,
    /// Absent where the body is no text and cannot be written as one.
    text: Option<String>,
}

impl Consumer {
    async fn lane(self: Rc<Self>) {
        while let Some(message) = self.take() {
            self.settle(&message).await;
        }
    }

    fn take(&self) -> Option<QueueMessage> {
        let at = self.next.replace(self.next.get().saturating_add(1));
        (at < self.messages.length()).then(|| self.messages.get(at).unchecked_into())
    }

    async fn settle(&self, message: &QueueMessage) {
        let delivery = self.delivery(message);
        let again = delivery.deliver().await.unwrap_or_else(|error| {
            super::log_error(&error);
            Some(delay(delivery.attempt.number))
        });
        let after = again.map(|after| after.retry_after() as f64);
        if let Err(error) = js::settle(message, after) {
            super::log_error(&error);
        }
    }

    fn delivery<'a>(&'a self, message: &'a QueueMessage) -> Delivery<'a> {
        let read = js::read_message(message);
        let mut lines = read.splitn(4, '\n');
        let id = lines.next().unwrap_or_default().to_owned();
        let mut number = || lines.next().and_then(from_decimal).unwrap_or_default();
        let (number, sent_at) = (number(), number());
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        let attempt = Attempt { number, sent_at: UnixMillis(sent_at), now: js::now() };
        Delivery { consumer: self, message, id, attempt, text: lines.next().map(str::to_owned) }
    }
}

impl Delivery<'_> {
    /// Delivers the message; where it is not settled by that, says when it is to come again.
    async fn deliver(&self) -> Result<Option<Millis>, JsValue> {
        // What is wrong with the settings is in the log; it can be mended.
        let Ok(config) = config::config(&self.consumer.env) else {
            return Ok(Some(delay(self.attempt.number)));
        };
        match self.read() {
            Ok((text, message, request)) => self.send(&config, text, &message, &request).await,
            Err(malformed) => self.bury_malformed(malformed).await,
        }
    }

    fn read(&self) -> Result<(&str, Message, Request), Malformed> {
        let text = self.text.as_deref().ok_or(NO_OBJECT)?;
        let message = Message::read(text, &self.id)?;
        let request = self.request(&message).map_err(|_| NO_REQUEST)?;
        if PlatformRequestHead::of(&request).path().starts_with("/.onlyonce/") {
            return Err(OWN_PATH);
        }
        Ok((text, message, request))
    }

    /// The complete request, as if a client had sent it to the host that the realm names.
    fn request(&self, message: &Message) -> Result<Request, JsValue> {
        let host = message.realm.as_deref().filter(|realm| is_host(realm));
        let url = ["https://", host.unwrap_or(&self.consumer.queue), &message.path].concat();
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
        config: &Config,
        text: &str,
        message: &Message,
        request: &Request,
    ) -> Result<Option<Millis>, JsValue> {
        let Consumer { queue, env, context, .. } = self.consumer;
        let head = &PlatformRequestHead::of(request);
        let (_, settings) = config.policy.route(head.path());
        let settings = &*settings;
        let realm = match &message.realm {
            Some(realm) => config.policy.realm(realm),
            None => config.policy.realm(&["queue/", queue].concat()),
        };
        let (noted, queue) = (RequestLog::default(), Some(queue.as_str()));
        let guarded =
            Guarded { request, head, config, settings, env, context, noted, realm, queue };
        let started = js::now();
        let response = guarded.answered(started).await?;
        let_go(&response).await;
        let answered = Answered {
            told: &guarded.told(),
            status: response.status(),
            retry_after: retry_after(&response),
            resends: settings.unknown == Unknown::Resend,
        };
        let again = match disposition(&answered, &self.attempt) {
            Disposition::Done => None,
            Disposition::Again(after) => Some(after),
            Disposition::Dead(reason) => {
                let letter = self.letter(reason, Some(answered.status));
                let letter = letter.of_message(text, &message.key, &guarded.realm);
                let again = self.bury(js::send_letter, &letter).await;
                if again.is_none() {
                    guarded.note_dead(reason.code);
                }
                again
            }
        };
        guarded.log(started, answered.status);
        Ok(again)
    }

    async fn bury_malformed(&self, malformed: Malformed) -> Result<Option<Millis>, JsValue> {
        let reason = Reason { code: "malformed", detail: malformed };
        let letter = self.letter(reason, None).of_malformed();
        let again = self.bury(js::send_malformed, &letter).await;
        if again.is_none() {
            js::log_line(&log::malformed(&self.consumer.queue, malformed));
        }
        Ok(again)
    }

    fn letter(&self, reason: Reason, status: Option<u16>) -> DeadLetter<'_> {
        let attempts = self.attempt.number;
        DeadLetter { reason, status, queue: &self.consumer.queue, message_id: &self.id, attempts }
    }

    /// Hands a letter over; where that fails, the message comes again.
    async fn bury(&self, send: Send, letter: &str) -> Option<Millis> {
        let error = match config::dead_letters(&self.consumer.env) {
            Some(queue) => {
                let sent = send(&queue, self.message, letter);
                js::wait::<JsValue>(sent).await.err()?
            }
            None => NO_BINDING.into(),
        };
        super::log_error(&error);
        Some(delay(self.attempt.number))
    }
}

type Send = fn(&QueueProducer, &QueueMessage, &str) -> Result<Promise, JsValue>;

const NO_BINDING: &str = "a message cannot be settled without the binding DEAD_LETTERS; bind a queue to it in wrangler.toml, as docs/QUEUES.md says";
const NO_REQUEST: Malformed = "the platform takes no such request; mend the method, the path, the names and values of the headers, or the realm";
const OWN_PATH: Malformed =
    "path is one of the guard's own, which never reach the origin; write one without /.onlyonce/";

/// Whether a realm can stand in a URL.
fn is_host(realm: &str) -> bool {
    realm.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
}

/// Nobody reads the answer: it gives its connection back.
async fn let_go(response: &Response) {
    if let Some(Ok(chunks)) = response.body().as_ref().map(Chunks::of) {
        pass_on(None, ReadAhead { body: Gathered::default(), rest: Some(chunks) }).await;
    }
}

/// Seconds, or a date (RFC 9110 section 10.2.3).
fn retry_after(response: &Response) -> Option<Millis> {
    let text = response.headers().get("retry-after").ok().flatten()?;
    match from_decimal(&text) {
        Some(seconds) => Some(Millis::seconds(seconds)),
        None => {
            // What is no date at all reads as 1970.
            let at = UnixMillis(js_sys::Date::parse(&text) as u64);
            Some(at.since(js::now()))
        }
    }
}
