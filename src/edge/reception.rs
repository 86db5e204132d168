//! An answer of the origin, from its first byte to its last.
//!
//! 1. What is kept is stored before anybody sees it, the first caller included.
//! 2. What is too large or endless is marked as not kept, and then handed on as it comes.
//! 3. What says "not processed" frees the key and is stored nowhere.

use super::answer_keeper::{Keeper, Kept, TooMuch};
use super::answers;
use super::body::{Chunks, Gathered, Pipe, ReadAhead, pass_on};
use super::instance::{News, Released};
use super::js::{self, Said};
use super::key_object::KeyObject;
use super::origin_call::{Caller, Order, lost};
use super::responses;
use super::timer::within;
use crate::guard::bytes::from_decimal;
use crate::guard::machine::{Event, Transition};
use crate::guard::origin::{OriginVerdict, origin_verdict};
use crate::guard::policy::KvWrite;
use crate::guard::record::{Answer, Body, Claim, INLINE_LIMIT, Record};
use crate::guard::replay::{for_retries, is_less_for_retries, keepable_headers};
use crate::guard::rpc::{Delivery, ResponseHead, SubmitResult};
use crate::guard::time::Millis;
use js_sys::Uint8Array;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use wasm_bindgen::JsValue;
use web_sys::Response;

pub struct Reception {
    pub object: Rc<KeyObject>,
    pub order: Order,
    pub caller: Caller,
}

impl Reception {
    pub async fn receive(self, response: Response) {
        let (status, headers) = js::status_and_headers(&response);
        let header = |name: &str| value(&headers, name);
        let verdict = origin_verdict(&self.order.settings.release, status, header);
        let promised = promised_length(header);
        let Some(answer) = self.answer(status, headers) else {
            return lost(&self.object, &self.order);
        };
        match verdict {
            OriginVerdict::NotProcessed => self.release(response, answer).await,
            _ => self.keep(response, answer, promised, verdict).await,
        }
    }

    /// Status and headers; nothing where they cannot be shown to anybody.
    fn answer(&self, status: u16, headers: Vec<(String, String)>) -> Option<Answer> {
        let status = Some(status).filter(|status| (200..600).contains(status))?;
        let mut headers = keepable_headers(headers);
        let base = self.order.config.origin.as_ref();
        for (_, value) in headers.iter_mut().filter(|(name, _)| name == "location") {
            let public =
                base.and_then(|base| base.rewrite_location(value, &self.order.public_base));
            *value = public.unwrap_or_else(|| value.clone());
        }
        let answered_at = js::now();
        let origin_time = answered_at.since(self.order.started);
        Some(Answer { status, headers, answered_at, origin_time, body: Body::NotKept })
    }

    async fn keep(
        self,
        response: Response,
        answer: Answer,
        promised: Option<u64>,
        verdict: OriginVerdict,
    ) {
        let keeper = Keeper::new(&self.object.store, &self.order);
        let kept = keeper.keep(&response, &answer, promised).await;
        match kept {
            Kept::Whole(body) => self.done(Answer { body, ..answer }, verdict).await,
            Kept::BrokeOff => lost(&self.object, &self.order),
            Kept::TooMuch(rest) => self.hand_on(answer, verdict, rest).await,
        }
    }

    /// The answer is stored, then shown, then copied.
    async fn done(self, answer: Answer, verdict: OriginVerdict) {
        let is_less = is_less_for_retries(&answer, self.order.settings.replay_set_cookie);
        let whole = is_less.then(|| answer.clone());
        let Some(record) = self.store(answer, verdict) else { return };
        let first = whole.map(|answer| record.clone().with_answer(answer));
        let (object, id) = (self.object.clone(), self.order.record.clone());
        let copies = self.order.settings.kv_write == KvWrite::Always;
        self.tell(answers::stored(&object, first.as_ref().unwrap_or(&record), Delivery::First));
        if copies {
            responses::write_copy(object, id, record).await;
        }
    }

    /// Stores the answer; nothing where it did not become the record's.
    fn store(&self, answer: Answer, verdict: OriginVerdict) -> Option<Record> {
        let kept = for_retries(answer, self.order.settings.replay_set_cookie);
        let record = self.conclude(verdict, kept.clone(), &News::LookAgain)?.record;
        (record.answer() == Some(&kept)).then_some(record)
    }

    fn conclude(&self, verdict: OriginVerdict, answer: Answer, news: &News) -> Option<Transition> {
        let Claim { id, attempt, .. } = self.order.claim.clone();
        let event = Event::Answered { claim: id, attempt, verdict, answer };
        self.object.conclude(attempt, event, news)
    }

    /// A caller that hung up is not there to be told; its retry finds the record.
    fn tell(self, answer: Result<Said, JsValue>) -> bool {
        self.caller.send(answer)
    }

    /// A retry will be told that the answer was not kept; the first caller gets it as it comes.
    fn hand_on(
        self,
        answer: Answer,
        verdict: OriginVerdict,
        rest: TooMuch,
    ) -> impl Future<Output = ()> + use<> {
        let object = self.object.clone();
        let result = SubmitResult::NotKept { passed: ResponseHead::of(&answer) };
        let origin_time = answer.origin_time;
        let record = self.store(answer, verdict);
        let pipe = record.and_then(|record| self.stream(result, &record, origin_time));
        rest.hand_on(&object.store, pipe)
    }

    /// The status alone says that nothing was done. The body is waited for only a moment, so that
    /// those who wait under the same credential may share it.
    async fn release(self, response: Response, answer: Answer) {
        let mut reading = pin!(ReadAhead::of(&response));
        match within(SHARING_PATIENCE, reading.as_mut()).await {
            Some(ReadAhead { mut body, rest: None }) => self.share(answer, body.join()),
            Some(read) => self.release_alone(answer, read).await,
            None if self.free(&answer, &News::LookAgain) => {
                let read = reading.await;
                pass_on(self.released_pipe(&answer), read).await;
            }
            None => {}
        }
    }

    /// Whether the key is free now. An earlier attempt's outcome outlasts this answer.
    fn free(&self, answer: &Answer, news: &News) -> bool {
        let step = self.conclude(OriginVerdict::NotProcessed, answer.clone(), news);
        step.is_some_and(|step| step.record == Record::Vacant)
    }

    fn share(self, answer: Answer, body: Uint8Array) {
        let credential = self.order.claim.credential.clone();
        let replay_set_cookie = self.order.settings.replay_set_cookie;
        let released = Rc::new(Released { answer, body, credential, replay_set_cookie });
        if self.free(&released.answer, &News::Released(released.clone())) {
            self.tell(Ok(answers::released(&released, false)));
        }
    }

    fn release_alone(self, answer: Answer, read: ReadAhead) -> impl Future<Output = ()> + use<> {
        let freed = self.free(&answer, &News::LookAgain);
        pass_on(if freed { self.released_pipe(&answer) } else { None }, read)
    }

    /// Through which the caller gets the body, where it is still there.
    fn released_pipe(self, answer: &Answer) -> Option<Pipe> {
        let verdict = SubmitResult::Released { shared: false, passed: ResponseHead::of(answer) };
        self.stream(verdict, &Record::Vacant, answer.origin_time)
    }

    /// Tells the caller, and gives the pipe to its body where it is still there.
    fn stream(self, verdict: SubmitResult, record: &Record, origin_time: Millis) -> Option<Pipe> {
        let pipe = Pipe::of_any_length().ok()?;
        self.tell(Ok(answers::say(verdict, record, origin_time, &pipe.readable))).then_some(pipe)
    }
}

/// A header of the origin's answer.
fn value(headers: &[(String, String)], name: &str) -> Option<String> {
    headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
}

/// The body's length where the origin promised one and the platform did not decode it.
fn promised_length(header: impl Fn(&str) -> Option<String>) -> Option<u64> {
    match header("content-encoding") {
        Some(_) => None,
        None => from_decimal(&header("content-length")?),
    }
}

/// How long those who wait are kept waiting for the body of an answer that frees their key.
const SHARING_PATIENCE: Millis = Millis::seconds(1);

impl ReadAhead {
    /// A body that breaks off is left out: what it says was said by the status.
    async fn of(response: &Response) -> Self {
        Self::read(response).await.unwrap_or(Self { body: Gathered::default(), rest: None })
    }

    async fn read(response: &Response) -> Result<Self, JsValue> {
        let mut body = Gathered::default();
        let Some(stream) = response.body() else { return Ok(Self { body, rest: None }) };
        let mut chunks = Chunks::of(&stream)?;
        while let Some(chunk) = chunks.next().await? {
            body.push(chunk);
            if body.length > INLINE_LIMIT as u64 {
                return Ok(Self { body, rest: Some(chunks) });
            }
        }
        Ok(Self { body, rest: None })
    }
}
