//! An answer of the origin, from its first byte to its last.
//!
//! 1. A call ends in exactly one [`Event`], which is stored before anybody sees what it says, the first
//!    caller included.
//! 2. What is too large or endless is marked as not kept, and then handed on as it comes.
//! 3. What says "not processed" frees the key and is stored nowhere.

use super::super::object_client::RpcReply;
use super::super::platform::streams::{Chunks, Pipe, ReadAhead};
use super::super::platform::timeout::within;
use super::super::platform::{digits, now};
use super::body_recorder::{BodyRecorder, Recorded, TooMuch};
use super::context::ObjectContext;
use super::copy_writer::write_copy;
use super::in_memory::{Released, Wakeup};
use super::origin_request::OriginRequest;
use super::reply;
use crate::guard::machine::{Event, Transition};
use crate::guard::origin::{OriginVerdict, origin_verdict};
use crate::guard::policy::KvWrite;
use crate::guard::record::{Answer, Body, Claim, INLINE_LIMIT, Record};
use crate::guard::replay::{for_retries, is_less_for_retries, keepable_headers};
use crate::guard::rpc::{Delivery, ResponseHead, SubmitResult};
use crate::guard::time::Millis;
use futures_channel::oneshot;
use js_sys::Uint8Array;
use js_sys::futures::JsFuture;
use std::pin::pin;
use std::rc::Rc;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Response;

/// Wakes the one whose request was sent. Dropped without a word, it says: look at the record.
pub type LeaderSender = oneshot::Sender<Result<RpcReply, JsValue>>;

/// How long those who wait are kept waiting for the body of an answer that frees their key.
const SHARING_PATIENCE: Millis = Millis::seconds(1);

/// Sees to all that follows from a request that was sent.
pub async fn receive(context: Rc<ObjectContext>, request: OriginRequest, leader: LeaderSender) {
    let sent = match &request.sent {
        Ok(sent) => JsFuture::from(sent.clone()),
        Err(_) => return not_sent(&context, &request, leader),
    };
    match sent.await {
        Ok(response) => {
            OriginResponse { context, request, leader }.receive(response.unchecked_into()).await;
        }
        // The leader is not told here: it looks at the record, which says that nobody knows.
        Err(_) => lost(&context, &request),
    }
}

fn not_sent(context: &ObjectContext, request: &OriginRequest, leader: LeaderSender) {
    let Claim { id, attempt, .. } = request.claim.clone();
    let event = Event::NotSent { claim: id, attempt };
    context.finish_origin_request(&request.record, attempt, event, &Wakeup::LookAgain);
    let detail = "the request could not be sent to the origin; nothing was carried out";
    // A leader that gave up has nothing to learn from this.
    let _ = leader.send(Ok(reply::unavailable(detail)));
}

/// The connection broke, or the answer did.
fn lost(context: &ObjectContext, request: &OriginRequest) {
    let Claim { id, attempt, .. } = request.claim.clone();
    let event = Event::Failed { claim: id, attempt };
    context.finish_origin_request(&request.record, attempt, event, &Wakeup::LookAgain);
}

struct OriginResponse {
    context: Rc<ObjectContext>,
    request: OriginRequest,
    leader: LeaderSender,
}

impl OriginResponse {
    async fn receive(mut self, response: Response) {
        // The headers are there: the connection no longer counts as waiting for them.
        self.request.place.release();
        self.context.memory.headers_came(&self.request.record, self.request.claim.attempt);
        let (status, headers) = (response.status(), headers_of(&response));
        let header = |name: &str| value(&headers, name);
        let verdict = origin_verdict(&self.request.settings.release, status, header);
        let promised = promised_length(header);
        let Some(answer) = self.answer(status, headers) else {
            return lost(&self.context, &self.request);
        };
        match verdict {
            OriginVerdict::NotProcessed => self.release(response, answer).await,
            _ => self.keep(response, answer, promised, verdict).await,
        }
    }

    /// Status and headers. Returns `None` if they cannot be shown to anybody.
    fn answer(&self, status: u16, headers: Vec<(String, String)>) -> Option<Answer> {
        let status = Some(status).filter(|status| (200..600).contains(status))?;
        let mut headers = keepable_headers(headers);
        let origin = self.request.config.origin.as_ref();
        for (_, value) in headers.iter_mut().filter(|(name, _)| name == "location") {
            let public =
                origin.and_then(|origin| origin.rewrite_location(value, &self.request.public_base));
            *value = public.unwrap_or_else(|| value.clone());
        }
        let answered_at = now();
        let origin_time = answered_at.since(self.request.started);
        Some(Answer { status, headers, answered_at, origin_time, body: Body::NotKept })
    }

    async fn keep(
        self,
        response: Response,
        answer: Answer,
        promised: Option<u64>,
        verdict: OriginVerdict,
    ) {
        let recorder = BodyRecorder::new(&self.context.store, &self.request);
        match recorder.record(&response, &answer, promised).await {
            Recorded::Whole(body) => self.done(Answer { body, ..answer }, verdict).await,
            Recorded::BrokeOff => lost(&self.context, &self.request),
            Recorded::TooMuch(rest) => self.hand_on(answer, verdict, rest).await,
        }
    }

    /// The answer is stored, then shown, then copied.
    async fn done(self, answer: Answer, verdict: OriginVerdict) {
        let is_less = is_less_for_retries(&answer, self.request.settings.replay_set_cookie);
        let whole = is_less.then(|| answer.clone());
        let Some(record) = self.store(answer, verdict) else { return };
        let first = whole.map(|answer| record.clone().with_answer(answer));
        let (context, id) = (self.context.clone(), self.request.record);
        let claim = self.request.claim.id;
        let copies = self.request.settings.kv_write == KvWrite::Always;
        let shown = first.as_ref().unwrap_or(&record);
        // A leader that hung up is not there to be told; its retry finds the record.
        let _ = self.leader.send(reply::stored(&context, &id, shown, Delivery::First));
        if copies {
            write_copy(context, id, claim).await;
        }
    }

    /// Stores the answer. Returns `None` if it did not become the record's.
    fn store(&self, answer: Answer, verdict: OriginVerdict) -> Option<Record> {
        let kept = for_retries(answer, self.request.settings.replay_set_cookie);
        let record = self.finish(verdict, kept.clone(), &Wakeup::LookAgain)?.record;
        (record.answer() == Some(&kept)).then_some(record)
    }

    fn finish(
        &self,
        verdict: OriginVerdict,
        answer: Answer,
        wakeup: &Wakeup,
    ) -> Option<Transition> {
        let Claim { id, attempt, .. } = self.request.claim.clone();
        let event = Event::Answered { claim: id, attempt, verdict, answer };
        self.context.finish_origin_request(&self.request.record, attempt, event, wakeup)
    }

    /// A retry will be told that the answer was not kept; the first caller gets it as it comes.
    async fn hand_on(self, answer: Answer, verdict: OriginVerdict, rest: TooMuch) {
        let context = self.context.clone();
        let result = SubmitResult::NotKept { head: ResponseHead::of(&answer) };
        let origin_time = answer.origin_time;
        let record = self.store(answer, verdict);
        let pipe = record.and_then(|record| self.stream(result, &record, origin_time));
        rest.pass_on(&context.store, pipe).await;
    }

    /// The status alone says that nothing was done. The body is waited for only a moment, so that
    /// those who wait under the same credential may share it.
    async fn release(self, response: Response, answer: Answer) {
        let mut reading = pin!(read_ahead(&response));
        match within(SHARING_PATIENCE, reading.as_mut()).await {
            Some(ReadAhead { mut begun, rest: None }) => self.share(answer, begun.take()),
            Some(read) => {
                let pipe = self.free(&answer, &Wakeup::LookAgain).then(|| self.pipe(&answer));
                pass_on(pipe.flatten(), read).await;
            }
            None if self.free(&answer, &Wakeup::LookAgain) => {
                let pipe = self.pipe(&answer);
                pass_on(pipe, reading.await).await;
            }
            None => {}
        }
    }

    /// Whether the key is free now. An earlier attempt's outcome outlasts this answer.
    fn free(&self, answer: &Answer, wakeup: &Wakeup) -> bool {
        let transition = self.finish(OriginVerdict::NotProcessed, answer.clone(), wakeup);
        transition.is_some_and(|transition| transition.record == Record::Vacant)
    }

    fn share(self, answer: Answer, body: Uint8Array) {
        let credential = self.request.claim.credential.clone();
        let replay_set_cookie = self.request.settings.replay_set_cookie;
        let released = Rc::new(Released { answer, body, credential, replay_set_cookie });
        if self.free(&released.answer, &Wakeup::Released(released.clone())) {
            let _ = self.leader.send(Ok(reply::released(&released, false)));
        }
    }

    /// Through which the leader gets the body of an answer that frees the key.
    fn pipe(self, answer: &Answer) -> Option<Pipe> {
        let result = SubmitResult::Released { shared: false, head: ResponseHead::of(answer) };
        self.stream(result, &Record::Vacant, answer.origin_time)
    }

    /// Tells the leader, and returns the pipe to its body where it is still there.
    fn stream(self, result: SubmitResult, record: &Record, origin_time: Millis) -> Option<Pipe> {
        let pipe = Pipe::of_any_length().ok()?;
        let reply = reply::reply(result, record, origin_time, &pipe.readable);
        self.leader.send(Ok(reply)).ok().map(|()| pipe)
    }
}

async fn pass_on(pipe: Option<Pipe>, read: ReadAhead) {
    match pipe {
        Some(pipe) => pipe.pass_on(read).await,
        None => read.discard().await,
    }
}

/// All headers of a response, names in lower case; repeated `Set-Cookie` lines stay apart.
fn headers_of(response: &Response) -> Vec<(String, String)> {
    let entries = response.headers().entries();
    entries
        .into_iter()
        .filter_map(|entry| {
            let pair: js_sys::Array = entry.ok()?.unchecked_into();
            Some((pair.get(0).as_string()?, pair.get(1).as_string()?))
        })
        .collect()
}

/// A header of the origin's answer.
fn value(headers: &[(String, String)], name: &str) -> Option<String> {
    headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
}

/// The body's length where the origin promised one and the platform did not decode it.
fn promised_length(header: impl Fn(&str) -> Option<String>) -> Option<u64> {
    match header("content-encoding") {
        Some(_) => None,
        None => digits(&header("content-length")?),
    }
}

/// The body up to what may be shared. One that breaks off is left out: what it says was said by the
/// status.
async fn read_ahead(response: &Response) -> ReadAhead {
    try_read_ahead(response).await.unwrap_or_default()
}

async fn try_read_ahead(response: &Response) -> Result<ReadAhead, JsValue> {
    let mut read = ReadAhead::default();
    let Some(stream) = response.body() else { return Ok(read) };
    let mut chunks = Chunks::of(stream)?;
    while let Some(chunk) = chunks.next().await? {
        read.begun.push(chunk);
        if read.begun.length > INLINE_LIMIT as u64 {
            read.rest = Some(chunks);
            return Ok(read);
        }
    }
    Ok(read)
}
